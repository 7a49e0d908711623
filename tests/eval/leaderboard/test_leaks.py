import re
from dataclasses import replace

import numpy as np
import pytest

from eval.leaderboard.leaks import check_lengths, measure_ceiling, measure_gap, verify_predictions
from eval.predictions import Predictions, check_predictions
from eval.score import score_predictions
from ld_data.errors import InputError, LeakError
from ld_data.release.dataset import LatentDataset, Split
from ld_data.release.folder import load
from ld_data.release.writer import make_dataset
from ld_data.storage.hashing import hash_array
from tests.support.fakes import FakeCodec, build_release, make_plan, make_source

D, K, SCALE = 32, 10, 0.9
SECRET = 2**62 + 12345


@pytest.fixture(scope="module")
def data():
    """A dataset as noisy as a shipped release: the class explains little of y, and x blurs the class."""
    random = np.random.default_rng(0)
    mean = np.linalg.qr(random.normal(size=(D, K)))[0].T * 1.7
    splits = [make_split(random, mean, rows) for rows in (20_000, 10_000)]
    weight, bias = mean.T, -0.5 * np.square(mean).sum(axis=1)
    return LatentDataset("ld-test-32", *splits, weight, bias, mean)


def make_split(random, mean, rows):
    label = random.integers(0, K, rows)
    x, y = (mean[label] + random.normal(0, SCALE, (rows, D)) for _ in range(2))
    return Split(x.astype(np.float32), y.astype(np.float32), label.astype(np.uint8))


@pytest.fixture(scope="module")
def private_y(data):
    """A redraw of the test y."""
    random = np.random.default_rng(1)
    return (data.class_mean[data.test.label] + random.normal(0, SCALE, data.test.y.shape)).astype(np.float32)


@pytest.fixture(scope="module")
def honest(data):
    """The predictions of least squares."""
    coefficients = np.linalg.lstsq(data.train.x, data.train.y)[0]
    return data.test.x @ coefficients


@pytest.fixture(scope="module")
def manifest(tmp_path_factory):
    folder = build_release(make_source(), FakeCodec(), make_plan(), tmp_path_factory.mktemp("checkpoints"))
    return load(folder).manifest


def with_ceiling(data, manifest, accuracy):
    health = {"decoded": {"judge_samples": {"value": accuracy}}, "probes": {"mlp_probe": {"value": accuracy - 0.1}}}
    return replace(data, manifest=replace(manifest, health=health))


def verify(values, data, private_y):
    """Return the verdict on an array, checked as the service does."""
    return verify_predictions([check_predictions(values, data)], data, private_y)


def test_an_honest_model_is_ranked_with_both_scores(data, private_y, honest):
    verdict = verify(honest, data, private_y)
    assert verdict.status == "ranked"
    assert verdict.score == score_predictions(honest, data)
    private = score_predictions(honest, replace(data, test=replace(data.test, y=private_y)))
    assert verdict.private.mse == pytest.approx(private.mse, abs=private.standard_error) != verdict.score.mse
    assert verdict.private.skill == pytest.approx(verdict.score.skill, abs=0.05)
    assert verdict.private.null != pytest.approx(verdict.score.null, abs=1e-5)
    assert verdict.predictions_sha256 == hash_array(honest.astype(np.float32))


def test_private_figures_are_as_coarse_as_their_standard_errors(data, private_y, honest):
    private = verify(honest, data, private_y).private
    assert 0.001 < private.standard_error < 0.01
    assert private.mse == round(private.mse, 3)
    assert private.skill == round(private.skill, 3)


@pytest.mark.parametrize("length", [12.0, 2.0**19])
def test_a_row_longer_than_any_y_is_refused(data, private_y, honest, length):
    """Amid short rows its error would show through the mean: two such submissions tell a value of the private y."""
    predictions = honest.astype(np.float64)
    predictions[7] = length / np.sqrt(D)
    with pytest.raises(InputError, match=r"at most 11\.2, since no y is longer; row 7 has"):
        verify(predictions, data, private_y)


