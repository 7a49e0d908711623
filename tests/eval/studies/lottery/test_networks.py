import numpy as np
import pytest

from eval.studies.inputs import Latents
from eval.studies.lottery.networks import KINDS, find_planted, prune_networks


@pytest.fixture(scope="module")
def latents():
    """Latents whose y copies the first half of x, with noise: 4 components, and 10,500 rows, of which 500 train."""
    random = np.random.default_rng(0)
    x = random.standard_normal((10_500, 4))
    y = 0.8 * np.concatenate([x[:, :2], x[:, :2]], axis=1) + 0.6 * random.standard_normal((10_500, 4))
    return Latents(x, y, "0")


def test_each_kind_of_mask_has_a_point_for_each_share(latents):
    outcome = prune_networks(latents, 0, shares=(0.0, 0.5, 1.0), hidden=8, steps=300, rate=0.01)
    assert set(outcome.curves) == {"at", *KINDS}
    assert outcome.figures["dense"] > 40
    assert outcome.curves["magnitude"][0] == outcome.curves["random"][0] == 1
    assert outcome.curves["rotation"][0] != 1
    assert [outcome.curves[kind][2] for kind in KINDS] == pytest.approx([0, 0, 0], abs=1e-6)  # nothing is left


def test_magnitude_finds_a_planted_support_in_its_own_basis_alone(latents):
    outcome = find_planted(latents, 0, share=0.25, rows=(6, 20_000))
    few, many = outcome.curves["magnitude"]
    assert few < many == 1
    assert outcome.curves["rotation"][1] < 0.8
    assert 0.25 <= outcome.curves["chance"][1] < 0.8
