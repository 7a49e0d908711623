import pytest

import ld_data.__main__ as data_main
from tests.support.command_lines import run, run_json


@pytest.mark.slow
def test_download_says_whether_it_fetched(service, release, cache, tmp_path, capsys):
    words = ("download", "fake-4", "--from", service, "--checkpoints", tmp_path / "new")
    assert run(data_main.main, *words) == 0
    told = capsys.readouterr().out
    assert "downloaded and verified" in told
    assert f"by its name with LD_DATA_CHECKPOINTS={tmp_path / 'new'}" in told
    assert (tmp_path / "new" / "fake-4" / "data.npz").read_bytes() == (release / "data.npz").read_bytes()
    assert run(data_main.main, *words) == 0
    assert "is here already and as published: nothing was fetched" in capsys.readouterr().out
    facts = {"name": "fake-4", "folder": str(tmp_path / "new" / "fake-4"), "version": "1.0.0"}
    facts["place"] = f"{service}/v1/datasets/fake-4/files"
    assert run_json(capsys, data_main.main, *words) == facts | {"fetched": False}
    (tmp_path / "new" / "fake-4" / "data.npz").write_bytes(b"damaged")
    assert run_json(capsys, data_main.main, *words) == facts | {"fetched": True}


@pytest.mark.slow
def test_download_uses_the_service_of_the_environment(service, release, cache, tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("LD_DATA_SERVICE", service)
    words = ("download", "fake-4", "--checkpoints", tmp_path / "new")
    assert run_json(capsys, data_main.main, *words)["fetched"]
    assert run(data_main.main, *words, "--from", "http://127.0.0.1:9") == 1


def test_download_without_a_service_says_how_to_start_one(tmp_path, capsys):
    assert run(data_main.main, "download", "fake-4", "--from", "http://127.0.0.1:9") == 1
    error = capsys.readouterr().err
    assert "no answer from http://127.0.0.1:9/" in error
    assert "`make serve` starts one" in error
