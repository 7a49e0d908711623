"""The structure of the code: sizes, late imports, forbidden constructs, documentation, and light imports.

`lint-imports` checks which module may import which, by the contracts in pyproject.toml.
"""

import ast
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from functools import cache

import pytest

from tests.support.paths import ROOT

pytestmark = pytest.mark.untraced  # reads our code, and runs it in other processes
PACKAGES = ("ld_data", "vae", "eval", "api")
PATHS = {
    ".".join(path.relative_to(ROOT).with_suffix("").parts): path
    for package in PACKAGES
    for path in sorted((ROOT / package).rglob("*.py"))
}
MAX_FILE_LINES, MAX_FUNCTION_LINES, MAX_FOLDER_MODULES = 300, 40, 12
MAX_SOURCE_LINES = 39_470
MAX_LATE_IMPORTS = 47  # most of them in commands, whose --help should not pay for Keras
VAGUE_NAMES = {"utils", "util", "helpers", "misc", "manager", "common", "core", "base"}
RANDOM_STATES = {"np.random.seed", "random.seed", "keras.utils.set_random_seed"}
NUMPY_FILES = {"np.load", "np.save", "np.savez"}
Function = ast.FunctionDef | ast.AsyncFunctionDef


@cache
def list_nodes() -> dict[str, list[ast.AST]]:
    """Return the nodes of the syntax tree of each module, the module first."""
    return {module: list(ast.walk(ast.parse(path.read_text()))) for module, path in PATHS.items()}


def test_files_are_short():
    folders = (folder for folder in ROOT.glob("*/") if folder.name != ".venv")  # which has tens of thousands of files
    lengths = {path: len(path.read_text().splitlines()) for folder in folders for path in folder.rglob("*.py")}
    long = {str(path.relative_to(ROOT)): lines for path, lines in lengths.items() if lines > MAX_FILE_LINES}
    assert not long


def test_the_source_is_small():
    assert sum(len(path.read_text().splitlines()) for path in PATHS.values()) < MAX_SOURCE_LINES


def test_functions_are_short():
    lengths = {
        f"{module}.{node.name}": node.end_lineno - node.lineno + 1 - _count_docstring(node)
        for module, nodes in list_nodes().items()
        for node in nodes
        if isinstance(node, Function)
    }
    assert not {name: lines for name, lines in lengths.items() if lines > MAX_FUNCTION_LINES}


def test_folders_hold_few_modules():
    modules = Counter(path.parent for path in PATHS.values() if path.name != "__init__.py")
    assert not {str(folder): count for folder, count in modules.items() if count > MAX_FOLDER_MODULES}


def test_late_imports_are_few():
    late = [f"{module}:{line}" for module, nodes in list_nodes().items() for line in _find_late_imports(nodes)]
    assert len(late) <= MAX_LATE_IMPORTS, late


def test_names_are_specific():
    original_s = {"ld_data.mnist1d.utils"}  # notebooks import the original's module by this name
    assert {name for name in PATHS if name.split(".")[-1] in VAGUE_NAMES} == original_s


def test_public_names_are_documented():
    undocumented = [
        f"{module}.{node.name}"
        for module, (tree, *_) in list_nodes().items()
        for node in tree.body
        if isinstance(node, Function | ast.ClassDef) and not node.name.startswith("_") and not ast.get_docstring(node)
        if "overload" not in map(ast.unparse, node.decorator_list)
    ]
    undocumented += [module for module, (tree, *_) in list_nodes().items() if not ast.get_docstring(tree)]
    assert not undocumented


def test_forbidden_constructs_are_absent():
    found = [offence for module, nodes in list_nodes().items() for offence in _find_forbidden(module, nodes)]
    assert not found


def test_progress_is_shown_as_bars_on_terminals_and_as_lines_elsewhere():
    """Each bar names its file; with `disable=None` it also stays away from streams that are no terminal."""
    others = []
    for module, nodes in list_nodes().items():
        for node in nodes:
            if isinstance(node, ast.Call) and ast.unparse(node.func) in {"tqdm", "TqdmCallback"}:
                options = {ast.unparse(option) for option in node.keywords}
                if not options >= {"disable=None", "file=open_progress()"}:
                    others.append(f"{module}:{node.lineno}")
    assert not others


