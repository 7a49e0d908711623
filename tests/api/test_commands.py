import pytest

from api.commands import main as serve_main


def test_the_service_refuses_a_taken_port_at_once(service, checkpoints, tmp_path, capsys):
    arguments = ["--checkpoints", str(checkpoints), "--scores", str(tmp_path / "s"), "--port", service.split(":")[-1]]
    assert serve_main(arguments) == 1
    assert "Choose another with --port" in capsys.readouterr().err


@pytest.mark.parametrize("port", [80000, -1])
def test_the_service_refuses_a_port_out_of_range(checkpoints, tmp_path, port, capsys):
    assert serve_main(["--checkpoints", str(checkpoints), "--port", str(port)]) == 1
    assert capsys.readouterr().err == f"error: --port must be from 0 to 65535; received {port}.\n"


@pytest.mark.parametrize("place", ["mysql://a/b", "postgresql://127.0.0.1:9/b"])
def test_the_service_refuses_a_leaderboard_that_it_cannot_open(checkpoints, place, capsys):
    assert serve_main(["--checkpoints", str(checkpoints), "--scores", place]) == 1
    assert capsys.readouterr().err.startswith("error: the leaderboard")


def test_the_service_refuses_a_missing_folder(tmp_path, capsys):
    assert serve_main(["--checkpoints", str(tmp_path / "nope")]) == 1
    assert "is not a folder" in capsys.readouterr().err


@pytest.mark.parametrize("words", [["benchmark", "--only", "requests"], ["soak", "--minutes", "1"], ["benchmark"]])
def test_measuring_without_a_checkout_says_that_it_needs_one(words, monkeypatch, capsys):
    """An installed package has no api/benchmark."""
    monkeypatch.setattr("api.commands.find_spec", lambda name: None)
    assert serve_main(words) == 1
    assert capsys.readouterr().err.startswith("error: benchmark and soak need a checkout of LD-Data")


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--root-path", "ld"], "the root path must be like /ld"),
        (["--allow-origin", "https://a.b", "--allow-origin", "a.b"], "an origin is like https://example.org"),
    ],
)
def test_the_service_refuses_a_path_or_an_origin_that_is_none(checkpoints, words, message, capsys):
    assert serve_main(["--checkpoints", str(checkpoints), *words]) == 1
    assert capsys.readouterr().err.startswith(f"error: {message}")