def test_y_itself_is_never_too_long():
    y = np.random.default_rng(0).normal(size=(100_000, D))
    check_lengths(y)
    check_lengths(np.full((1, D), 11.1 / np.sqrt(D)))


def test_a_refusal_does_not_reveal_the_redraw(data, private_y, honest):
    with pytest.raises(LeakError) as refused:
        verify(0.02 * data.test.y + 0.98 * honest, data, private_y)
    gap, error = re.search(r"is (\S+) \+- (\S+) higher", str(refused.value)).groups()
    assert float(gap) == round(float(gap), 3)
    assert len(error.strip("0.")) == 1


def test_a_copy_of_the_public_y_is_refused(data, private_y):
    with pytest.raises(LeakError, match="below the floor"):
        verify(data.test.y, data, private_y)


def test_a_copy_of_y_scores_worse_than_null_on_the_redraw(data, private_y):
    private = score_predictions(data.test.y, replace(data, test=replace(data.test, y=private_y)))
    assert private.skill < 0


def test_a_copy_of_the_redraw_itself_is_refused(data, private_y):
    with pytest.raises(LeakError, match="below the floor"):
        verify(private_y, data, private_y)


@pytest.mark.parametrize("share", [0.01, 0.05, 0.2, 0.5])
def test_a_blend_with_the_public_y_is_refused_by_the_redraw(data, private_y, honest, share):
    """Also where the public score is one that an honest model might have."""
    blend = share * data.test.y + (1 - share) * honest
    with pytest.raises(LeakError):
        verify(blend, data, private_y)
    gap, _ = measure_gap(blend, data, private_y)
    assert gap == pytest.approx(2 * share * SCALE**2, rel=0.15)


def test_the_refusal_of_a_blend_above_the_floor_says_not_confirmed(data, private_y, honest):
    blend = 0.02 * data.test.y + 0.98 * honest
    assert not score_predictions(blend, data).is_leak
    with pytest.raises(LeakError, match="not confirmed"):
        verify(blend, data, private_y)


@pytest.mark.slow
def test_honest_models_are_hardly_ever_refused(data, private_y, honest):
    """The gap of models of x, in its standard errors, is a standard normal over redraws."""
    gaps = []
    for seed in range(60):
        redraw = data.class_mean[data.test.label] + np.random.default_rng(seed).normal(0, SCALE, data.test.y.shape)
        gap, error = measure_gap(honest, replace(data, test=replace(data.test, y=redraw)), private_y)
        gaps.append(gap / error)
    # all gaps share the private draw, half of their variance: the other half is their spread
    assert np.abs(gaps).max() < 4
    assert 0.5 < np.std(gaps) < 0.95


def test_the_oracle_itself_has_no_gap_at_all(data, private_y):
    assert measure_gap(data.class_mean[data.test.label], data, private_y) == (0.0, 0.0)
    assert verify(data.class_mean[data.test.label], data, private_y).status == "ranked"


def test_class_means_by_true_label_with_noise_are_suspect(data, private_y, manifest):
    random = np.random.default_rng(2)
    cheat = data.class_mean[data.test.label] + random.normal(0, 0.2, data.test.y.shape)
    verdict = verify(cheat, with_ceiling(data, manifest, 0.99), private_y)
    assert verdict.status == "suspect"
    assert verdict.ceiling == pytest.approx(0.99 + 3 * np.sqrt(0.99 * 0.01 / 10_000))


def test_an_accuracy_at_the_ceiling_is_ranked(data, private_y, manifest, honest):
    accuracy = score_predictions(honest, data).decoded_accuracy
    assert verify(honest, with_ceiling(data, manifest, accuracy), private_y).status == "ranked"
    assert verify(honest, with_ceiling(data, manifest, accuracy - 0.05), private_y).status == "suspect"


