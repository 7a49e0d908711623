"""The packages: a complete wheel and sdist, and a light core that works by itself."""

import json
import os
import re
import subprocess
import sys
import tarfile
import tomllib
import venv
import zipfile
from importlib.metadata import Distribution, distribution
from pathlib import Path

import pytest

import ld_data
from tests.support.paths import ROOT
from tests.support.reports import OWN

pytestmark = [pytest.mark.slow, pytest.mark.untraced]
PACKAGES = ("ld_data", "vae", "api", "eval")
LEFT_OUT = "api/benchmark/"  # measuring needs a checkout
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]


def list_sources():
    """The files of the packages, by their paths in an archive."""
    paths = (path for package in PACKAGES for path in (ROOT / package).rglob("*"))
    names = {str(path.relative_to(ROOT)) for path in paths if path.is_file() and "__pycache__" not in path.parts}
    return {name for name in names if not name.startswith(LEFT_OUT)}


@pytest.fixture(scope="module")
def archives(tmp_path_factory):
    """The wheel and the sdist, built from the checkout without a network."""
    place = tmp_path_factory.mktemp("dist")
    command = [sys.executable, "-m", "build", "--no-isolation", "--outdir", str(place), str(ROOT)]
    subprocess.run(command, check=True, capture_output=True)
    return next(place.glob("*.whl")), next(place.glob("*.tar.gz"))


@pytest.fixture(scope="module")
def light(archives, tmp_path_factory):
    """The Python of an environment with the wheel, what its core requires, and nothing else.

    As tests reach no package index, the libraries are those of this environment, linked.
    """
    place = tmp_path_factory.mktemp("light")
    venv.create(place, symlinks=True)
    site = next(place.glob("lib/python*/site-packages"))
    for name in find_requirements():
        link_distribution(distribution(name), site)
    with zipfile.ZipFile(archives[0]) as wheel:
        wheel.extractall(site)  # noqa: S202 - our own
    return place / "bin" / "python"


def find_requirements():
    """The names of the distributions that the core requires, and that these require, and so on."""
    found, queue = set(), list(PROJECT["dependencies"])
    while queue:
        requirement = queue.pop()
        name = re.match(r"[\w.-]+", requirement)[0].lower()
        if "extra ==" in requirement or name in found or is_elsewhere(requirement):
            continue
        found.add(name)
        queue += distribution(name).requires or []
    return found


def is_elsewhere(requirement):
    """Whether a requirement is for other systems or versions: it has a condition, and is not installed."""
    try:
        distribution(re.match(r"[\w.-]+", requirement)[0])
    except ModuleNotFoundError:
        return ";" in requirement
    return False


def link_distribution(installed: Distribution, site: Path):
    base = Path(installed.locate_file(""))
    for top in {path.parts[0] for path in installed.files if path.parts[0] not in ("..", "__pycache__")}:
        if not (site / top).exists():
            (site / top).symlink_to(base / top)


