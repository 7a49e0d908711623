"""The structure of the code: layers, no cycles, no late imports but the named ones, and light imports."""

import ast
import subprocess
import sys

import pytest

from eval.leaderboard.store import Store
from tests.support.paths import ROOT

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
UPWARDS = {("eval.leaderboard.submission", "ld_data.remote.client")}
BESIDE = "api.benchmark.servers."  # programs that the benchmark starts: what they import, the service does not
LIBRARIES = {
    "ld_data": {"numpy", "scipy"},
    "vae": {"numpy", "keras"},
    "eval": {"numpy"},
    "api": {"numpy", "anyio", "fastapi", "starlette", "pydantic", "orjson"},
}
EXTRA_LIBRARIES = {
    "ld_data.release.adapters": {"pandas", "tensorflow", "torch"},
    "ld_data.cli.completion": {"shtab"},
    "ld_data.remote.transfer": {"httpx2", "tqdm"},
    "ld_data.health": {"tqdm"},
    "ld_data.mnist1d.benchmark": {"mnist1d", "threadpoolctl", "tqdm"},
    "ld_data.mnist1d.files": {"tqdm"},
    "ld_data.mnist1d.compat": {"matplotlib"},
    "ld_data.mnist1d.plots": {"matplotlib"},
    "ld_data.mnist1d.tensorflow": {"tensorflow"},
    "ld_data.mnist1d.torch": {"torch"},
    "ld_data.health.plots": {"matplotlib"},
    "ld_data.remote.retry": {"httpx2"},
    "ld_data.export.arrow": {"pyarrow"},
    "ld_data.export.safetensors": {"safetensors"},
    "ld_data.health.maps": {"sklearn"},
    "ld_data.health.two_sample": {"sklearn"},
    "ld_data.variations.benchmark": {"tqdm"},
    "ld_data.variations.files": {"tqdm"},
    "ld_data.variations.plots": {"matplotlib"},
    "eval.leaderboard.database": {"alembic", "sqlalchemy"},
    "eval.leaderboard.migrations.__init__": {"alembic", "sqlalchemy"},
    "eval.leaderboard.migrations.versions.r0001_receipts": {"alembic", "sqlalchemy"},
    "eval.leaderboard.migrations.versions.r0002_seasons": {"alembic", "sqlalchemy"},
    "eval.leaderboard.entries": {"sqlalchemy"},
    "eval.leaderboard.receipts": {"rfc8785"},
    "eval.leaderboard.seasons": {"sqlalchemy"},
    "eval.leaderboard.store": {"sqlalchemy"},
    "eval.leaderboard.schema": {"sqlalchemy"},
    "eval.baselines.perceptrons": {"keras"},
    "eval.baselines.regressors": {"sklearn", "tqdm"},
    "eval.rules.associative_memory": {"scipy", "tqdm"},
    "eval.rules.forward_forward": {"scipy"},
    "eval.rules.network": {"threadpoolctl", "tqdm"},
    "eval.keras_fitting": {"keras", "tqdm"},
    "ld_data.health.probes": {"sklearn"},
    "eval.ladder": {"tqdm"},
    "eval.baselines.table": {"joblib"},
    "eval.predictions": {"torch"},
    "eval.classifiers.judges": {"keras", "sklearn"},
    "eval.classifiers.training": {"joblib", "keras"},
    "eval.classifiers": {"keras"},
    "eval.classifiers.features": {"sklearn"},
    "eval.classifiers.parts": {"keras"},
    "ld_data.health.variations_kept": {"sklearn"},
    "vae.runtime.cell_solver": {"scipy"},
    "vae.decoders.table": {"onnx", "onnxruntime", "tqdm"},
    "vae.estimator": {"sklearn"},
    "vae.decoders.flops": {"onnx"},
    "vae.training.onnx_export": {"onnx"},
    "vae.model.fitted_maps": {"scipy"},
    "vae.runtime.onnx_network": {"onnxruntime"},
    "vae.remote": {"httpx2"},
    "vae.training.train": {"tqdm"},
    "ld_data.remote.client": {"httpx2"},
    "api.messages.pictures": {"PIL"},
    "api.benchmark.alternatives.bentoml_decoder": {"bentoml", "onnxruntime"},
    "api.benchmark.alternatives.litserve_decoder": {"litserve", "onnxruntime"},
    "api.benchmark.alternatives.mlserver_decoder": {"mlserver", "onnxruntime"},
    "api.benchmark.servers.echo": {"uvicorn"},
    "api.benchmark.servers.fastapi_keras": {"keras"},
    "api.benchmark.servers.keras_decoder": {"keras"},
    "api.benchmark.servers.lists": {"uvicorn"},
    "api.benchmark.servers.network_alone": {"onnx"},
    "api.benchmark.suite": {"tqdm"},
    "api.middleware.metrics": {"prometheus_client"},
    "api.server": {"prometheus_client", "uvicorn"},
    "ld_data.__main__": {"keras"},
    "eval.__main__": {"keras"},
}
COMMAND_LINES = {"api.commands"}  # what `__main__` runs, in a module of its own
LATE_IMPORTS = {  # module, what it imports late
    ("api.commands", "api.server"),  # half a second, spent by who serves
    ("api.commands", "eval.leaderboard.store"),
    ("api.benchmark.commands", "api.benchmark.goals"),  # a tenth of the start, spent by who measures
    ("api.benchmark.commands", "api.benchmark.machine"),
    ("api.benchmark.commands", "api.benchmark.soak"),
    ("api.benchmark.commands", "api.benchmark.suite"),
    ("api.benchmark.commands", "api.benchmark.table"),
    ("api.messages.pictures", "PIL"),  # 25 ms and 3 MB, spent once someone asks for pictures
    ("ld_data.release.adapters", "pandas"),
    ("ld_data.release.adapters", "tensorflow"),
    ("ld_data.release.adapters", "torch"),
    ("ld_data.release.adapters", "torch.utils.data"),
    ("ld_data.export", "ld_data.export.arrow"),
    ("ld_data.export", "ld_data.export.safetensors"),
    ("ld_data.sources.mnist", "ld_data.remote.transfer"),
    ("ld_data.mnist1d.benchmark", "mnist1d.data"),
    ("ld_data.mnist1d.compat", "matplotlib"),
    ("ld_data.variations", "ld_data.remote.transfer"),
    ("ld_data.__main__", "importlib.metadata"),
    ("ld_data.__main__", "keras"),
    ("ld_data.__main__", "ld_data.release.builder"),
    ("ld_data.__main__", "ld_data.release.download"),
    ("ld_data.__main__", "ld_data.mnist1d.files"),
    ("ld_data.__main__", "ld_data.variations.files"),
    ("ld_data.__main__", "vae"),
    ("ld_data.__main__", "vae.training.train"),
    ("ld_data.__main__", "ld_data.health.probes"),
    ("ld_data.__main__", "eval.classifiers.judges"),
    ("ld_data.__main__", "ld_data.health.variations_kept"),
    ("ld_data.__main__", "ld_data.health"),
    ("ld_data.__main__", "ld_data.mnist1d.benchmark"),
    ("ld_data.__main__", "ld_data.mnist1d.plots"),
    ("ld_data.__main__", "ld_data.health.plots"),
    ("ld_data.__main__", "ld_data.health.maps"),
    ("ld_data.__main__", "ld_data.variations.benchmark"),
    ("ld_data.__main__", "ld_data.variations.plots"),
    ("ld_data.cli.parser", "ld_data.cli.completion"),  # which only some installations can
    ("ld_data.mnist1d.steps", "scipy.ndimage"),
    ("ld_data.noise", "scipy.special"),
    ("ld_data.variations.backgrounds", "scipy.special"),
    ("eval.leaderboard.database", "alembic.util"),
    ("eval.leaderboard.database", "eval.leaderboard.migrations"),
    ("vae.__init__", "vae.estimator"),
    ("vae.codec", "vae.remote"),
    ("vae.__main__", "ld_data.health.probes"),
    ("vae.__main__", "eval.classifiers.judges"),
    ("vae.__main__", "vae.decoders.alternatives"),
    ("vae.__main__", "vae.decoders.table"),
    ("vae.__main__", "vae.training.train"),
    ("vae.runtime.onnx_network", "onnxruntime"),  # which only who encodes or decodes needs
    ("eval.predictions", "torch"),
    ("eval.score", "eval.leaderboard.submission"),
    ("eval.leaderboard.submission", "ld_data.remote.client"),
    ("eval.__main__", "eval.baselines"),
    ("eval.__main__", "eval.baselines.table"),
    ("eval.__main__", "eval.classifiers.training"),
    ("eval.__main__", "eval.classifiers.features"),
    ("eval.__main__", "ld_data.health.plots"),
    ("eval.__main__", "eval.classifiers.judges"),
    ("eval.__main__", "ld_data.health.probes"),
    ("eval.__main__", "eval.leaderboard.store"),
    ("eval.__main__", "eval.classifiers.trials"),
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
            assert not seeds or module == "ld_data.mnist1d.compat", f"line {node.lineno}"  # whose users ask for it
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
