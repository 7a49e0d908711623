"""Plain English: docstrings, comments, messages, the manual and the names of tests hold no banned phrase."""

import ast
import io
import re
import tokenize
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.paths import ROOT

PACKAGES = ("ld_data", "vae", "eval", "api", "docs", "tests")
PAGES = ("README.md", "CONTRIBUTING.md", "CHANGELOG.md")
BANNED = re.compile(
    r"\b(tells|minds|who asks|for who|of ours|by which|at hand|to be had|to the bit|nobody|somebody|deed|doubtful)\b",
    re.IGNORECASE,
)
RIDDLE = re.compile(
    r"(?:^|[.!:;] )(?:Who|What|Which|What\w+) [^?]*?[.;](?:\s|$)"
)  # a clause as the subject of a sentence
CLAUSE = re.compile(r"Who|What|Which|test_(who|what|which)_")
JOINT = re.compile(r"""["']\s+[fr]*["']|\\n""")  # of two strings that Python joins, or of two lines of one
TEST_NAME = re.compile(r"^test_(who|what|which)_")


def _texts(path: Path) -> Iterator[tuple[int, str]]:
    """Yield the line and the text of each docstring, comment and string of a module, and of each line of a page."""
    source = path.read_text()
    if path.suffix != ".py":
        yield from enumerate(source.splitlines(), 1)
        return
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.lineno, node.value
        if isinstance(node, ast.FunctionDef) and TEST_NAME.match(node.name):
            yield node.lineno, f"What {node.name}."
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type == tokenize.COMMENT:
            yield token.start[0], token.string.removeprefix("#").strip()


def find_offences(path: Path) -> Iterator[str]:
    """Yield each banned phrase of a file with its place; most files hold nothing that is like one."""
    source = path.read_text()
    plain = [" ".join(JOINT.sub(joint, source).split()) for joint in ("", " ")]
    if not any(pattern.search(text) for pattern in (BANNED, CLAUSE) for text in plain):
        return
    for line, text in _texts(path):
        plain = " ".join(text.split())
        for pattern in (BANNED, RIDDLE):
            for found in pattern.finditer(plain):
                yield f"{path.relative_to(ROOT)}:{line}: {found[0][:80]!r}"


@pytest.mark.parametrize(
    "text",
    [
        '"""Return it; a test tells so."""',
        'text = ("a value is at "\n    "hand")',
        'text = f"it is at\\nhand"',
        "# Which is it is known.",
        "def test_which_is_it():\n    pass",
    ],
)
def test_an_offence_is_found(text, tmp_path, monkeypatch):
    monkeypatch.setattr("tests.test_language.ROOT", tmp_path)
    path = tmp_path / "module.py"
    path.write_text(f"{text}\n")
    assert len(list(find_offences(path))) == 1


def test_the_language_is_plain():
    paths = [path for package in PACKAGES for path in (ROOT / package).rglob("*.py")]
    paths += [ROOT / page for page in PAGES] + list((ROOT / "docs").rglob("*.md"))
    offences = [
        offence for path in sorted(paths) if path.exists() and path != Path(__file__) for offence in find_offences(path)
    ]
    assert not offences, "\n".join(offences)