def test_one_seed_above_the_ceiling_is_suspect(data, private_y, manifest, honest):
    """The mean of the seeds lies below it."""
    random, means = np.random.default_rng(2), data.class_mean[data.test.label]
    cheat = means + random.normal(0, 0.2, data.test.y.shape)
    seeds = [check_predictions(values, data) for values in (cheat, honest, 0.9 * honest)]
    verdict = verify_predictions(seeds, with_ceiling(data, manifest, 0.98), private_y)
    assert verdict.score.decoded_accuracy < verdict.ceiling
    assert verdict.status == "suspect"


def test_there_is_no_ceiling_without_a_measure(manifest):
    assert measure_ceiling(None, 100) is None
    assert measure_ceiling(manifest, 100) is None
    assert measure_ceiling(replace(manifest, health={"probes": {"mlp_probe": {"value": None}}}), 100) is None
    assert measure_ceiling(replace(manifest, health={"probes": {"mlp_probe": {"value": 0.999}}}), 10) == 1.0


def test_the_same_numbers_have_the_same_hash_in_any_form(data, private_y, honest):
    values = honest.astype(np.float32)
    forms = [values, *(np.asfortranarray(values.astype(dtype)) for dtype in ("<f8", ">f4", ">f8", "<f4"))]
    first, *others = (verify(form, data, private_y) for form in forms)
    for verdict in others:
        assert verdict.predictions_sha256 == first.predictions_sha256
        assert verdict.score == first.score


def test_one_test_row_cannot_be_verified():
    data = make_dataset(make_source(60, 1), FakeCodec(), "fake", seed=0)
    with pytest.raises(InputError, match="two test rows"):
        verify(np.ones((1, 4)), data, data.test.y)


@pytest.fixture(scope="module")
def seeds(honest):
    """Predictions of three seeds."""
    return [check(honest + np.random.default_rng(seed).normal(0, 0.1, honest.shape)) for seed in range(10, 13)]


def check(values):
    return Predictions(np.ascontiguousarray(values, np.float32))


def test_seeds_have_the_means_of_their_scores_and_wider_intervals(data, private_y, seeds):
    verdict = verify_predictions(seeds, data, private_y)
    scores = [score_predictions(own.values, data) for own in seeds]
    assert verdict.seeds == tuple(scores)
    for name in ("mse", "skill", "noise_free_mse", "decoded_accuracy", "null"):
        assert getattr(verdict.score, name) == pytest.approx(np.mean([getattr(score, name) for score in scores]))
    np.testing.assert_allclose(
        verdict.score.class_accuracy, np.mean([score.class_accuracy for score in scores], axis=0)
    )
    assert verdict.errors.mean() == pytest.approx(verdict.score.noise_free_mse)
    low, high = verdict.intervals["skill"]
    assert low + 1.96 * verdict.score.skill_standard_error < verdict.score.skill < high
    assert verdict.predictions_sha256 == hash_array(np.stack([own.values for own in seeds]))
    assert verdict.private.skill == pytest.approx(verdict.score.skill, abs=0.05)
    names = ("mse", "noise_free_mse", "skill", "decoded_accuracy")
    assert verdict.to_json()["seed_scores"] == [{name: getattr(score, name) for name in names} for score in scores]
    assert "seed_scores" not in verify_predictions(seeds[:1], data, private_y).to_json()


def test_a_leak_in_one_seed_is_refused_with_its_number(data, private_y, seeds):
    blend = check(0.02 * data.test.y + 0.98 * seeds[1].values)
    for wrong, words in (
        (blend, "not confirmed"),
        (check(data.test.y), "below the floor"),
        (check(private_y), "below"),
    ):
        with pytest.raises(LeakError, match=f"^seed 2 of 3: .*{words}"):
            verify_predictions([seeds[0], wrong, seeds[2]], data, private_y)
    with pytest.raises(InputError, match=r"^seed 3 of 3: each prediction must have a length"):
        verify_predictions([*seeds[:2], check(seeds[2].values + 9)], data, private_y)
