"""Links that lead out of docs/: on GitHub to files and folders, on the site to pages that show these."""

import ast
import os
import re
from collections.abc import Iterator
from pathlib import Path

from sphinx.application import Sphinx

LINK = re.compile(r"\]\((?!\w+:|#)([^)#\s]+)(#[^)\s]*)?\)")
PROJECT = ("README.md", "CONTRIBUTING.md", "CHANGELOG.md")
MOST_BYTES = 100_000  # of a file that a page shows
PAGE = "---\norphan: true\n---\n\n# {title}\n\n{content}\n"
LANGUAGES = {".py": "python", ".js": "javascript", ".css": "css", ".html": "html", ".json": "json"}


def make_pages(app: Sphinx) -> None:
    """Write the project's own pages, and one for each file and folder that a page links to."""
    folder, root = Path(app.srcdir), Path(app.srcdir).parent
    for name in PROJECT:
        text = LINK.sub(lambda found: _move_link(root, folder / "project", found), (root / name).read_text("utf-8"))
        write_page(folder / "project" / name, text)
    pages = [path for path in folder.rglob("*.md") if "source" not in path.relative_to(folder).parts]
    linked = {target for page in pages for target in find_outside(page, folder)}
    for path in sorted(linked | {file for one in linked if one.is_dir() for file in list_files(one)}):
        write_page(find_page(path, folder), show_folder(path, root) if path.is_dir() else show_file(path, folder))


def write_page(path: Path, text: str) -> None:
    """Write a page unless it is there already: Sphinx reads what is newer."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if not path.exists() or path.read_text("utf-8") != text:
        path.write_text(text, "utf-8")


def find_outside(page: Path, folder: Path) -> Iterator[Path]:
    """Yield the files and folders outside of docs/ that a page links to, without the project's own pages."""
    for target, _ in LINK.findall(page.read_text("utf-8")):
        path = Path(os.path.normpath(page.parent / target))
        if path.exists() and not path.is_relative_to(folder) and path.name not in PROJECT:
            yield path


def find_page(path: Path, folder: Path) -> Path:
    """Return the page of a file or folder outside of docs/."""
    if path.name in PROJECT:
        return folder / "project" / path.name
    return folder / "source" / f"{path.relative_to(folder.parent)}.md"


def list_files(path: Path) -> list[Path]:
    """Return the files of a folder that a page can show."""
    files = sorted(file for file in path.iterdir() if file.is_file() and file.stat().st_size)
    return [file for file in files if file.stat().st_size < MOST_BYTES and b"\0" not in file.read_bytes()]


def show_folder(path: Path, root: Path) -> str:
    """Return a page that lists a folder."""
    shown = list_files(path)
    rows = ["| name | contents |", "|---|---|"]
    for entry in sorted(path.iterdir()):
        if entry.name.startswith((".", "__pycache__")):
            continue
        name = f"[{entry.name}]({path.name}/{entry.name}.md)" if entry in shown else f"`{entry.name}`"
        rows.append(f"| {name} | {describe(entry)} |")
    return PAGE.format(title=path.relative_to(root), content="\n".join(rows))


def describe(path: Path) -> str:
    """Return the first line of the docstring of a module or package, or the size of another file."""
    module = path / "__init__.py" if path.is_dir() else path
    if module.suffix == ".py" and module.exists():
        return (ast.get_docstring(ast.parse(module.read_text("utf-8"))) or "").partition("\n")[0]
    return f"{path.stat().st_size:,} bytes" if path.is_file() else "a folder"


def show_file(path: Path, folder: Path) -> str:
    """Return a page that shows a file, or says how large it is."""
    title, content = path.relative_to(folder.parent), f"{path.stat().st_size:,} bytes"
    if path in list_files(path.parent):
        language = LANGUAGES.get(path.suffix, "text")
        relative = os.path.relpath(path, find_page(path, folder).parent)
        content = f"```{{literalinclude}} {relative}\n:language: {language}\n```"
    return PAGE.format(title=title, content=content)


def _move_link(old: Path, new: Path, found: re.Match[str]) -> str:
    """Return a link of a page in one folder as a page in another has it."""
    return f"]({os.path.relpath(old / found[1], new)}{found[2] or ''})"


def turn_links(app: Sphinx, name: str, source: list[str]) -> None:
    """Turn the links of a page that lead out of docs/ towards the pages of the site."""
    folder = Path(app.srcdir)
    here = (folder / name).parent

    def turn(found: re.Match[str]) -> str:
        path = Path(os.path.normpath(here / found[1]))
        if path.is_relative_to(folder) or not path.exists():
            return found[0]
        return f"]({os.path.relpath(find_page(path, folder), here)}{found[2] or ''})"

    source[0] = LINK.sub(turn, source[0])


def setup(app: Sphinx) -> dict[str, bool]:
    """Write the pages before Sphinx looks for them, and turn the links as it reads."""
    app.connect("builder-inited", make_pages)
    app.connect("source-read", turn_links)
    return {"parallel_read_safe": True}
