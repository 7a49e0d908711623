"""A folder that a service of LD-Data or any web server serves, for reading alone."""

from dataclasses import dataclass
from io import BufferedIOBase, BytesIO
from urllib.parse import urlsplit

from ld_data.errors import DownloadError
from ld_data.release.address import ABSENT, RELEASE_PATH, join_address
from ld_data.remote.transfer import fetch_bytes
from ld_data.storage.arrays import MAX_ARRAY_BYTES


@dataclass(frozen=True)
class WebFolder:
    """A folder by the address of a release of a service, or of a folder with a plan.json."""

    address: str

    def __str__(self) -> str:
        """Return the address."""
        return self.address

    def open(self, name: str, most_bytes: int = MAX_ARRAY_BYTES) -> BufferedIOBase:
        """Return the content of a file."""
        is_service = RELEASE_PATH.search(urlsplit(self.address).path)
        folder = join_address(self.address, "files") if is_service else self.address
        try:
            return BytesIO(fetch_bytes(join_address(folder, name), most_bytes))
        except DownloadError as error:
            if error.status in ABSENT:
                raise FileNotFoundError(f"there is no {name} at {self.address}") from error
            raise
