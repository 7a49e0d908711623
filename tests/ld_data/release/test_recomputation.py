from dataclasses import replace

import numpy as np
import pytest

from ld_data.errors import IntegrityError
from ld_data.release.folder import load_verified
from ld_data.release.recomputation import TOLERANCE, compare_draws
from tests.support.fakes import FakeCodec, FakeX, add_shifts, make_source


class OtherProcessor(FakeX):
    """Rounds in another way."""

    error = TOLERANCE / 2

    def run_encoder(self, inputs, noise):
        return super().run_encoder(inputs, noise) + np.float32(self.error)


class OtherModel(OtherProcessor):
    error = TOLERANCE * 2


def test_the_models_draw_the_release_again(release):
    differences = compare_draws(*load_verified("fake-4"), make_source(), FakeCodec())
    assert set(differences) == set(load_verified("fake-4")[1].to_arrays())
    assert set(differences.values()) == {0.0}


def test_shifted_test_sets_are_drawn_again_too(release, monkeypatch):
    add_shifts(release)
    change = {"noise": lambda inputs: inputs + 1, "scale": lambda inputs: inputs + inputs}
    monkeypatch.setattr("ld_data.release.writer.shift_inputs", lambda name, inputs, parameters: change[name](inputs))
    with pytest.raises(IntegrityError, match=r"draw: scale by \d"):  # the noise of x is not doubled
        compare_draws(*load_verified("fake-4"), make_source(), FakeCodec())


def test_the_rounding_of_another_processor_is_allowed(release):
    differences = compare_draws(*load_verified("fake-4"), make_source(), FakeCodec(OtherProcessor()))
    assert 0 < differences["x_train"] < TOLERANCE


def test_another_model_or_another_source_is_not(release):
    with pytest.raises(IntegrityError, match=r"x_train by 0\.00\d+, x_test by .*It was built with .*numpy"):
        compare_draws(*load_verified("fake-4"), make_source(), FakeCodec(OtherModel()))
    source = make_source()
    with pytest.raises(IntegrityError, match="label_test by 2"):
        compare_draws(*load_verified("fake-4"), replace(source, label_test=source.label_test[::-1]), FakeCodec())
    with pytest.raises(IntegrityError, match=r"x_train has shape \(60, 4\); drawn again \(50, 4\)"):
        compare_draws(*load_verified("fake-4"), make_source(train=50, test=40), FakeCodec())
