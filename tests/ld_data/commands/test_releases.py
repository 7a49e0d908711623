import ld_data.__main__ as data_main
from tests.support.command_lines import run, run_json


def test_list(release, capsys):
    (row,) = run_json(capsys, data_main.main, "list")
    assert (row["name"], row["train"], row["test"], row["latent_dim"]) == ("fake-4", 60, 30, 4)
    run(data_main.main, "list")
    assert "fake-4" in capsys.readouterr().out


def test_a_broken_release_is_listed_beside_the_others(release, capsys):
    (release.parent / "broken").mkdir()
    (release.parent / "broken" / "manifest.json").write_text("{")
    broken, whole = run_json(capsys, data_main.main, "list")
    assert "not a manifest" in broken["error"]
    assert whole["name"] == "fake-4"
    assert run(data_main.main, "list") == 0
    assert "broken: " in capsys.readouterr().out


def test_releases_of_another_folder_are_listed(release, tmp_path, capsys):
    assert run(data_main.main, "list", "--checkpoints", tmp_path / "elsewhere") == 0
    assert f"no releases in {tmp_path / 'elsewhere'}" in capsys.readouterr().out
    release.parent.rename(tmp_path / "elsewhere")
    (row,) = run_json(capsys, data_main.main, "list", "--checkpoints", tmp_path / "elsewhere")
    assert row["name"] == "fake-4"


def test_list_of_nothing_says_what_to_do(checkpoints, capsys):
    assert run(data_main.main, "list") == 0
    assert "build one" in capsys.readouterr().out


def test_verify(release, capsys):
    counts = run_json(capsys, data_main.main, "verify", release)
    assert counts == {"path": str(release), "files": len(list(release.iterdir())) - 1, "arrays": 9}
    assert run(data_main.main, "verify", release) == 0
    assert f"{counts['files']} files and 9 arrays are as published" in capsys.readouterr().out
    (release / "data.npz").write_bytes(b"")
    assert run(data_main.main, "verify", "fake-4") == 1
    error = capsys.readouterr().err
    assert error.startswith("error: ")
    assert "data.npz" in error


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
    assert run_json(capsys, data_main.main, *words) == facts | {"fetched": False}
    (tmp_path / "new" / "fake-4" / "data.npz").write_bytes(b"damaged")
    assert run_json(capsys, data_main.main, *words) == facts | {"fetched": True}


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
