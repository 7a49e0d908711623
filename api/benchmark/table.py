"""The results as Markdown for a terminal and for the manual: the machine, and tables."""

import os
import platform
import subprocess
import sys
from pathlib import Path

from tabulate import tabulate

from api.benchmark.suite import Results

SERVING = ("numpy", "onnxruntime", "orjson", "fastapi", "starlette", "uvicorn", "uvloop", "httptools")
ALTERNATIVES = ("litserve", "bentoml", "mlserver")
ASK = """import sys
from importlib.metadata import distributions
found = {one.name.lower(): one.version for one in distributions()}
print(*(found.get(name, "missing") for name in sys.argv[1:]))"""
HEAD = (
    "rows a request x connections",
    "requests a second",
    "p50 ms",
    "p99 ms",
    "processor us",
    "of bare",
    "service, times",
)


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


def describe(results: Results, machine: dict[str, str]) -> str:
    """Return all results.

    The last columns say how many times the processor time of bare uvicorn a part takes, and how many times as fast as
    the part the service is.
    """
    libraries = ", ".join(f"{name} {value}" for name, value in list(machine.items())[2:])
    parts = [f"{machine['processor']}, {machine['cores']} cores; {libraries}."]
    samples = []
    for name, one in results.samples.items():
        others = results.multiples.get(name, 0.0), results.ratios.get(name, 0.0)
        samples.append([name, *map(_round, (one.rate, 1e3 * one.p50, 1e3 * one.p99, 1e6 * one.work, *others))])
    figures = [[name, _round(value) or "0"] for name, value in results.figures.items()]
    for lines, head in (samples, HEAD), (figures, ("figure", "value")):
        if lines:
            parts.append(tabulate(lines, head, "github", disable_numparse=True))
    failures = {name: sample.failures for name, sample in results.samples.items() if sample.failures}
    missing = [f"- {name}: {reason}." for name, reason in results.missing.items()]
    missing += [f"- {name}: {count} requests were not answered 200." for name, count in failures.items()]
    return "\n\n".join([*parts, *(["\n".join(missing)] if missing else [])])


def _find_versions(python: str, *libraries: str) -> dict[str, str]:
    done = subprocess.run([python, "-c", ASK, *libraries], capture_output=True, text=True, check=False)  # noqa: S603
    return dict(zip(libraries, done.stdout.split() or ["unknown"] * len(libraries), strict=True))


def _round(value: float) -> str:
    """Return three digits or, of 100 and more, all before the point; an empty text for 0."""
    return (f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}") if value else ""
