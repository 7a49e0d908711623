import shutil

import numpy as np
import pytest

import ld_data
import ld_data.__main__ as data_main
import vae
from ld_data.mnist1d import make_mnist1d
from tests.support.command_lines import run_json
from tests.test_shipped_releases import CHECKPOINTS


@pytest.mark.slow
def test_shifts(checkpoints, capsys):
    folder = shutil.copytree(CHECKPOINTS / "ld-mnist1d-32", checkpoints / "ld-mnist1d-32")
    before = ld_data.load(folder)
    made = run_json(capsys, data_main.main, "shifts", "ld-mnist1d-32")
    data = ld_data.load("ld-mnist1d-32")
    assert data.shifts == tuple(made) == ("noise", "scale", "missing")
    assert data.test_sha256 == before.test_sha256
    assert made["scale"]["sha256"] == data.manifest.files[made["scale"]["file"]].sha256
    signals = make_mnist1d().x_test.astype(np.float32) * 1.5
    x = vae.load("ld-mnist1d-32").x.encode(signals, seed=data.manifest.seed, first_row=len(data.train))
    assert data.shifted("scale").test.x == pytest.approx(x, abs=1e-6)
