"""The fingerprint of a machine: within one, floating-point results are equal bit for bit."""

import os
import platform
from importlib.metadata import PackageNotFoundError, version
from typing import Any

import numpy as np

LIBRARIES = ("numpy", "onnxruntime")  # the libraries that compute latents
KERNEL_VARIABLE = "OPENBLAS_CORETYPE"


def describe_fingerprint() -> str:
    """Return the versions of the libraries that compute latents, the BLAS and its kernel, and the level of the CPU."""
    config: dict[str, Any] = np.show_config(mode="dicts")  # type: ignore[assignment]  # None for the other mode
    blas = config["Build Dependencies"]["blas"]
    simd = config.get("SIMD Extensions", {})
    level = [*simd.get("baseline", []), *simd.get("found", [])]
    parts = [f"{library} {found}" for library in LIBRARIES if (found := _find_version(library))]
    parts += [f"{blas.get('name')} {blas.get('version')}", f"kernel {os.environ.get(KERNEL_VARIABLE, 'of the CPU')}"]
    return ", ".join([*parts, f"{platform.machine()} {' '.join(level)}"])


def _find_version(library: str) -> str:
    try:
        return version(library)
    except PackageNotFoundError:
        return ""
