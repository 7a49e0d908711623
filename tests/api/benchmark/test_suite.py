"""The benchmark itself, with turns of a moment: that it runs, and tells what it could not run."""

import shutil
import sys
from pathlib import Path

import pytest

from api.benchmark.contenders.registry import OTHERS, Contender
from api.benchmark.options import SECTIONS, Options
from api.benchmark.suite import PRODUCTS, run
from tests.support.paths import CHECKPOINTS


@pytest.fixture
def folder(tmp_path):
    """A shipped release, alone in a folder."""
    return Path(shutil.copytree(CHECKPOINTS / "ld-mnist1d-32", tmp_path / "checkpoints" / "ld-mnist1d-32"))


def run_briefly(folder, *sections):
    options = Options(
        folder, sections=sections, rounds=1, seconds=0.02, warm_up=0.01, overload_seconds=0.1, progress=False
    )
    return run(options)


def test_the_service_answers_every_part_right(folder, monkeypatch):
    monkeypatch.setattr("api.benchmark.suite.LARGE_ROWS", 1000)
    results = run_briefly(folder, "large", "overload")
    assert set(results.samples) == {"large JSON", "beside JSON", "large .npy", "beside .npy"}
    for sample in results.samples.values():
        assert sample.failures == 0
        assert 0 < sample.p50 <= sample.p99
    assert results.figures["overload: wrong or lost"] == 0
    assert results.figures["overload: capacity"] > 0
    assert results.missing == {}


def test_a_server_that_does_not_start_is_named_and_the_others_are_measured(folder, monkeypatch):
    words = [sys.executable, "-c", "raise SystemExit('no such library')"]
    broken = Contender("Broken", lambda setting, port: words, OTHERS[0].make)
    monkeypatch.setattr("api.benchmark.suite.OTHERS", [broken, OTHERS[2]])
    results = run_briefly(folder, "others")
    assert results.missing == {"Broken": "it ended with status 1 (no such library)"}
    assert {f"FastAPI, ONNX Runtime, {load}" for load in ("1 x 16", "1 x 64", "64 x 16")} == set(results.samples)


@pytest.mark.parametrize("script", ["litserve_decoder", "bentoml_decoder", "mlserver_decoder"])
def test_an_alternative_whose_library_is_missing_says_so(folder, script, monkeypatch):
    """The interpreter runs without any installed packages."""
    contender = next(other for other in OTHERS if other.name.lower() in script)
    bare = Contender(contender.name, lambda *places: _run_bare(contender.command(*places)), contender.make)
    monkeypatch.setattr("api.benchmark.suite.OTHERS", [bare])
    results = run_briefly(folder, "others")
    assert "No module named" in results.missing[contender.name]
    assert results.samples == {}


def _run_bare(command):
    return [command[0], "-S", *command[1:]]


def test_a_download_is_measured_and_nginx_named_where_it_is_not_installed(folder, monkeypatch):
    monkeypatch.setattr("shutil.which", lambda *_, **__: None)
    results = run_briefly(folder, "download")
    assert set(results.samples) == {"download"}
    assert results.missing == {"nginx": "not installed"}


def test_nginx_serves_the_same_file(folder):
    if shutil.which("nginx", path="/usr/sbin:/usr/bin:/usr/local/bin") is None:
        pytest.skip("needs nginx")
    assert set(run_briefly(folder, "download").samples) == {"download", "download from nginx"}


def test_the_networks_alone_are_measured_beside_the_matrix_product(folder, monkeypatch):
    monkeypatch.setattr("api.benchmark.suite.ALONE_IN_KERAS", {})
    results = run_briefly(folder, "alone")
    assert {*PRODUCTS, "verify", "decoder 1", "encoder 4096"} <= set(results.samples)
    assert results.figures["flop of decoder"] == pytest.approx(845_824, rel=0.1)


def test_every_section_is_told_with_what_it_is():
    assert all(SECTIONS.values())
