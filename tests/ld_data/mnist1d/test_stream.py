import os
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest
from scipy import stats
from sklearn.neural_network import MLPClassifier
from threadpoolctl import threadpool_limits

from ld_data.errors import InputError
from ld_data.health.two_sample import measure_c2st
from ld_data.mnist1d.config import MAX_SCALE, Mnist1dConfig, make_templates
from ld_data.mnist1d.dataset import make_canonical
from ld_data.mnist1d.stream import SignalStream

ROWS = 20_000
BIG = Mnist1dConfig(final_seq_length=600, template_len=600, padding=(60, 90))  # too big for tables
SMALL = Mnist1dConfig(template_len=3, padding=(1, 4), max_translation=30, final_seq_length=7, shuffle_seq=True)


@pytest.fixture(scope="module")
def canonical():
    x, labels, _ = make_canonical(make_templates(), Mnist1dConfig(num_samples=ROWS, seed=1))
    return x.astype(np.float32), labels


@pytest.fixture(scope="module", params=["tables", "whole"])
def fast(request):
    stream = SignalStream(Mnist1dConfig(seed=2))
    assert stream.has_tables
    stream.has_tables = request.param == "tables"
    return stream.make_rows(0, ROWS)


@pytest.mark.slow
@pytest.mark.usefixtures("small_blocks")
@pytest.mark.parametrize("config", [Mnist1dConfig(), SMALL, BIG], ids=["default", "small", "big"])
def test_a_row_does_not_depend_on_the_other_requested_rows(config):
    stream = SignalStream(config)
    rows = 2 * stream.block_rows + 100
    signals, labels = stream.make_rows(0, rows)
    assert signals.shape == (rows, config.final_seq_length)
    assert signals.dtype == np.float32
    for first, count in [(0, 1), (stream.block_rows - 3, 7), (rows - 5, 5), (17, stream.block_rows + 1)]:
        again, again_labels = SignalStream(config).make_rows(first, count)
        assert np.array_equal(again, signals[first : first + count])
        assert np.array_equal(again_labels, labels[first : first + count])


@pytest.mark.slow
@pytest.mark.usefixtures("small_blocks")
def test_seeds_and_blocks_differ():
    stream = SignalStream()
    first = stream.make_rows(0, 100)[0]
    assert not np.array_equal(first, stream.make_rows(stream.block_rows, 100)[0])
    assert not np.array_equal(first, SignalStream(Mnist1dConfig(seed=43)).make_rows(0, 100)[0])


@pytest.mark.slow
def test_parts_are_bounded_and_make_up_the_whole():
    stream = SignalStream(SMALL)
    parts = list(stream.iterate(3 * stream.block_rows, first_row=5))
    assert max(len(labels) for _, labels in parts) <= stream.block_rows
    assert np.array_equal(np.concatenate([x for x, _ in parts]), stream.make_rows(5, 3 * stream.block_rows)[0])


def test_each_ten_rows_hold_every_class_once_in_random_order():
    labels = SignalStream().make_rows(0, 1000)[1].reshape(100, 10)
    assert np.array_equal(np.sort(labels, axis=1), np.tile(np.arange(10), (100, 1)))
    assert len(np.unique(labels, axis=0)) > 95


@pytest.mark.slow
def test_all_points_have_mean_0_and_std_1(fast):
    assert fast[0].mean(dtype=np.float64) == pytest.approx(0, abs=0.01)
    assert fast[0].std(dtype=np.float64) == pytest.approx(1, abs=0.01)


@pytest.mark.slow
def test_every_point_has_the_canonical_distribution(canonical, fast):
    p_values = [stats.ks_2samp(canonical[0][:, i], fast[0][:, i]).pvalue for i in range(40)]
    assert min(p_values) > 0.001 / 40


