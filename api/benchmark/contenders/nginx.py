"""nginx beside the service: the same file, from the same disk."""

import os
import shutil
from pathlib import Path

from api.benchmark.contenders.processes import Program
from api.benchmark.http import make_request
from ld_data.errors import StartError

FILE = "data.npz"
CONFIGURATION = """{user}
daemon off;
worker_processes 1;
pid {scratch}/nginx.pid;
error_log {scratch}/nginx.log;
events {{ }}
http {{
    access_log off;
    sendfile on;
    tcp_nopush on;
    client_body_temp_path {scratch};
    proxy_temp_path {scratch};
    fastcgi_temp_path {scratch};
    uwsgi_temp_path {scratch};
    scgi_temp_path {scratch};
    keepalive_requests 1000000;
    server {{
        listen 127.0.0.1:{port};
        location /files/ {{ alias {folder}/; }}
    }}
}}
"""


def make_nginx(folder: Path, scratch: Path) -> Program:
    """Return how nginx serves the files of a release; raises `StartError` where it is not installed."""
    nginx = shutil.which("nginx", path=f"{os.environ.get('PATH', '')}:/usr/sbin")
    if nginx is None:
        raise StartError("not installed")
    user = "user root;" if os.geteuid() == 0 else ""  # else its workers may not read what root may

    def write(port: int) -> list[str]:
        path = scratch / "nginx.conf"
        path.write_text(CONFIGURATION.format(user=user, scratch=scratch, port=port, folder=folder.resolve()))
        return [nginx, "-c", str(path)]

    return Program(write, make_request(f"/files/{FILE}"))


def ask_service(release: str) -> bytes:
    """Return the request for the file of a release to the service."""
    return make_request(f"/v1/datasets/{release}/files/{FILE}")
