"""The fixtures of all tests: no network, a private folder for releases, and a small release in it."""

from tests.support import tracer  # isort: skip - it has to see which modules are imported

import ipaddress
import os
import re
import shutil
import socket
from collections.abc import Iterator
from dataclasses import replace
from functools import cache as cache_results
from functools import partial
from pathlib import Path

import httpcore2
import pytest
from filelock import FileLock

import ld_data.__main__
import vae
from api.app import make_app
from api.releases.catalogue import Catalogue
from eval.leaderboard.store import Store
from ld_data import settings as locations
from ld_data.mnist1d.config import Mnist1dConfig
from ld_data.sources import catalogue as sources
from tests.support.command_lines import QUICK, run
from tests.support.fakes import FakeCodec, build_release, make_plan, make_source
from tests.support.servers import serve
from vae.recipes import RECIPES

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")


def pytest_configure(config: pytest.Config) -> None:
    config.pluginmanager.register(tracer)


@pytest.fixture(autouse=True)
def _no_network(monkeypatch):
    """Make a test fail if it connects to another machine."""
    connect = socket.socket.connect

    def connect_locally(self, address):
        if self.family in (socket.AF_INET, socket.AF_INET6) and not ipaddress.ip_address(address[0]).is_loopback:
            raise AssertionError(f"a test tried to reach {address}")
        return connect(self, address)

    monkeypatch.setattr(socket.socket, "connect", connect_locally)


@pytest.fixture(scope="session", autouse=True)
def _certificates_once():
    """Read the certificates of the system once, and not for each client: it takes longer than most tests."""
    read = httpcore2.default_ssl_context
    kept = cache_results(read)

    def make_context(**options):
        return (read if {"SSL_CERT_FILE", "SSL_CERT_DIR"} & set(os.environ) else kept)(**options)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(httpcore2, "default_ssl_context", make_context)
        yield


@pytest.fixture(scope="session", autouse=True)
def _no_owners_at_home(tmp_path_factory):
    """Keep the secrets of names on leaderboards out of the user's own cache folder."""
    folder = tmp_path_factory.mktemp("owners")

    def find_folder():
        return locations.cache_folder() if locations.CACHE_VARIABLE in os.environ else folder

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("eval.leaderboard.owners.cache_folder", find_folder)
        yield


@pytest.fixture(autouse=True)
def _no_pauses(monkeypatch):
    """Send repeated requests without a pause, unless the answer names one."""
    monkeypatch.setattr("ld_data.remote.retry.PAUSE_SECONDS", 0.0)


@pytest.fixture
def cache(tmp_path_factory, monkeypatch) -> Path:
    """An empty folder for downloads."""
    folder = tmp_path_factory.mktemp("cache")
    monkeypatch.setenv(locations.CACHE_VARIABLE, str(folder))
    return folder


@pytest.fixture
def checkpoints(tmp_path, monkeypatch) -> Path:
    """An empty folder in place of checkpoints/."""
    folder = tmp_path / "checkpoints"
    folder.mkdir()
    monkeypatch.setenv(locations.CHECKPOINTS_VARIABLE, str(folder))
    return folder


@pytest.fixture(scope="session")
def built_release(tmp_path_factory) -> Path:
    """The folder of a small release, `fake-4`, for copies."""
    return build_release(make_source(), FakeCodec(), make_plan(), tmp_path_factory.mktemp("release"))


@pytest.fixture
def release(built_release, checkpoints) -> Path:
    """The folder of a small release, `fake-4`, in `checkpoints`."""
    return shutil.copytree(built_release, checkpoints / built_release.name)


@pytest.fixture
def catalogue(release) -> Iterator[Catalogue]:
    """A catalogue with the small release."""
    with Catalogue() as catalogue:
        catalogue.add_all(release.parent, lambda folder: FakeCodec())
        yield catalogue


@pytest.fixture
def empty_home(tmp_path, monkeypatch) -> Path:
    """An empty home without copies of sources, and with downloads forbidden."""
    home = tmp_path / "home"
    home.mkdir()
    monkeypatch.chdir(home)
    for name in ("HOME", locations.HOME_VARIABLE, locations.CACHE_VARIABLE, "KERAS_HOME", "XDG_CACHE_HOME"):
        monkeypatch.setenv(name, str(home))
    monkeypatch.setenv(locations.OFFLINE_VARIABLE, "1")
    return home


@pytest.fixture
def no_home(empty_home, monkeypatch) -> None:
    """A user without a home folder, like that of many containers."""

    def find_none(_user):
        raise KeyError("no such user")

    for name in ("HOME", locations.HOME_VARIABLE, locations.CACHE_VARIABLE, "KERAS_HOME", "XDG_CACHE_HOME"):
        monkeypatch.delenv(name)
    monkeypatch.setattr("pwd.getpwuid", find_none)


@pytest.fixture(scope="session")
def mnist_home() -> Path:
    """The folder of the real MNIST, from `LD_DATA_HOME`; tests are skipped without it."""
    home = locations.data_home()
    if home is None or not (home / "mnist.npz").is_file():
        pytest.skip("needs the real MNIST: set LD_DATA_HOME to a folder with mnist.npz")
    return home


