"""Libraries that only some installations have, and the extras of `pip install` that bring them."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from importlib.metadata import PackageNotFoundError, distribution
from importlib.util import find_spec
from typing import Any
from urllib.parse import unquote, urlsplit

from ld_data.errors import MissingLibraryError

LIBRARIES = {  # of each extra, named as they are imported
    "cloud": "obstore",
    "cluster": "dask distributed",
    "codec": "onnxruntime",
    "formats": "pandas pyarrow safetensors",
    "plots": "matplotlib",
    "serve": "PIL alembic fastapi orjson prometheus_client pydantic sqlalchemy starlette uvicorn",
    "sklearn": "sklearn",
    "studies": "jax",
    "train": "keras onnx tensorflow tf2onnx",
}
EXTRAS = {library: extra for extra, libraries in LIBRARIES.items() for library in libraries.split()}
OTHERS = ("torch", "mnist1d")  # in no extra


@contextmanager
def name_missing() -> Iterator[None]:
    """Import libraries in this block; raise `MissingLibraryError` that says what to install if one is missing."""
    try:
        yield
    except ModuleNotFoundError as error:
        if (explanation := explain_missing(error)) is None:
            raise
        raise explanation from None


def import_library(name: str) -> Any:
    """Return a library that not every installation has, imported on its first use; raises as `name_missing`."""
    with name_missing():
        return import_module(name)


def check_libraries(*libraries: str) -> None:
    """Raise `MissingLibraryError` that says what to install if a library is missing; none is imported."""
    with name_missing():
        for library in libraries:
            if find_spec(library) is None:
                raise ModuleNotFoundError(f"No module named {library!r}", name=library)


def list_libraries(*extras: str) -> list[str]:
    """Return the libraries of these extras, named as they are imported."""
    return [library for extra in extras for library in LIBRARIES[extra].split()]


def explain_missing(error: ModuleNotFoundError) -> MissingLibraryError | None:
    """Return an error that says what to install; None for a module that is in no extra."""
    library = (error.name or "").partition(".")[0]
    if library in OTHERS:
        remedy = f"which LD-Data does not bring. Install it with `pip install {library}`."
    elif library in EXTRAS:
        extra = EXTRAS[library]
        remedy = f"which the extra {extra} brings: {describe_installation(extra)}."
    else:
        return None
    return MissingLibraryError(f"this needs {library}, {remedy}", name=error.name)


def describe_installation(extra: str) -> str:
    """Return the command that adds an extra to the installation that runs, editable or not, and its place."""
    try:
        origin = json.loads(distribution("ld-data").read_text("direct_url.json") or "{}")
    except PackageNotFoundError:
        origin = {}
    if not origin.get("dir_info", {}).get("editable"):
        return f'`pip install ".[{extra}]"` in the folder of LD-Data'
    return f'`pip install -e ".[{extra}]"` in {unquote(urlsplit(origin["url"]).path)}'
