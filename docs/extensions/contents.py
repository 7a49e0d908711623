"""The contents of the site: a section for each table of pages in index.md, whose headings are the sections' names."""

import re
from collections.abc import Callable
from functools import cache
from typing import Any

from sphinx.application import Sphinx

SECTIONS = ("Tutorials", "How-to", "Reference", "Explanation")
PAGE = re.compile(r"^\| \[[^]]+\]\(([\w/]+)\.(?:md|py)\)", re.MULTILINE)
GENERATED = {"Reference": ["reference/python", "reference/programs", "reference/routes"]}
PAGES = {"rules": "rules/*"}  # pages with pages below them
TREES: dict[str, Callable[..., str]] = {}  # of contents, by the folder of a page
TREE = "\n```{{toctree}}\n:hidden:\n{options}\n{pages}\n```\n"


def write_tree(pages: list[str], options: str) -> str:
    """Return a hidden list of pages for Sphinx."""
    return TREE.format(options=options, pages="\n".join(pages))


def list_pages(text: str, section: str) -> list[str]:
    """Return the pages in the table below a heading."""
    return PAGE.findall(text.partition(f"\n## {section}\n")[2].partition("\n## ")[0])


def add_contents(_app: Sphinx, name: str, source: list[str]) -> None:
    """Add the hidden lists to a page as Sphinx reads it; GitHub shows the tables alone."""
    if name == "index":
        for section in SECTIONS:
            pages = [*list_pages(source[0], section), *GENERATED.get(section, ())]
            source[0] += write_tree(pages, f":caption: {section}\n")
        source[0] += write_tree(["project/README", "project/CONTRIBUTING", "project/CHANGELOG"], ":caption: Project\n")
    elif name in PAGES:
        source[0] += write_tree([PAGES[name]], ":glob:\n")


def share_tree(_app: Sphinx, name: str, _template: str, context: dict[str, Any], _page: object) -> None:
    """Let the pages of code in one folder share its tree of contents, which takes as long as the rest of a page."""
    if name.startswith(("source/", "_modules/")):  # in no list, so that none is marked in the tree
        context["toctree"] = TREES.setdefault(name.rpartition("/")[0], cache(context["toctree"]))


def setup(app: Sphinx) -> dict[str, bool]:
    """Add the lists whenever Sphinx reads a page, and share trees before the theme makes one."""
    app.connect("source-read", add_contents)
    app.connect("html-page-context", share_tree, priority=100)
    return {"parallel_read_safe": True}
