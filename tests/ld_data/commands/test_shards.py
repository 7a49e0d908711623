import shutil

import numpy as np
import pytest

import ld_data.__main__ as data_main
import vae
from ld_data.mnist1d.config import Mnist1dConfig
from ld_data.mnist1d.stream import SignalStream
from ld_data.shards.reading import ShardedRows
from ld_data.shards.records import name_shard
from tests.support.command_lines import run, run_json
from tests.support.shards import write_images
from tests.test_shipped_releases import CHECKPOINTS

pytestmark = pytest.mark.slow


@pytest.fixture
def generator(checkpoints):
    return shutil.copytree(CHECKPOINTS / "ld-mnist1d-32", checkpoints / "ld-mnist1d-32")


def test_signals_become_a_sealed_release(generator, tmp_path, capsys):
    folder = tmp_path / "big"
    planned = (
        "shards",
        "plan",
        folder,
        "--release",
        "ld-mnist1d-32",
        "--rows",
        50,
        "--seed",
        4,
        "--rows-per-shard",
        20,
    )
    assert run_json(capsys, data_main.main, *planned)["shards"] == 3
    assert run_json(capsys, data_main.main, "shards", "make", folder, "--shards", "0:2")["made"] == 2
    assert run(data_main.main, "shards", "seal", folder) == 1
    assert "shards 2 of big are missing" in capsys.readouterr().err
    assert run_json(capsys, data_main.main, "shards", "status", folder)["rows"] == 40
    assert run_json(capsys, data_main.main, "shards", "make", folder) == {"made": 1, "were_there": 2, "shards": 3}
    assert run_json(capsys, data_main.main, "shards", "seal", folder)["rows"] == 50
    assert run_json(capsys, data_main.main, "shards", "verify", folder, "--redraw", 2)["recomputed"] == 2
    signals, labels = SignalStream(Mnist1dConfig(seed=4)).make_rows(0, 50)
    rows = ShardedRows(folder).load(slice(15, 45))
    codec = vae.load("ld-mnist1d-32")
    assert rows.x == pytest.approx(codec.x.encode(signals[15:45], seed=4, first_row=15), abs=1e-5)
    assert np.array_equal(rows.y, codec.y.encode(labels[15:45], seed=4, first_row=15))
    part = "shards", "fetch", folder, tmp_path / "part", "--rows", "25:30"
    assert run_json(capsys, data_main.main, *part)["shards"] == 1
    assert run_json(capsys, data_main.main, "shards", "status", tmp_path / "part")["rows"] == 20
    assert run(data_main.main, "shards", "verify", tmp_path / "part") == 1
    assert "2 of 3 shards are missing (0, 2). The others are as sealed." in capsys.readouterr().err
    assert run_json(capsys, data_main.main, *part[:3], tmp_path / "virtual", "--plan-only")["shards"] == 0
    assert run(data_main.main, *part[:4], "--rows", "25:51") == 1
    assert "--rows must be FIRST:END within 0:50; received '25:51'" in capsys.readouterr().err
    assert run_json(capsys, data_main.main, "shards", "export", folder, tmp_path / "parquet")["files"] == 3
    (folder / name_shard(1)).write_bytes(b"cut")
    assert run(data_main.main, "shards", "verify", folder) == 1
    assert "1 of 3 shards are damaged (1). Delete them with --drop" in capsys.readouterr().err
    assert run(data_main.main, "shards", "verify", folder, "--drop") == 1
    assert run_json(capsys, data_main.main, "shards", "make", folder)["made"] == 1
    assert run(data_main.main, "shards", "verify", folder) == 0


def test_bad_plans_and_numbers_are_refused(generator, release, tmp_path, capsys):
    inputs, labels = write_images(tmp_path)
    for words, reason in (
        (("--release", "fake-4", "--rows", 5), "fake-4 has no generator: plan inputs of your own"),
        (("--release", "ld-mnist1d-32"), "a generator has no end: name the number of --rows"),
        (("--release", "fake-4", "--inputs", *inputs, "--labels", labels[0]), "received 2 and 1"),
        (
            ("--release", "fake-4", "--inputs", *inputs, "--labels", *labels, "--rows", 51),
            "rows must be from 1 to 50",
        ),
        (
            ("--release", "ld-mnist1d-32", "--inputs", *inputs, "--labels", *labels),
            "inputs must have shape (n, 40) with n of 1 or more",
        ),
        (("--release", "nope", "--rows", 5), "no release 'nope'"),
        (("--release", "ld-mnist1d-32", "--rows", 5, "--labels", labels[0]), "--labels are those of --inputs"),
        (("--release", "ld-mnist1d-32", "--rows", 5, "--seed", 10**6), "signals that the models were fitted to"),
    ):
        assert run(data_main.main, "shards", "plan", tmp_path / "big", *words) == 1
        assert reason in capsys.readouterr().err
    assert not (tmp_path / "big").exists()
    assert run(data_main.main, "shards", "plan", tmp_path / "My_Set", "--release", "ld-mnist1d-32", "--rows", 5) == 1
    assert "lower-case letters, digits and hyphens; received 'My_Set'" in capsys.readouterr().err
    assert run(data_main.main, "shards", "plan", tmp_path / "big", "--release", "ld-mnist1d-32", "--rows", 5) == 0
    assert run(data_main.main, "shards", "make", tmp_path / "big", "--shards", "0:2") == 1
    assert "--shards must be FIRST:END within 0:1; received '0:2'" in capsys.readouterr().err
