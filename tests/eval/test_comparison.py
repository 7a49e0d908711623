import json
from dataclasses import replace

import numpy as np
import pytest

from eval import compare, evaluate, summarise_seeds
from eval.comparison import _resample_means
from ld_data.errors import InputError
from ld_data.release.writer import make_dataset
from tests.support.fakes import D, FakeCodec, make_source

FIGURES = ("mse", "noise_free_mse", "skill", "decoded_accuracy")


@pytest.fixture(scope="module")
def data():
    return make_dataset(make_source(1000, 1000), FakeCodec(), "fake", seed=0)


def disturbed(data, scale, seed=0):
    """The oracle's answers with noise; a scale of 2 costs some classes."""
    noise = np.random.default_rng(seed).normal(0, scale, data.test.y.shape)
    return data.class_mean[data.test.label] + noise


def test_the_differences_are_those_of_the_scores(data):
    a, b = disturbed(data, 1.0), disturbed(data, 2.0, seed=1)
    comparison = compare(a, b, data, resamples=200)
    scores = evaluate(a, data), evaluate(b, data)
    for name in FIGURES:
        figure = getattr(comparison, name)
        assert figure.a == pytest.approx(getattr(scores[0], name))
        assert figure.b == pytest.approx(getattr(scores[1], name))
        assert figure.value == pytest.approx(figure.a - figure.b, abs=1e-9)
        assert figure.low <= figure.value <= figure.high
        assert figure.is_significant
    assert (comparison.release, comparison.rows, comparison.resamples) == ("fake", 1000, 200)


def test_a_comparison_names_the_test_set_as_a_score_does(data):
    comparison = compare(data.test.x, data.test.x, data, resamples=50)
    assert comparison.data_sha256 == evaluate(data.test.x, data).data_sha256 == data.test_sha256


def test_a_model_does_not_differ_from_itself(data):
    comparison = compare(disturbed(data, 1.0), disturbed(data, 1.0), data, resamples=100)
    for name in FIGURES:
        figure = getattr(comparison, name)
        assert (figure.value, figure.low, figure.high, figure.is_significant) == (0, 0, 0, False)


def test_figures_print_without_a_negative_zero_and_in_short_where_they_are_huge(data):
    assert "-0.0" not in str(compare(disturbed(data, 1.0), disturbed(data, 1.0), data, resamples=40))
    assert max(map(len, str(compare(data.test.x * 0 + 1e6, data.test.x, data, resamples=40)).split())) < 12


def test_swapping_the_models_turns_the_intervals_round(data):
    one, other = (compare(*pair, data, resamples=300) for pair in _both_orders(data))
    for name in FIGURES:
        figure, turned = getattr(one, name), getattr(other, name)
        assert (turned.value, turned.low, turned.high) == pytest.approx((-figure.value, -figure.high, -figure.low))


def _both_orders(data):
    a, b = disturbed(data, 1.0), disturbed(data, 1.1)
    return (a, b), (b, a)


def test_pairing_sees_what_two_standard_errors_do_not(data):
    """The second model is worse by less than the error of either MSE, but on the same rows."""
    a = disturbed(data, 1.0)
    b = data.class_mean[data.test.label] + 1.02 * (a - data.class_mean[data.test.label])
    scores = evaluate(a, data), evaluate(b, data)
    assert abs(scores[0].mse - scores[1].mse) < 2 * scores[0].standard_error
    assert compare(a, b, data, resamples=500).mse.is_significant


@pytest.mark.slow
@pytest.mark.untraced
def test_ninety_five_of_a_hundred_intervals_hold_the_truth():
    """Two models that differ by a known noise-free MSE, on many redrawn test sets."""
    held = 0
    for seed in range(200):
        data = make_dataset(make_source(30, 200), FakeCodec(), "fake", seed=seed)
        random = np.random.default_rng(seed)
        oracle = data.class_mean[data.test.label]
        a, b = (oracle + random.normal(0, scale, oracle.shape) for scale in (0.5, 0.6))
        figure = compare(a, b, data, resamples=400, seed=seed).noise_free_mse
        held += figure.low <= 0.5**2 - 0.6**2 <= figure.high
    assert 180 <= held <= 198