def run(python, *arguments, **environment):
    """Run Python away from the checkout, so that the installed packages are imported."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "LD_DATA", "COV_"))}
    return subprocess.run(
        [python, *arguments],
        capture_output=True,
        text=True,
        check=False,
        cwd=Path(python).parent,
        env={**kept, "LD_DATA_CHECKPOINTS": str(ROOT / "checkpoints"), **environment},
    )


def test_the_wheel_holds_the_packages_without_the_benchmark(archives):
    with zipfile.ZipFile(archives[0]) as wheel:
        names = {name for name in wheel.namelist() if ".dist-info/" not in name}
    assert names == list_sources()
    assert {f"{package}/py.typed" for package in PACKAGES} <= names


def test_the_wheel_has_its_licence_its_commands_and_its_python(archives):
    with zipfile.ZipFile(archives[0]) as wheel:
        info = f"ld_data-{ld_data.__version__}.dist-info"
        metadata = wheel.read(f"{info}/METADATA").decode()
        commands = wheel.read(f"{info}/entry_points.txt").decode()
        assert wheel.read(f"{info}/licenses/LICENSE") == (ROOT / "LICENSE").read_bytes()
    assert "\nRequires-Python: >=3.11\n" in metadata
    assert {f"Provides-Extra: {extra}" for extra in PROJECT["optional-dependencies"]} <= set(metadata.splitlines())
    assert set(re.findall(r"^(ld-\w+) = ", commands, re.MULTILINE)) == {"ld-data", "ld-vae", "ld-eval", "ld-api"}


def test_the_sdist_holds_the_sources_of_the_wheel(archives):
    with tarfile.open(archives[1]) as sdist:
        names = {name.partition("/")[2] for name in sdist.getnames()}
    assert names == list_sources() | {"README.md", "LICENSE", "pyproject.toml", "PKG-INFO", ".gitignore"}


def test_the_core_requires_no_framework():
    download = {"anyio", "certifi", "h11", "httpcore2", "httpx2", "idna", "sniffio", "tenacity", "truststore"}
    commands = {"attrs", "cyclopts", "docstring-parser", "docutils", "rich", "rich-rst", "tabulate"}
    commands |= {"markdown-it-py", "mdurl", "pygments"}  # of rich
    disk = {"filelock"}
    typing = {"typing_extensions", "typing-extensions"}
    assert (
        find_requirements()
        <= {"numpy", "rfc8785", "scipy", "threadpoolctl", "tqdm"} | download | commands | disk | typing
    )


def test_the_light_core_loads_generates_and_scores(light):
    done = run(light, "-P", ROOT / "tests" / "light.py")  # -P: tests/eval is not eval
    assert done.returncode == 0, done.stderr
    assert "generated 800 signals of 40 points" in done.stdout
    assert "skill" in done.stdout


def test_the_light_core_is_the_wheel_without_a_library_of_an_extra(light):
    extra = ["tensorflow", "fastapi", "onnxruntime", "pyarrow", "sklearn"]
    script = (
        f"from importlib.util import find_spec; print(*map(find_spec, {extra})); print(find_spec('ld_data').origin)"
    )
    found, place = run(light, "-c", script).stdout.splitlines()
    assert set(found.split()) == {"None"}
    assert place.endswith("/ld_data/__init__.py")
    assert not place.startswith(str(ROOT))


@pytest.mark.parametrize(
    "command",
    [
        ["ld_data", "list", "--json"],
        ["ld_data", "verify", "ld-mnist1d-32"],
        ["eval", "baselines", "ld-mnist1d-32", "--kept"],
    ],
)
def test_commands_of_the_light_core_work(light, command):
    done = run(light, "-m", *command)
    assert done.returncode == 0, done.stderr
    if "--json" in command:
        assert len(json.loads(done.stdout)) == len(ld_data.list_releases(ROOT / "checkpoints"))


def test_the_light_core_reports_on_a_rule_without_figures(light, tmp_path):
    (tmp_path / "light_rule.py").write_text(OWN)
    few = ("--limit-train", "300", "--rows", "300", "--curves", "rows", "--seeds", "1")
    done = run(
        light, "-m", "eval", "rule", f"{tmp_path}/light_rule.py:Delta", "ld-mnist1d-32", *few, "--out", tmp_path / "out"
    )
    assert done.returncode == 0, done.stderr
    assert "no figures, since matplotlib is not installed" in done.stdout
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["report.json"]


@pytest.mark.parametrize(
    ("command", "extra"),
    [
        (["ld_data", "export", "ld-mnist1d-32", "--format", "parquet", "--out", "x"], "formats"),
        (["ld_data", "build", "mnist1d"], "train"),
        (["vae", "info", "ld-mnist1d-32"], "codec"),
        (["eval", "baselines", "ld-mnist1d-32"], "train"),
        (["api"], "serve"),
    ],
)
def test_a_missing_library_is_named_with_its_extra(light, command, extra):
    done = run(light, "-m", *command)
    assert done.returncode == 1
    assert re.search(rf"error: this needs \w+, .*\.\[{extra}\]", done.stderr), done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("command", ["benchmark", "soak"])
def test_an_installation_without_a_checkout_refuses_to_measure(light, command):
    done = run(light, "-m", "api", command, "--release", "ld-mnist1d-32")
    assert done.returncode == 1
    assert "need a checkout of LD-Data" in done.stderr
    assert "Traceback" not in done.stderr
