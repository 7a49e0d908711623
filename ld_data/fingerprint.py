"""The fingerprint of this installation: where two are equal, floating-point results are equal bit for bit."""

import platform
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import numpy as np
from threadpoolctl import threadpool_info

LIBRARIES = ("numpy", "scipy", "onnxruntime")  # that compute arrays and draws
TOLERANCE = 1e-3  # of draws with a noise of std 0.05 or more; other processors differed by up to 4.1e-5 in x, not in y


def read_fingerprint() -> dict[str, str]:
    """Return the versions of the libraries, the level of the processor, and the kernel of the linear algebra.

    `cpu` lists the groups of instructions that numpy uses, for example `x86_64 X86_V2 X86_V3 X86_V4`, and `blas` for
    example `openblas 0.3.31 SkylakeX`. A library that is not installed is left out.
    """
    configuration = np.show_config(mode="dicts")
    groups = configuration["SIMD Extensions"]
    kernel = _find_kernel()
    name = kernel.get("internal_api") or configuration["Build Dependencies"]["blas"]["name"]
    return {
        **find_versions(LIBRARIES),
        "cpu": " ".join([platform.machine(), *groups.get("baseline", ()), *groups.get("found", ())]),
        "blas": " ".join([name, *(kernel[part] for part in ("version", "architecture") if kernel.get(part))]),
    }


def describe_fingerprint() -> str:
    """Return the fingerprint as one line."""
    return ", ".join(f"{part} {fact}" for part, fact in read_fingerprint().items())


def _find_kernel() -> dict[str, Any]:
    """Return what is known of numpy's linear algebra: others are loaded, too, in an order that differs."""
    kernels = [pool for pool in threadpool_info() if pool["user_api"] == "blas"]
    own = [pool for pool in kernels if {"numpy", "numpy.libs"} & set(Path(pool.get("filepath", "")).parts)]
    return next(iter(own or kernels), {})


@cache
def find_versions(libraries: tuple[str, ...]) -> dict[str, str]:
    """Return the version of each of these libraries that is installed."""
    versions = {}
    for library in libraries:
        try:
            versions[library] = version(library)
        except PackageNotFoundError:
            continue
    return versions
