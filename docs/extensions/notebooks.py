"""The tutorials as notebooks without outputs, beside their pages."""

from pathlib import Path

import jupytext
from sphinx.application import Sphinx

LINK = '\n\n# %% [markdown]\n# <a href="{name}.ipynb" download>Download this tutorial as a notebook</a>\n'


def offer_notebook(_app: Sphinx, name: str, source: list[str]) -> None:
    """Add a link to the notebook below a tutorial."""
    if name.startswith("tutorials/"):
        source[0] += LINK.format(name=Path(name).name)


def write_notebooks(app: Sphinx, error: Exception | None) -> None:
    """Write the notebooks beside the pages of the tutorials."""
    for script in sorted((Path(app.srcdir) / "tutorials").glob("*.py")) if error is None else ():
        jupytext.write(jupytext.read(script), Path(app.outdir) / "tutorials" / f"{script.stem}.ipynb")


def setup(app: Sphinx) -> dict[str, bool]:
    """Write the notebooks after the pages."""
    app.connect("source-read", offer_notebook)
    app.connect("build-finished", write_notebooks)
    return {"parallel_read_safe": True}
