import numpy as np
import pytest

from eval.studies.design.verdicts import judge_exact
from eval.studies.inputs import load_latents
from eval.studies.lottery.latents import measure_masks

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("chosen", ["magnitude", "rotation", "random"])
def test_a_mask_costs_the_energy_that_it_leaves_out(chosen):
    outcome = measure_masks(load_latents(), 0, kept=(0.5, 0.08), rows=300, draws=6, chosen=chosen)
    measured, errors, theory = (np.array(outcome.curves[name]) for name in ("measured", "error", "theory"))
    assert judge_exact(measured, errors, theory).word == "holds"
    expected = {"magnitude": (0.958, 0.481), "rotation": (0.935, 0.408), "random": (0.5, 0.08)}[chosen]
    assert outcome.curves["energy"] == pytest.approx(expected, abs=0.03)
