"""The benchmark itself, with turns of a moment: it runs, and it names whatever it could not run."""

import dataclasses
import shutil
import sys

import pytest

from api.benchmark.commands import SECTIONS
from api.benchmark.contenders import ECHO, LONG_WAY, NGINX, OTHERS, SERVICE, Contender, Setting
from api.benchmark.generator import Group, Sample
from api.benchmark.processes import ENVIRONMENT, Request, start
from api.benchmark.suite import (
    PARTS,
    Part,
    compute_multiples,
    compute_ratios,
    make_generator,
    run,
    summarise,
    take_sample,
)
from api.errors import StartError
from tests.support.paths import CHECKPOINTS


@pytest.fixture
def folder(tmp_path):
    """A shipped release, alone in a folder."""
    return shutil.copytree(CHECKPOINTS / "ld-mnist1d-32", tmp_path / "checkpoints" / "ld-mnist1d-32")


def run_briefly(folder, *sections):
    return run(folder, sys.executable, sections, 1, 0.02)


def find_other(name):
    (contender,) = [other for other in OTHERS if other.name == name]
    return contender


def make_part(contender, rows=1):
    return Part(contender.name, contender, ((contender.ask, rows, 2),))


SERVER = [sys.executable, "-m", "http.server", "--bind", "127.0.0.1", "--directory"]


def test_every_section_has_a_description_and_something_to_measure():
    assert all(SECTIONS.values())
    assert {*PARTS, "overload", "start"} == set(SECTIONS)


def test_parts_have_different_names():
    names = [part.name for parts in PARTS.values() for part in parts]
    assert len(set(names)) == len(names)


def test_ratios_compare_the_service_with_others_at_the_same_load():
    rates = {
        "service, .npy, 1 x 16": 90.0,
        "service, JSON, 1 x 16": 60.0,
        "service by the long way, .npy, 1 x 16": 72.0,
        "MLServer, 1 x 16": 30.0,
        "MLServer, 1 x 64": 30.0,
        "data.npz": 5.0,
        "data.npz from nginx": 10.0,
    }
    parts = [part for parts in PARTS.values() for part in parts]
    ratios = compute_ratios(parts, {name: Sample(rate) for name, rate in rates.items()})
    assert ratios == {
        "service, JSON, 1 x 16": 1.5,
        "service by the long way, .npy, 1 x 16": 1.25,
        "MLServer, 1 x 16": 3.0,
        "data.npz from nginx": 0.5,
    }


def test_multiples_compare_the_work_of_a_request_with_that_of_a_bare_application():
    works = {"bare uvicorn, 1 x 64": 4e-5, "echo, .npy, 1 x 64": 9e-5, "echo, .npy, 1 x 16": 1e-4, "data.npz": 1.0}
    parts = [part for parts in PARTS.values() for part in parts]
    multiples = compute_multiples(parts, {name: Sample(1.0, work=work) for name, work in works.items()})
    assert multiples == {"bare uvicorn, 1 x 64": 1, "echo, .npy, 1 x 64": pytest.approx(2.25)}


@pytest.fixture(scope="module")
def results(tmp_path_factory):
    """The results of one run of almost all sections, with few parts and small loads, and with servers that fail."""
    folder = shutil.copytree(CHECKPOINTS / "ld-mnist1d-32", tmp_path_factory.mktemp("release") / "ld-mnist1d-32")
    requests = [part for part in PARTS["requests"] if part.name.endswith("1 x 16")]
    requests = [*requests[1:3], requests[-1]]
    large = [
        dataclasses.replace(part, groups=tuple((ask, min(rows, 500), count) for ask, rows, count in part.groups))
        for part in PARTS["large"]
    ]
    download, beside = PARTS["download"]
    absent = dataclasses.replace(NGINX, command="/nowhere/nginx")
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(PARTS, "requests", requests)
        patch.setitem(PARTS, "large", large)
        patch.setitem(PARTS, "download", [download, dataclasses.replace(beside, contender=absent)])
        patch.setitem(PARTS, "others", make_others())
        patch.setattr("api.benchmark.suite.WARM_UP_SECONDS", 0.02)
        return run_briefly(folder, "requests", "large", "download", "others", "overload")


def make_others():
    """The parts of others: one that works, one that ends at once, and three without any installed packages."""
    working = find_other("FastAPI, ONNX Runtime")
    broken = Contender("Broken", """{own} -c 'raise SystemExit("no such library")'""", working.ask)
    others = [find_other(name) for name in ("LitServe", "BentoML", "MLServer")]
    bare = [dataclasses.replace(other, command=other.command.replace("{python}", "{python} -S")) for other in others]
    return [make_part(broken), *map(make_part, bare), make_part(working, 64), make_part(ECHO[1], 64)]


def test_the_long_way_asks_the_same(folder, tmp_path):
    short, long = (contender.ask(Setting.read(folder, "", tmp_path), 1) for contender in (SERVICE[1], LONG_WAY))
    assert dataclasses.replace(long, path=short.path) == short


@pytest.mark.slow
def test_the_service_answers_every_part_right(results):
    names = {"service, .npy, 1 x 16", "bare uvicorn, 1 x 16", "service by the long way, .npy, 1 x 16", "data.npz"}
    names |= {part.name for part in PARTS["large"]} | {"FastAPI, ONNX Runtime", "echo, .npy"}
    assert set(results.samples) == names
    for sample in results.samples.values():
        assert sample.failures == 0
        assert 0 < sample.p50 <= sample.p99
    assert results.figures["overload, 64 rows, .npy: wrong or lost"] == 0
    assert results.figures["overload, 64 rows, .npy: capacity, requests a second"] > 0


@pytest.mark.slow
def test_servers_that_do_not_start_are_named_and_the_others_are_measured(results):
    assert set(results.missing) == {"Broken", "LitServe", "BentoML", "MLServer", "nginx"}
    assert results.missing["Broken"] == "it ended with status 1 (no such library)"
    assert all("No module named" in results.missing[name] for name in ("LitServe", "BentoML", "MLServer"))
    assert "No such file" in results.missing["nginx"]


@pytest.mark.slow
def test_nginx_serves_the_same_file(folder, monkeypatch):
    monkeypatch.setattr("api.benchmark.suite.WARM_UP_SECONDS", 0.02)
    if shutil.which("nginx", path=ENVIRONMENT["PATH"]) is None:
        pytest.skip("needs nginx")
    results = run_briefly(folder, "download")
    assert set(results.samples) == {"data.npz", "data.npz from nginx"}
    assert all(sample.failures == 0 for sample in results.samples.values())


def test_turns_come_to_their_medians_and_all_their_failures():
    turns = [Sample(10.0, 1.0, 5.0, 1, 1), Sample(30.0, 3.0, 4.0, 0, 0, 7), Sample(20.0, 9.0, 6.0, 2, 2, 5, 0.3)]
    assert summarise(turns) == Sample(20.0, 3.0, 5.0, 1, 3, 5, 0.0)


@pytest.mark.slow
def test_a_generator_of_its_own_measures_a_server(tmp_path):
    request = Request("/")
    with start(lambda port: [*SERVER, str(tmp_path), str(port)], request) as running, make_generator() as generator:
        sample = take_sample(generator, running, [Group(request, 2)], 0.2)
        assert sample.failures == 0
        assert sample.rate > 0
        assert sample.work > 0 or sys.platform != "linux"
        running.process.kill()
        running.process.wait()
        with pytest.raises(StartError, match="the load generator failed"):
            take_sample(generator, running, [Group(request)], 0.1)
