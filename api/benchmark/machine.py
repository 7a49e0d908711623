"""What a benchmark ran on: the processor, its cores, and the versions of the libraries."""

import os
import platform
import subprocess
import sys
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

LIBRARIES = (
    "numpy",
    "onnxruntime",
    "orjson",
    "fastapi",
    "starlette",
    "uvicorn",
    "uvloop",
    "httptools",
    "keras",
    "tensorflow",
)
ALTERNATIVES = ("litserve", "bentoml", "mlserver", "onnxruntime")
ASK = "import sys; from importlib.metadata import version; print(version(sys.argv[1]))"


def describe_machine(python: str) -> dict[str, str]:
    """Return the processor, the cores, and the versions here and, for the alternatives, of another interpreter."""
    facts = {"processor": _find_processor(), "cores": str(os.cpu_count()), "Python": platform.python_version()}
    for library in LIBRARIES:
        facts[library] = _find_version(library)
    for library in ALTERNATIVES[: len(ALTERNATIVES) if python != sys.executable else -1]:
        done = subprocess.run([python, "-c", ASK, library], capture_output=True, text=True, check=False)  # noqa: S603
        name = f"{library} of the alternatives" if library in LIBRARIES else library
        facts[name] = done.stdout.strip() or "not installed"
    return facts


def _find_processor() -> str:
    cpuinfo = Path("/proc/cpuinfo")
    names = (
        [line for line in cpuinfo.read_text().splitlines() if line.startswith("model name")] if cpuinfo.exists() else []
    )
    return names[0].partition(":")[2].strip() if names else platform.processor() or platform.machine()


def _find_version(library: str) -> str:
    try:
        return version(library)
    except PackageNotFoundError:
        return "not installed"
