import ld_data.__main__ as data_main
from tests.support.command_lines import run, run_json
from tests.support.fakes import FakeCodec, make_source


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
    shown = capsys.readouterr().out
    assert f"no releases in {tmp_path / 'elsewhere'}" in shown
    assert "LD_DATA_CHECKPOINTS names another folder" in shown
    release.parent.rename(tmp_path / "elsewhere")
    (row,) = run_json(capsys, data_main.main, "list", "--checkpoints", tmp_path / "elsewhere")
    assert row["name"] == "fake-4"


def test_list_of_nothing_says_what_to_do(checkpoints, capsys):
    assert run(data_main.main, "list") == 0
    assert "build one" in capsys.readouterr().out


def test_verify(release, capsys, monkeypatch):
    counts = run_json(capsys, data_main.main, "verify", release)
    assert counts == {"path": str(release), "files": len(list(release.iterdir())) - 1, "arrays": 9}
    assert run(data_main.main, "verify", release) == 0
    assert f"{counts['files']} files and 9 arrays are as published" in capsys.readouterr().out
    monkeypatch.setattr("ld_data.commands.verification.find_inputs", lambda name, record, path: make_source())
    monkeypatch.setattr("vae.load", lambda name: FakeCodec())
    redrawn = run_json(capsys, data_main.main, "verify", release, "--recompute")
    assert redrawn["differences"]["x_train"] == 0.0
    assert run(data_main.main, "verify", release, "--recompute") == 0
    assert "differ by at most 0, where 0.001 is allowed" in capsys.readouterr().out
    (release / "data.npz").write_bytes(b"")
    assert run(data_main.main, "verify", "fake-4") == 1
    error = capsys.readouterr().err
    assert error.startswith("error: ")
    assert "data.npz" in error