@pytest.mark.slow
def test_means_and_covariances_of_every_class_are_the_canonical_ones(canonical, fast):
    for label in range(10):
        ours, theirs = (x[y == label].astype(np.float64) for x, y in (fast, canonical))
        error = np.sqrt(ours.var(axis=0) / len(ours) + theirs.var(axis=0) / len(theirs))
        assert np.abs((ours.mean(axis=0) - theirs.mean(axis=0)) / error).max() < 4.5
        assert measure_covariance_error(ours, theirs) < 5


def measure_covariance_error(first, second):
    """The greatest difference of covariances, in standard errors."""
    products = [np.einsum("ni,nj->nij", x - x.mean(axis=0), x - x.mean(axis=0)) for x in (first, second)]
    error = np.sqrt(sum(p.var(axis=0) / len(p) for p in products))
    return np.abs((products[0].mean(axis=0) - products[1].mean(axis=0)) / error).max()


@pytest.mark.slow
def test_the_extremes_are_the_canonical_ones(canonical, fast):
    for measure in (np.max, np.min, np.ptp, np.std):
        ours, theirs = measure(fast[0], axis=1), measure(canonical[0], axis=1)
        assert stats.ks_2samp(ours, theirs).pvalue > 1e-3
        for share in (0.001, 0.999):
            quantile = np.quantile(theirs, share)
            counts = [np.sum(values > quantile) for values in (ours, theirs)]
            assert stats.chi2_contingency([counts, np.subtract(ROWS, counts)]).pvalue > 1e-3


@pytest.mark.slow
def test_neighbouring_points_differ_as_in_canonical_signals(canonical, fast):
    ours, theirs = np.diff(fast[0], axis=1), np.diff(canonical[0], axis=1)
    assert min(stats.ks_2samp(ours[:, i], theirs[:, i]).pvalue for i in range(39)) > 0.001 / 39


@pytest.mark.untraced
@pytest.mark.slow
def test_classifiers_cannot_tell_them_apart(canonical, fast):
    with_class = [np.column_stack([x, np.eye(10)[y]]) for x, y in (canonical, fast)]
    accuracy = measure_c2st(*with_class)
    assert accuracy == pytest.approx({"c2st_mlp": 0.5, "c2st_trees": 0.5}, abs=4 * 0.5 / np.sqrt(ROWS))


@pytest.mark.untraced
@pytest.mark.slow
def test_a_classifier_would_notice_a_slip(canonical):
    """The power of the test before: correlated noise one fifth too strong, all else the same."""
    other = SignalStream(Mnist1dConfig(seed=3, corr_noise_scale=0.3)).make_rows(0, ROWS)[0]
    assert max(measure_c2st(canonical[0], other).values()) > 0.55


@pytest.fixture(scope="module")
def judged(canonical):
    """A judge of canonical signals, and which of these it reads right."""
    from eval.classifiers.judges import open_judge

    judge, (x, y) = open_judge("mnist1d"), canonical
    return judge, judge.classify(x) == y


@pytest.mark.untraced
@pytest.mark.slow
def test_a_judge_of_canonical_signals_reads_both_alike(judged, fast):
    judge, canonical = judged
    correct = canonical, judge.classify(fast[0]) == fast[1]
    error = np.sqrt(sum(c.var() / ROWS for c in correct))
    assert abs(correct[0].mean() - correct[1].mean()) < 4 * error


@pytest.mark.untraced
@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_a_network_trained_on_fast_signals_reads_canonical_ones_alike(canonical):
    """Those of tables; a judge and classifiers compare either kind."""
    fast, half = SignalStream(Mnist1dConfig(seed=2)).make_rows(0, ROWS), ROWS // 2
    network = MLPClassifier((100,), learning_rate_init=5e-3, max_iter=12, random_state=0).fit(
        fast[0][:half], fast[1][:half]
    )
    accuracy = [network.score(x[half:], y[half:]) for x, y in (canonical, fast)]
    assert accuracy[1] > 0.5
    assert accuracy[0] == pytest.approx(accuracy[1], abs=4 * np.sqrt(2 * 0.25 / half))


