import shutil

import pytest

import eval.__main__ as eval_main
import ld_data
import ld_data.__main__ as data_main
from ld_data.storage.hashing import hash_file
from tests.support.command_lines import run, run_json

pytestmark = pytest.mark.slow


def test_judge(checkpoints, tiny_mnist1d, built_mnist1d, capsys):
    shutil.copytree(built_mnist1d, checkpoints / built_mnist1d.name)
    assert run(eval_main.main, "judge", "ld-mnist1d-5") == 1
    assert "no judge of mnist1d" in capsys.readouterr().err
    trained = run_json(capsys, eval_main.main, "train-judge", "mnist1d", "--epochs", 1)
    assert trained["path"] == str(checkpoints / "judges" / "mnist1d.keras")
    reading = run_json(capsys, eval_main.main, "judge", "ld-mnist1d-5")
    assert reading["judge_originals"] == trained["judge_originals"]
    assert {"judge_samples", "judge_means", "mse_samples", "mse_means"} < set(reading)
    assert run(eval_main.main, "judge", "ld-mnist1d-5") == 0
    assert "decoded means" in capsys.readouterr().out
    assert ld_data.list_releases() == ["ld-mnist1d-5"]
    assert run(data_main.main, "health", "ld-mnist1d-5", "--keep") == 0
    manifest = ld_data.load("ld-mnist1d-5").manifest
    assert manifest.judge_sha256 == hash_file(checkpoints / "judges" / "mnist1d.keras")
    assert manifest.health["decoded"]["judge_originals"]["value"] == trained["judge_originals"]
