"""The structure of the code: layers, no cycles, no late imports but the named ones, and light imports."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

from eval.store import Store

ROOT = Path(__file__).parent.parent
PACKAGES = ("ld_data", "vae", "eval", "api")
MODULES = {
    ".".join(path.relative_to(ROOT).with_suffix("").parts): path
    for package in PACKAGES
    for path in sorted((ROOT / package).rglob("*.py"))
}
MAY_IMPORT = {
    "ld_data": {"ld_data"},
    "vae": {"vae", "ld_data"},
    "eval": {"eval", "ld_data"},
    "api": {"api", "eval", "ld_data"},
}
# A submission is a request to the service. The module that sends one imports the client late, so that neither the
# service, which knows what a submission is, nor who only evaluates does; and the client needs nothing of either.
UPWARDS = {("eval.submission", "api.client")}
BESIDE = "api.benchmark.servers."  # programs that the benchmark starts: what they import, the service does not
LIBRARIES = {
    "ld_data": {"numpy", "scipy"},
    "vae": {"numpy", "keras"},
    "eval": {"numpy"},
    "api": {"numpy", "anyio", "fastapi", "starlette", "pydantic", "orjson"},
}
EXTRA_LIBRARIES = {
    "ld_data.adapters": {"pandas", "tensorflow", "torch"},
    "ld_data.completion": {"shtab"},
    "ld_data.fetch": {"httpx2", "tqdm"},
    "ld_data.health": {"tqdm"},
    "ld_data.mnist1d_benchmark": {"mnist1d", "threadpoolctl", "tqdm"},
    "ld_data.mnist1d_files": {"tqdm"},
    "ld_data.mnist1d_original": {"matplotlib"},
    "ld_data.mnist1d_plots": {"matplotlib"},
    "ld_data.mnist1d_tf": {"tensorflow"},
    "ld_data.mnist1d_torch": {"torch"},
    "ld_data.plots": {"matplotlib"},
    "ld_data.retries": {"httpx2"},
    "ld_data.tables": {"pyarrow"},
    "ld_data.tensors": {"safetensors"},
    "ld_data.tsne": {"sklearn"},
    "ld_data.two_sample": {"sklearn"},
    "ld_data.variations_benchmark": {"tqdm"},
    "ld_data.variations_files": {"tqdm"},
    "ld_data.variations_plots": {"matplotlib"},
    "eval.database": {"alembic", "sqlalchemy"},
    "eval.migrations.__init__": {"alembic", "sqlalchemy"},
    "eval.migrations.versions.r0001_receipts": {"alembic", "sqlalchemy"},
    "eval.migrations.versions.r0002_seasons": {"alembic", "sqlalchemy"},
    "eval.ranking": {"sqlalchemy"},
    "eval.receipts": {"rfc8785"},
    "eval.seasons": {"sqlalchemy"},
    "eval.store": {"sqlalchemy"},
    "eval.tables": {"sqlalchemy"},
    "eval.perceptrons": {"keras"},
    "eval.regressors": {"sklearn", "tqdm"},
    "eval.rules.associative_memory": {"scipy", "tqdm"},
    "eval.rules.forward_forward": {"scipy"},
    "eval.rules.network": {"threadpoolctl", "tqdm"},
    "eval.fitting": {"keras", "tqdm"},
    "eval.information": {"sklearn"},
    "eval.ladder": {"tqdm"},
    "eval.baseline_table": {"joblib"},
    "eval.predictions": {"torch"},
    "eval.judges": {"keras", "sklearn"},
    "eval.classification": {"joblib", "keras"},
    "eval.classifiers": {"keras"},
    "eval.embeddings": {"sklearn"},
    "eval.networks": {"keras"},
    "eval.variations_kept": {"sklearn"},
    "vae.cell_geometry": {"scipy"},
    "vae.decoder_table": {"onnx", "onnxruntime", "tqdm"},
    "vae.estimator": {"sklearn"},
    "vae.flops": {"onnx"},
    "vae.freezing": {"onnx"},
    "vae.gaussianization": {"scipy"},
    "vae.network": {"onnxruntime"},
    "vae.remote": {"httpx2"},
    "vae.training": {"tqdm"},
    "api.client": {"httpx2"},
    "api.pictures": {"PIL"},
    "api.benchmark.alternatives.bentoml_decoder": {"bentoml", "onnxruntime"},
    "api.benchmark.alternatives.litserve_decoder": {"litserve", "onnxruntime"},
    "api.benchmark.alternatives.mlserver_decoder": {"mlserver", "onnxruntime"},
    "api.benchmark.servers.echo": {"uvicorn"},
    "api.benchmark.servers.fastapi_keras": {"keras"},
    "api.benchmark.servers.keras_decoder": {"keras"},
    "api.benchmark.servers.lists": {"uvicorn"},
    "api.benchmark.servers.network_alone": {"onnx"},
    "api.benchmark.suite": {"tqdm"},
    "api.metrics": {"prometheus_client"},
    "api.processes": {"prometheus_client", "uvicorn"},
    "ld_data.__main__": {"keras"},
    "eval.__main__": {"keras"},
}
COMMAND_LINES = {"api.commands"}  # what `__main__` runs, in a module of its own
LATE_IMPORTS = {  # module, what it imports late
    ("api.commands", "api.processes"),  # half a second, spent by who serves
    ("api.commands", "eval.store"),
    ("api.benchmark.commands", "api.benchmark.goals"),  # a tenth of the start, spent by who measures
    ("api.benchmark.commands", "api.benchmark.machine"),
    ("api.benchmark.commands", "api.benchmark.soak"),
    ("api.benchmark.commands", "api.benchmark.suite"),
    ("api.benchmark.commands", "api.benchmark.table"),
    ("api.pictures", "PIL"),  # 25 ms and 3 MB, spent once someone asks for pictures
    ("ld_data.adapters", "pandas"),
    ("ld_data.adapters", "tensorflow"),
    ("ld_data.adapters", "torch"),
    ("ld_data.adapters", "torch.utils.data"),
    ("ld_data.export", "ld_data.tables"),
    ("ld_data.export", "ld_data.tensors"),
    ("ld_data.mnist", "ld_data.fetch"),
    ("ld_data.mnist1d_benchmark", "mnist1d.data"),
    ("ld_data.mnist1d_original", "matplotlib"),
    ("ld_data.variations", "ld_data.fetch"),
    ("ld_data.__main__", "importlib.metadata"),
    ("ld_data.__main__", "keras"),
    ("ld_data.__main__", "ld_data.builder"),
    ("ld_data.__main__", "ld_data.download"),
    ("ld_data.__main__", "ld_data.mnist1d_files"),
    ("ld_data.__main__", "ld_data.variations_files"),
    ("ld_data.__main__", "vae"),
    ("ld_data.__main__", "vae.training"),
    ("ld_data.__main__", "eval.information"),
    ("ld_data.__main__", "eval.judges"),
    ("ld_data.__main__", "eval.variations_kept"),
    ("ld_data.__main__", "ld_data.health"),
    ("ld_data.__main__", "ld_data.mnist1d_benchmark"),
    ("ld_data.__main__", "ld_data.mnist1d_plots"),
    ("ld_data.__main__", "ld_data.plots"),
    ("ld_data.__main__", "ld_data.tsne"),
    ("ld_data.__main__", "ld_data.variations_benchmark"),
    ("ld_data.__main__", "ld_data.variations_plots"),
    ("ld_data.command_line", "ld_data.completion"),  # which only some installations can
    ("ld_data.mnist1d_transform", "scipy.ndimage"),
    ("ld_data.noise", "scipy.special"),
    ("ld_data.variations_backgrounds", "scipy.special"),
    ("eval.database", "alembic.util"),
    ("eval.database", "eval.migrations"),
    ("vae.__init__", "vae.estimator"),
    ("vae.codec", "vae.remote"),
    ("vae.__main__", "eval.information"),
    ("vae.__main__", "eval.judges"),
    ("vae.__main__", "vae.alternatives"),
    ("vae.__main__", "vae.decoder_table"),
    ("vae.__main__", "vae.training"),
    ("vae.network", "onnxruntime"),  # which only who encodes or decodes needs
    ("eval.predictions", "torch"),
    ("eval.score", "eval.submission"),
    ("eval.submission", "api.client"),
    ("eval.__main__", "eval.baselines"),
    ("eval.__main__", "eval.baseline_table"),
    ("eval.__main__", "eval.classification"),
    ("eval.__main__", "eval.embeddings"),
    ("eval.__main__", "ld_data.plots"),
    ("eval.__main__", "eval.judges"),
    ("eval.__main__", "eval.information"),
    ("eval.__main__", "eval.store"),
    ("eval.__main__", "eval.trials"),
    ("eval.__main__", "keras"),
    ("eval.__main__", "vae"),
}


def imports_of(path, late):
    """The modules that a file imports: at its top, or late, inside functions."""
    tree = ast.parse(path.read_text())
    top = {
        id(node) for block in tree.body for node in ([block, *block.body] if isinstance(block, ast.With) else [block])
    }
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import | ast.ImportFrom) and (id(node) not in top) == late:
            if isinstance(node, ast.ImportFrom):
                assert node.level == 0, f"{path}: a relative import"
                found |= {f"{node.module}.{alias.name}" for alias in node.names} & set(MODULES) or {node.module}
            else:
                found |= {alias.name for alias in node.names}
    return found


def package_of(module):
    return module.split(".")[0]


@pytest.mark.parametrize("module", MODULES)
def test_packages_import_downwards_only(module):
    if module in COMMAND_LINES or module.endswith("__main__"):
        return
    for imported in imports_of(MODULES[module], late=False) | imports_of(MODULES[module], late=True):
        if package_of(imported) in PACKAGES and (module, imported) not in UPWARDS:
            allowed = MAY_IMPORT[package_of(module)] | ({"vae"} if module.startswith(BESIDE) else set())
            assert package_of(imported) in allowed, imported


@pytest.mark.parametrize("module", MODULES)
def test_packages_use_their_own_libraries_only(module):
    allowed = (
        LIBRARIES[package_of(module)] | EXTRA_LIBRARIES.get(module, set()) | set(PACKAGES) | sys.stdlib_module_names
    )
    used = {package_of(name) for late in (True, False) for name in imports_of(MODULES[module], late)}
    assert used <= allowed, used - allowed


def test_the_service_imports_none_of_the_programs_that_it_is_compared_with():
    for module, path in MODULES.items():
        imported = imports_of(path, late=False) | imports_of(path, late=True)
        beside = {name for name in imported if name.startswith((BESIDE, "api.benchmark.alternatives."))}
        assert module.startswith(BESIDE) or not beside, module


def test_what_is_imported_upwards_is_imported_late_and_needs_the_lowest_layer_alone():
    for module, imported in UPWARDS:
        assert (module, imported) in LATE_IMPORTS
        needed = {name for late in (True, False) for name in imports_of(MODULES[imported], late)}
        assert {package_of(name) for name in needed} - sys.stdlib_module_names <= {"ld_data", "httpx2", "numpy"}


def test_nothing_imports_a_command_line():
    for module, path in MODULES.items():
        imported = imports_of(path, late=False) | imports_of(path, late=True)
        assert not any(name.endswith("__main__") for name in imported), module
        assert module.endswith("__main__") or not COMMAND_LINES & imported, module


def test_late_imports_are_the_named_ones():
    found = {(module, name) for module, path in MODULES.items() for name in imports_of(path, late=True)}
    assert found == LATE_IMPORTS


def test_there_is_no_cycle():
    graph = {module: imports_of(path, late=False) & set(MODULES) for module, path in MODULES.items()}
    graph = {module: {name for name in names if name != module} for module, names in graph.items()}
    while free := [module for module, names in graph.items() if not names]:
        for module in free:
            del graph[module]
        for names in graph.values():
            names.difference_update(free)
    assert graph == {}


def test_names_say_what_a_module_is_about():
    vague = {"utils", "util", "helpers", "misc", "manager", "common", "core", "base"}
    assert not {name.split(".")[-1] for name in MODULES} & vague


@pytest.mark.parametrize("module", MODULES)
def test_forbidden_constructs_are_absent(module):
    for node in ast.walk(ast.parse(MODULES[module].read_text())):
        assert not isinstance(node, ast.Assert), f"assert in line {node.lineno}"
        if isinstance(node, ast.ExceptHandler):
            assert node.type is not None, f"bare except in line {node.lineno}"
        if isinstance(node, ast.Import | ast.ImportFrom):
            assert "pickle" not in ast.unparse(node)
        if isinstance(node, ast.Attribute):
            seeds = ast.unparse(node) in {"np.random.seed", "random.seed", "keras.utils.set_random_seed"}
            assert not seeds or module == "ld_data.mnist1d_original", f"line {node.lineno}"  # whose users ask for it
        if isinstance(node, ast.Call) and ast.unparse(node.func) in {"np.load", "np.save", "np.savez"}:
            assert "allow_pickle=False" in ast.unparse(node), f"line {node.lineno}"


def test_progress_is_for_terminals_alone():
    """Each bar says what disables it: `None`, which asks whether stderr is a terminal, or that and the caller."""
    for module, path in MODULES.items():
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and ast.unparse(node.func) in {"tqdm", "TqdmCallback"}:
                (disable,) = [ast.unparse(option.value) for option in node.keywords if option.arg == "disable"]
                assert disable == "None" or disable.startswith("None if "), f"{module}, line {node.lineno}"


@pytest.mark.parametrize("module", MODULES)
def test_everything_public_is_documented(module):
    tree = ast.parse(MODULES[module].read_text())
    assert ast.get_docstring(tree)
    for node in tree.body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef) and not node.name.startswith("_"):
            assert ast.get_docstring(node), node.name


def test_what_serves_a_release_needs_no_training_framework():
    script = "import vae, api.app, sys; vae.load('ld-mnist1d-32'); print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    assert not {"tensorflow", "keras", "jax", "torch", "onnx", "tf2onnx"} & set(loaded.split())


def test_what_decodes_needs_neither_what_draws_nor_what_migrates_nor_what_submits(tmp_path):
    place = tmp_path / "scores.sqlite"
    Store(place).close()
    script = f"""
import sys
import api.commands, vae
from eval.store import Store
Store({str(place)!r})
codec = vae.load("ld-mnist1d-32")
codec.x.decode([[0.0] * 32]), codec.y.decode([[0.0] * 32])
print(*sys.modules)
"""
    loaded = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    assert not {"scipy", "alembic", "mako", "httpx2"} & set(loaded.split())


def test_the_models_are_imported_without_what_few_ask_of_them():
    script = "import vae, vae.redraws, sys; print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    assert not {"sklearn", "httpx2", "scipy", "pandas", "tensorflow", "keras", "torch"} & set(loaded.split())


@pytest.mark.parametrize("statement", ["import ld_data", "from eval import evaluate", "import api"])
def test_light_imports_pull_in_no_framework(statement):
    script = f"{statement}; import sys; print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    heavy = {
        "tensorflow",
        "keras",
        "jax",
        "torch",
        "fastapi",
        "starlette",
        "uvicorn",
        "httpx2",
        "scipy",
        "sklearn",
        "pandas",
        "pydantic",
        "sqlalchemy",
        "alembic",
    }
    assert not heavy & set(loaded.split())