@pytest.mark.slow
@pytest.mark.parametrize("statement", ["import ld_data", "from eval import evaluate", "import api"])
def test_light_imports_load_no_framework(statement):
    heavy = {"tensorflow", "keras", "jax", "torch", "fastapi", "starlette", "uvicorn", "httpx2", "scipy", "sklearn"}
    heavy |= {"pandas", "pydantic", "sqlalchemy", "alembic", "cyclopts", "rich", "tabulate", "tenacity", "stamina"}
    assert not heavy & _list_loaded(statement)


@pytest.mark.slow
def test_learning_rules_are_imported_without_their_training():
    rules = [name for name in PATHS if name.startswith("eval.rules.")]
    loaded = _list_loaded(f"import eval.kept.baselines, {', '.join(rules)}")
    assert not {"tensorflow", "keras", "sklearn", "joblib", "threadpoolctl", "tabulate"} & loaded


@pytest.mark.slow
def test_models_load_without_training_framework():
    loaded = _list_loaded("import vae, api.app; vae.load('ld-mnist1d-32')")
    assert not {"tensorflow", "keras", "jax", "torch", "onnx", "tf2onnx"} & loaded


@pytest.mark.slow
def test_models_are_imported_without_estimator_plots_or_network():
    loaded = _list_loaded("import vae, vae.redraws")
    assert not {"sklearn", "httpx2", "scipy", "pandas", "tensorflow", "keras", "torch"} & loaded


@pytest.mark.slow
def test_the_service_starts_and_decodes_without_scipy_alembic_client_and_exports(tmp_path):
    """SQLAlchemy is loaded: the store is opened first, so that a wrong place is refused before releases are read."""
    store = f"from eval.leaderboard.store import Store; Store({str(tmp_path / 'scores.sqlite')!r}).close()"
    decode = "codec = vae.load('ld-mnist1d-32'); codec.x.decode([[0.0] * 32]), codec.y.decode([[0.0] * 32])"
    loaded = _list_loaded(f"import api.commands, vae; {store}; from api import server; {decode}")
    assert {"sqlalchemy", "fastapi", "onnxruntime"} <= loaded
    late = {"scipy", "alembic", "mako", "httpx2", "pandas", "pyarrow", "safetensors", "PIL", "sklearn", "rich"}
    assert not {*late, "tabulate", "numba", "matplotlib"} & loaded


def _count_docstring(function: Function) -> int:
    """Return the lines of a function's docstring: a description of its arguments does not make it harder to read."""
    first = function.body[0]
    return first.end_lineno - first.lineno + 1 if ast.get_docstring(function) else 0


def _find_late_imports(nodes: list[ast.AST]) -> Iterator[int]:
    """Yield the lines of imports inside functions."""
    for function in nodes:
        if isinstance(function, Function):
            yield from (node.lineno for node in ast.walk(function) if isinstance(node, ast.Import | ast.ImportFrom))


def _find_forbidden(module: str, nodes: list[ast.AST]) -> Iterator[str]:
    for node in nodes:
        if reason := _explain_forbidden(module, node):
            yield f"{module}:{getattr(node, 'lineno', 0)}: {reason}"


def _explain_forbidden(module: str, node: ast.AST) -> str:
    match node:
        case ast.Assert() | ast.ExceptHandler(type=None):
            return "assert or bare except"
        case ast.Import() | ast.ImportFrom() if "pickle" in ast.unparse(node).partition(" import ")[0]:
            return "pickle"
        case ast.ImportFrom(level=level) if level:
            return "relative import"
        case ast.Attribute() if ast.unparse(node) in RANDOM_STATES and module != "ld_data.mnist1d.utils":
            return "global random state"  # utils offers the original package's functions, which use it
        case ast.Call() if ast.unparse(node.func) in NUMPY_FILES and "allow_pickle=False" not in ast.unparse(node):
            return "numpy file without allow_pickle=False"
    return ""


def _list_loaded(statements: str) -> set[str]:
    """Return the top-level names of the modules that statements load in a new process."""
    script = f"import sys\n{statements}\nprint(*{{name.partition('.')[0] for name in sys.modules}})"
    run = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True)
    return set(run.stdout.split())