def test_the_bootstrap_spreads_as_the_standard_error_says():
    values = np.random.default_rng(0).normal(size=(500, 2))
    means = np.concatenate(list(_resample_means(values, 4000, 0)))
    assert means.mean(axis=0) == pytest.approx(values.mean(axis=0), abs=5e-3)
    assert means.std(axis=0) == pytest.approx(values.std(axis=0) / np.sqrt(500), rel=0.05)
    assert np.corrcoef(means.T)[0, 1] == pytest.approx(np.corrcoef(values.T)[0, 1], abs=0.05)


def test_resamples_do_not_depend_on_how_many_are_drawn_at_once(data, monkeypatch):
    pair = disturbed(data, 1.0), disturbed(data, 1.1)
    whole = compare(*pair, data, resamples=50)
    monkeypatch.setattr("eval.comparison.DRAWN_AT_ONCE", 3000)
    parts = compare(*pair, data, resamples=50)
    for name in FIGURES:
        ends = [(getattr(part, name).low, getattr(part, name).high) for part in (whole, parts)]
        assert ends[0] == pytest.approx(ends[1], rel=1e-12)


def test_the_same_seed_gives_the_same_intervals(data):
    pair = disturbed(data, 1.0), disturbed(data, 1.1)
    assert compare(*pair, data, resamples=50) == compare(*pair, data, resamples=50)
    assert compare(*pair, data, resamples=50).mse.low != compare(*pair, data, resamples=50, seed=1).mse.low


def test_a_comparison_prints_as_a_table_and_as_json(data):
    comparison = compare(disturbed(data, 1.0), disturbed(data, 2.0), data, resamples=50)
    text = str(comparison)
    assert text.startswith("fake, 1000 test rows, 50 resamples")
    assert "decoded accuracy" in text
    assert "95 % interval" in text
    assert json.loads(json.dumps(comparison.to_json()))["mse"]["is_significant"] is True


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"resamples": 39}, "resamples must be from 40"),
        ({"resamples": 2.5}, "resamples must be an integer"),
        ({"seed": -1}, "seed must be from 0"),
    ],
)
def test_a_comparison_refuses_options_out_of_range(data, options, words):
    with pytest.raises(InputError, match=words):
        compare(data.test.x, data.test.x, data, **options)
    with pytest.raises(InputError, match="release must be a name"):
        compare(data.test.x, data.test.x, None)


def test_seeds_are_summarised_by_mean_and_standard_deviation(data):
    scores = [evaluate(disturbed(data, 1.5, seed), data) for seed in range(5)]
    summary = summarise_seeds(scores)
    assert (summary.n, summary.release, summary.data_sha256) == (5, "fake", scores[0].data_sha256)
    for name in FIGURES:
        values = [getattr(score, name) for score in scores]
        assert getattr(summary, name).mean == pytest.approx(np.mean(values))
        assert getattr(summary, name).std == pytest.approx(np.std(values, ddof=1))
    assert f"MSE               {np.mean([score.mse for score in scores]):.4f} +- " in str(summary)
    assert json.loads(json.dumps(summary.to_json())) == summary.to_json()


def test_one_seed_has_no_spread(data):
    summary = summarise_seeds([evaluate(np.zeros((1000, D)), data)])
    assert summary.mse.std is None
    assert "+- standard" in str(summary)
    assert str(summary).count("+-") == 1


def test_scores_of_different_data_are_not_summarised(data):
    score = evaluate(np.zeros((1000, D)), data)
    for other in (replace(score, release="other"), replace(score, data_sha256="5ha")):
        with pytest.raises(InputError, match="one release with one test y; received"):
            summarise_seeds([score, other])
    with pytest.raises(InputError, match="received none"):
        summarise_seeds([])
