"""The machine of a benchmark: its processor, its cores, and the versions of the libraries."""

import os
import platform
import subprocess
import sys
from pathlib import Path

SERVING = ("numpy", "onnxruntime", "orjson", "fastapi", "starlette", "uvicorn", "uvloop", "httptools")
ALTERNATIVES = ("litserve", "bentoml", "mlserver")
ASK = """import sys
from importlib.metadata import distributions
found = {one.name.lower(): one.version for one in distributions()}
print(*(found.get(name, "missing") for name in sys.argv[1:]))"""


def describe_machine(python: str) -> dict[str, str]:
    """Return the processor, the cores, and the library versions, those of the alternatives from their interpreter."""
    cpuinfo = Path("/proc/cpuinfo")
    lines = cpuinfo.read_text().splitlines() if cpuinfo.exists() else []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return {
        "processor": names[0] if names else platform.processor() or platform.machine(),
        "cores": str(os.cpu_count()),
        "Python": platform.python_version(),
        **_find_versions(sys.executable, *SERVING, "keras", "tensorflow"),
        **_find_versions(python, *ALTERNATIVES),
    }


def _find_versions(python: str, *libraries: str) -> dict[str, str]:
    done = subprocess.run([python, "-c", ASK, *libraries], capture_output=True, text=True, check=False)  # noqa: S603
    return dict(zip(libraries, done.stdout.split() or ["unknown"] * len(libraries), strict=True))