def test_other_templates_and_their_classes():
    templates = np.array([[0.0, 1.0, 0.0], [0.0, -1.0, 0.0], [1.0, 0.0, -1.0]])
    quiet = Mnist1dConfig(padding=(0, 0), max_translation=1, corr_noise_scale=0, iid_noise_scale=0, shear_scale=0)
    signals, labels = SignalStream(replace(quiet, template_len=3, final_seq_length=3), templates).make_rows(0, 300)
    assert np.array_equal(np.bincount(labels), [100, 100, 100])
    for label, template in enumerate(templates):
        centred = signals[labels == label] - signals[labels == label].mean(axis=1, keepdims=True)
        assert np.abs(np.corrcoef(centred, template - template.mean())[-1, :-1]).min() > 0.999


def test_shuffled_steps_are_the_same_steps_in_another_order():
    plain, shuffled = (SignalStream(replace(SMALL, shuffle_seq=s)).make_rows(0, 50)[0] for s in (False, True))
    assert not np.array_equal(plain, shuffled)
    assert np.allclose(np.sort(plain, axis=1), np.sort(shuffled, axis=1), atol=1e-5)


@pytest.mark.parametrize("rows", [(-1, 5), (0, -5), (0, 1e3), (2**63, 1), (2**63 - 5, 6), (10**5000, 1)])
@pytest.mark.parametrize("ask", [SignalStream.make_rows, lambda stream, first, rows: stream.iterate(rows, first)])
def test_impossible_row_numbers_are_refused_at_once(ask, rows):
    with pytest.raises(InputError, match=r"(first_row|rows) must be"):
        ask(SignalStream(SMALL), *rows)


@pytest.mark.parametrize("height", [0.0, 0.1, 1.0])
def test_signals_that_do_not_vary_are_refused(height):
    flat = Mnist1dConfig(padding=(0, 0), scale_coeff=0, iid_noise_scale=0, shear_scale=0)
    with pytest.raises(InputError, match="do not vary"):
        SignalStream(flat, np.full((2, 12), height))


@pytest.mark.slow
@pytest.mark.usefixtures("small_blocks")
def test_the_greatest_scales_give_finite_signals():
    for name in ("scale_coeff", "corr_noise_scale", "iid_noise_scale", "shear_scale"):
        signals, _ = SignalStream(Mnist1dConfig(**{name: MAX_SCALE}), make_templates() * MAX_SCALE).make_rows(0, 1000)
        assert np.isfinite(signals).all()
        assert 0.9 < signals.std() < 1.1


def test_a_kept_block_cannot_be_overwritten():
    stream = SignalStream(SMALL)
    first = stream.make_rows(0, 10)[0]
    first[:] = 0
    next(stream.iterate(10))[0][:] = 0
    assert np.array_equal(stream.make_rows(0, 10)[0], SignalStream(SMALL).make_rows(0, 10)[0])


HASHES = """
from ld_data.mnist1d import Mnist1dConfig, SignalStream
from ld_data.storage.hashing import hash_array

def hash_blocks():
    for changes in ({}, {"padding": (0, 0)}, {"max_translation": 5, "final_seq_length": 90}):
        stream = SignalStream(Mnist1dConfig(**changes))
        assert stream.has_tables
        yield hash_array(stream.make_rows(0, stream.block_rows)[0])
"""


@pytest.mark.slow
def test_another_process_with_more_threads_makes_the_same_rows():
    command = [sys.executable, "-c", f"{HASHES}\nprint(*hash_blocks())"]
    variables = os.environ | {"OPENBLAS_NUM_THREADS": "2"}
    found = subprocess.run(command, env=variables, capture_output=True, text=True, check=True).stdout.split()
    namespace = {}
    exec(HASHES, namespace)  # noqa: S102
    with threadpool_limits(1):
        assert list(namespace["hash_blocks"]()) == found