@pytest.fixture(scope="session")
def empty_store(tmp_path_factory) -> Path:
    """The file of an empty store, for copies: a new store waits for the disk many times.

    Its seed is fixed, so that verdicts on few rows are the same in every run.
    """
    path = tmp_path_factory.mktemp("store") / "scores.sqlite"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("secrets.randbits", lambda bits: 2**bits // 3)
        Store(path).close()
    return path


@pytest.fixture
def store(empty_store, tmp_path) -> Store:
    """An empty store."""
    return Store(shutil.copy(empty_store, tmp_path / "scores.sqlite"))


@pytest.fixture
def service(catalogue, store) -> Iterator[str]:
    """The address of a service with the small release and an empty leaderboard."""
    with serve(make_app(catalogue, store)) as address:
        yield address


@pytest.fixture
def small_models(monkeypatch) -> None:
    """Let the recipes have small networks, which take less time to set up."""
    shrink_models(monkeypatch)


@pytest.fixture
def tiny_mnist1d(monkeypatch, small_models) -> None:
    """Let mnist1d and the rows for its models be few signals, examined against few nulls."""
    shrink_mnist1d(monkeypatch)


@pytest.fixture
def small_blocks(monkeypatch) -> None:
    """Draw signals in small blocks: all of one are drawn, however few are asked for."""
    monkeypatch.setattr("ld_data.mnist1d.stream.BLOCK_ROWS", 1 << 13)


@pytest.fixture
def copied_mnist1d(checkpoints, tiny_mnist1d, built_mnist1d) -> Path:
    """The folder of that release in `checkpoints`."""
    return shutil.copytree(built_mnist1d, checkpoints / built_mnist1d.name)


@pytest.fixture
def trained_mnist1d(monkeypatch, built_mnist1d) -> list[tuple]:
    """Let builds have the models of that release instead of training; the sources and recipes they train by."""
    given, codec = [], vae.load(built_mnist1d)
    monkeypatch.setattr("vae.release.train_codec", lambda *arguments: given.append(arguments) or codec)
    return given


@pytest.fixture(scope="session")
def stored_judge(tmp_path_factory) -> Path:
    """The file of a judge of mnist1d that was never trained, for copies."""
    from eval.classifiers.judges import save_judge
    from eval.classifiers.registry import find_classifier  # late: imports Keras

    path = tmp_path_factory.mktemp("judge") / "mnist1d.keras"
    save_judge(find_classifier("mnist1d-logistic", (40,)).make((40,), classes=10, seed=0), path)
    return path


@pytest.fixture(scope="session")
def built_mnist1d(tmp_path_factory) -> Path:
    """The folder of a release of few signals, built by the command without a judge, for copies.

    One of the processes of the tests builds it, and the others wait.
    """
    folder = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        folder = folder.parent
    with FileLock(folder / "built.lock"), pytest.MonkeyPatch.context() as patch:
        if not (folder / "built" / "ld-mnist1d-5").exists():
            patch.setenv(locations.CHECKPOINTS_VARIABLE, str(folder / "built"))
            shrink_models(patch)
            shrink_mnist1d(patch)
            assert run(ld_data.__main__.main, *QUICK, "--latent-dim", 5, "--seed", 3) == 0
    return folder / "built" / "ld-mnist1d-5"


def shrink_models(patch: pytest.MonkeyPatch) -> None:
    """Shorten the health reports, too: tests/ld_data/health has the two-sample tests and all projections.

    Those of images have no flow, and images are not augmented.
    """
    from sklearn.manifold import TSNE  # late: these take seconds to import

    from ld_data.health.two_sample import stop_early

    patch.setattr("ld_data.health.latents.NULL_SEEDS", 1)
    patch.setattr("ld_data.health.gaussianity.DIRECTIONS", 50)
    patch.setattr("ld_data.health.maps.TSNE", partial(TSNE, max_iter=250))
    patch.setattr("ld_data.health.probes.stop_early", lambda *given: stop_early(*given) | {"max_iter": 2})
    patch.setattr("ld_data.health.two_sample.LEAST_ROWS", 1 << 31)
    small = {"encoder_filters": (), "encoder_units": (32,), "decoder_units": (32,), "flow_units": (16,)}
    plain = {"flow_couplings": 0, "flow_epochs": 0, "divergence": 0.0, "augmentation": 0.0}
    for name, flow in (("mnist1d", {"flow_couplings": 1}), ("images", plain), ("mnist-rot-back-image-like", plain)):
        recipe = RECIPES[name]
        patch.setitem(RECIPES, name, replace(recipe, x=replace(recipe.x, **small, **flow)))


def shrink_mnist1d(patch: pytest.MonkeyPatch) -> None:
    few = Mnist1dConfig(num_samples=500)
    patch.setitem(sources.SOURCES, "mnist1d", lambda: sources._make_mnist1d("mnist1d", few))
    patch.setattr("ld_data.sources.catalogue.MNIST1D_FIT_ROWS", 2000)


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Do not even import a module of slow tests where they are left out: most of these modules import Keras."""
    if config.option.markexpr != "not slow" or collection_path.suffix != ".py":
        return None
    return re.search(r"^pytestmark = \[?pytest\.mark\.slow\b", collection_path.read_text("utf-8"), re.M) and True
