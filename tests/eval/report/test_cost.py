import numpy as np
import pytest

from eval.report.cost import Work, count_work, find_prime, measure_energy, measure_memory
from eval.rules.backpropagation import Backpropagation
from eval.rules.feedback_alignment import DirectFeedbackAlignment
from eval.rules.network import Network
from eval.rules.perturbation import WeightPerturbation

ROWS = 31


def count(rule, sizes):
    random = np.random.default_rng(0)
    x, y = (random.normal(size=(ROWS, size)).astype(np.float32) for size in (sizes[0], sizes[-1]))
    return count_work(rule(sizes, random), x, y)


def test_work_is_that_counted_by_hand():
    # forward and update: each weight once; back: the weights of all layers but the first
    assert count(Backpropagation, (4, 8, 4)) == Work(4 * 8 + 8 * 4, 8 * 4, 4 * 8 + 8 * 4)
    sizes = (6, 10, 20, 6)
    weights = 6 * 10 + 10 * 20 + 20 * 6
    assert count(Backpropagation, sizes) == Work(weights, 10 * 20 + 20 * 6, weights)
    assert count(DirectFeedbackAlignment, sizes) == Work(weights, 6 * 20 + 6 * 10, weights)
    assert count(Backpropagation, sizes).total == 2 * weights + 320
    # an own weight matrix for each row, and the sum over rows of those with their biases
    assert count(WeightPerturbation, (4, 8, 4)) == Work(64, 2 * 64, 5 * 8 + 9 * 4)


@pytest.mark.parametrize(
    ("product", "work"),
    [
        (lambda x, w: x @ w, 12),
        (lambda x, w: x.dot(w), 12),
        (np.dot, 12),
        (lambda x, w: np.inner(x, w.T), 12),
        (lambda x, w: np.tensordot(x, w, axes=1), 12),
        (lambda x, w: np.tensordot(x, w, axes=([1], [0])), 12),
        (lambda x, w: np.einsum("ni,io->no", x, w), 12),
        (lambda x, w: np.einsum("ni,io", x, w), 12),
        (lambda x, w: np.matmul(x, w, out=np.empty((ROWS, 3), np.float32)), 12),
        (lambda x, w: (x[:, None] @ np.broadcast_to(w, (ROWS, 4, 3)))[:, 0], 12),
        (lambda x, w: np.vstack([x, x])[:ROWS] @ w, 12),
        (lambda x, w: np.outer(x[:, 0], w[0]), 3),
        (lambda x, w: np.dot(x, -1000.0), 4),
        (lambda x, w: np.inner(x, [5.0, -5.0, 5.0, -5.0]), 4),
        (lambda x, w: np.einsum("ni,->ni", x, -3.0), 4),
        (lambda x, w: np.einsum(x, [0, 1], w, [1, 2], [0, 2]), 12),
        (lambda x, w: np.dot(x, w, np.empty((ROWS, 3), np.float32)), 12),
        (lambda x, w: x * 2 + w.sum(), 0),
    ],
)
def test_all_products_count(product, work):
    class Rule(Network):
        def predict(self, x):
            return x

        def suggest(self, x, y):
            product(x, self.own)
            return self.weights

    network = Rule((4, 4), np.random.default_rng(0))
    network.own = np.ones((4, 3), np.float32)
    x = np.ones((ROWS, 4), np.float32)
    found = count_work(network, x, x)
    assert found == (Work(0, work, 0) if work else None)


def test_a_rule_that_takes_no_counted_arrays_is_not_counted():
    class Rule(Backpropagation):
        def suggest(self, x, y):
            if type(x) is not np.ndarray:
                raise TypeError("expected a plain array")

    assert count(Rule, (4, 8, 4)) is None


def test_a_rule_with_slots_is_not_counted():
    class Rule:
        __slots__ = ("weights",)

    assert count_work(Rule(), np.ones((ROWS, 4)), np.ones((ROWS, 4))) is None


def test_counting_changes_no_suggestion():
    random = np.random.default_rng(0)
    x = random.normal(size=(ROWS, 4)).astype(np.float32)
    kept = []

    class Rule(Backpropagation):
        def suggest(self, x, y):
            changes = super().suggest(x, y)
            changes[0] += 1  # in place
            kept.append([np.asarray(change) for change in changes])
            return changes

    plain = Rule((4, 8, 4), np.random.default_rng(0)).suggest(x, x)
    count_work(Rule((4, 8, 4), np.random.default_rng(0)), x, x)
    assert all(np.array_equal(own, other) for own, other in zip(plain, kept[1], strict=True))


def test_primes():
    assert [find_prime(lengths) for lengths in ((), (0, 1, 32), (254,), (127, 131 * 137))] == [127, 127, 131, 139]


def test_memory_is_that_of_the_arrays_of_a_suggestion():
    class Rule(Network):
        def suggest(self, x, y):
            return [np.ones(1_000_000), *self.weights]

    network = Rule((4, 4), np.random.default_rng(0))
    assert measure_memory(network, np.ones((2, 4)), np.ones((2, 4))) == pytest.approx(8e6, rel=0.01)


def test_energy_is_the_sum_of_the_counters_of_the_processors(tmp_path):
    def run():
        (tmp_path / "intel-rapl:0" / "energy_uj").write_text("500000")  # it began anew at 1 J
        (tmp_path / "intel-rapl:1" / "energy_uj").write_text("2000000")

    assert measure_energy(run, tmp_path) is None
    for package, start in (("intel-rapl:0", 900_000), ("intel-rapl:1", 500_000)):
        (tmp_path / package).mkdir()
        (tmp_path / package / "name").write_text(f"package-{package[-1]}\n")
        (tmp_path / package / "energy_uj").write_text(str(start))
        (tmp_path / package / "max_energy_range_uj").write_text("999999" if package.endswith("0") else "9999999")
    (tmp_path / "intel-rapl:2").mkdir()  # of the whole machine, the packages among it
    (tmp_path / "intel-rapl:2" / "name").write_text("psys\n")
    assert measure_energy(run, tmp_path) == pytest.approx(0.6 + 1.5)
    (tmp_path / "intel-rapl:1" / "energy_uj").write_text("")  # not readable as a number
    assert measure_energy(run, tmp_path) is None
