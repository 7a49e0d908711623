"""The reference: the public functions from their docstrings, commands from their parsers, routes from openapi.json."""

import logging
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any, get_args

from cyclopts import App
from sphinx.application import Sphinx

from api.app import make_app
from api.releases.catalogue import Catalogue
from eval.leaderboard.store import Store
from extensions.links import write_page

MODULES = {
    "ld_data": "Datasets",
    "ld_data.shards": "Releases in shards",
    "ld_data.export": "Exports",
    "ld_data.mnist1d": "MNIST-1D",
    "ld_data.variations": "Variations",
    "vae": "Models",
    "vae.redraws": "Fresh noise",
    "eval": "Scores",
    "eval.rules": "Learning rules",
    "eval.ladder": "The ladder",
    "eval.leaderboard": "Leaderboard",
    "api.client": "Client of the service",
}
MODULE = "{title}\n{line}\n\n.. automodule:: {name}\n   :members:{imported}\n"
PYTHON = "# Python\n\nThe public functions and classes, from their docstrings.\n\n```{{toctree}}\n{names}\n```\n"
PROGRAMS = {"ld_data": "ld_data.__main__", "vae": "vae.__main__", "eval": "eval.__main__", "api": "api.commands"}
COMMANDS = "# Programs\n\nThe options of each command, from its parser. [Commands](../commands.md) has examples.\n"
HTTP = "# Routes\n\nEach route as `/openapi.json` describes it. [HTTP](../http.md) has examples.\n"


def write_reference(app: Sphinx) -> None:
    """Write the pages of the reference."""
    folder = Path(app.srcdir) / "reference"
    for name, title in MODULES.items():
        head = f"{title}: {name}"
        imported = "\n   :imported-members:" if hasattr(import_module(name), "__path__") else ""
        text = MODULE.format(name=name, title=head, line="=" * len(head), imported=imported)
        write_page(folder / "python" / f"{name}.rst", text)
    write_page(folder / "python.md", PYTHON.format(names="\n".join(f"python/{name}" for name in MODULES)))
    programs = {package: import_module(path).make_app() for package, path in PROGRAMS.items()}
    parts = [part for package, program in programs.items() for part in describe_program(package, program)]
    write_page(folder / "programs.md", "\n".join([COMMANDS, *parts]))
    logging.getLogger("alembic").setLevel(logging.WARNING)
    with Catalogue() as catalogue:
        described = make_app(catalogue, Store(str(Path(app.doctreedir) / "scores.sqlite"))).openapi()
    write_page(folder / "routes.md", "\n".join([HTTP, *describe_routes(described)]))


def describe_program(words: str, command: App) -> Iterator[str]:
    """Yield the Markdown of a program or command, and of those below it."""
    yield f"{'##' if ' ' not in words else '###'} `{words}`\n\n{command.help}\n"
    if command.default_command:
        rows = [
            describe_argument(own)
            for own in command.assemble_argument_collection(parse_docstring=True)
            if own.name != "*"
        ]
        yield "\n".join(["| argument | value | meaning | default |", "|---|---|---|---|", *rows, ""])
    for name in command:
        if not name.startswith("-"):
            yield from describe_program(f"{words} {name}", command[name])


def describe_argument(argument: Any) -> str:
    """Return the row of an argument of a command in Markdown."""
    names = ", ".join(f"`{name}`" for name in argument.names if name not in argument.negatives)
    default = "required" if argument.required else ""
    if argument.show_default and argument.field_info.default not in (False, ""):
        default = f"`{argument.field_info.default}`"
    choices = argument.get_choices()
    value = ", ".join(f"`{choice}`" for choice in choices) if choices else describe_type(argument.hint)
    return f"| {names} | {value} | {escape(argument.parameter.help or '')} | {default} |"


def describe_type(hint: Any) -> str:
    """Return the type of the value of an argument; nothing for a switch."""
    words = hint.__name__ if isinstance(hint, type) and not get_args(hint) else str(hint)
    return "" if hint is bool else f"`{escape(words.replace(' | None', '').replace('pathlib.', ''))}`"


def describe_routes(described: dict[str, Any]) -> Iterator[str]:
    """Yield the Markdown of the routes, under a heading for each tag."""
    routes = [(path, method, route) for path, own in described["paths"].items() for method, route in own.items()]
    for tag in dict.fromkeys(route["tags"][0] if "tags" in route else "other" for _, _, route in routes):
        yield f"## {tag[0].upper()}{tag[1:]}\n"
        for path, method, route in routes:
            if tag in route.get("tags", ["other"]):
                yield from describe_route(f"{method.upper()} {path}", route)


def describe_route(name: str, route: dict[str, Any]) -> Iterator[str]:
    """Yield the Markdown of a route: its parameters, its body and its answers."""
    yield f"### {route['summary']}\n\n`{name}`\n\n{route.get('description', '')}\n"
    if parameters := route.get("parameters"):
        yield "| parameter | in | meaning | default |\n|---|---|---|---|"
        for own in parameters:
            default = own["schema"].get("default")
            shown = f"`{default}`" if default not in (None, "") else ""
            yield f"| `{own['name']}` | {own['in']} | {escape(own.get('description', ''))} | {shown} |"
        yield ""
    if body := route.get("requestBody"):
        yield f"Body: {list_types(body)}.\n"
    yield "| status | answer | types |\n|---|---|---|"
    for status, answer in sorted(route["responses"].items()):
        yield f"| {status} | {escape(answer['description'])} | {list_types(answer)} |"
    yield ""


def list_types(part: dict[str, Any]) -> str:
    """Return the media types of a body or an answer in Markdown."""
    return ", ".join(f"`{name}`" for name in part.get("content", ()))


def escape(text: str) -> str:
    """Return a text that fits into a cell of a table."""
    return " ".join(text.split()).replace("|", "\\|").replace("<", "&lt;")


def setup(app: Sphinx) -> dict[str, bool]:
    """Write the pages before Sphinx looks for them."""
    app.connect("builder-inited", write_reference)
    return {"parallel_read_safe": True}
