from dataclasses import replace

import numpy as np
import pytest
from scipy.stats import norm

import ld_data
from eval import transfer
from eval.class_space import check_common, draw_y, project_y
from ld_data.errors import InputError, UnknownNameError
from ld_data.release.writer import make_dataset
from tests.support.fakes import FakeCodec, make_source
from vae.runtime.cell_solver import make_cells

D = 4


def make_data(frequency, name="a"):
    """Return a dataset of 20,000 + 20,000 rows whose y come from cells of these frequencies, and labels with them."""
    cells = make_cells(np.array(frequency, float), D)
    labels = np.random.default_rng(len(name)).choice(len(frequency), 40_000, p=cells.frequency).astype(np.uint8)
    train, test = np.split(labels, 2)
    source = replace(make_source(20_000, 20_000), label_train=train, label_test=test)
    return make_dataset(source, FakeCodec(y=cells), name, seed=0)


@pytest.fixture(scope="module")
def equal():
    return make_data([1, 1, 1])


@pytest.fixture(scope="module")
def unequal():
    return make_data([1, 1.2, 0.9], "other")


def integrate_agreement(a, b):
    """Return the share of N(0, I) that lies in the cell of one class for both decoders, by an integral.

    The scores of a simplex are k independent normals v less their mean, up to a factor. Class c wins for both biases if
    v_c - v_j is above the greater of the two differences of biases.
    """
    k = len(a.class_bias)
    biases = np.stack([a.class_bias, b.class_bias]).astype(float) * np.sqrt((k - 1) / k)
    reach = (biases[:, :, None] - biases[:, None, :]).min(axis=0)
    nodes = np.linspace(-9, 9, 4001)
    share = 0.0
    for label in range(k):
        below = norm.cdf(nodes[:, None] + np.delete(reach[label], label)).prod(axis=1)
        share += float((norm.pdf(nodes) * below).sum() * (nodes[1] - nodes[0]))
    return share


@pytest.mark.slow
def test_the_cells_of_two_releases_agree_by_as_much_as_their_frequencies(equal, unequal):
    expected = integrate_agreement(equal, unequal)
    assert 0.9 < expected < 0.99
    for pair in ((equal, unequal), (unequal, equal)):
        assert check_common(*pair) == pytest.approx(expected, abs=4 * np.sqrt(0.05 * 0.95 / 20_000))
    assert check_common(equal, equal) == 1


def test_the_shipped_cells_of_mnist_read_those_of_equal_classes():
    mnist, mnist1d = ld_data.load("ld-mnist-32"), ld_data.load("ld-mnist1d-32")
    expected = integrate_agreement(mnist, mnist1d)
    assert expected == pytest.approx(0.9705, abs=1e-4)
    assert check_common(mnist, mnist1d) == pytest.approx(expected, abs=0.007)  # 4 standard errors of 10,000 rows
    assert check_common(mnist1d, mnist) == pytest.approx(expected, abs=0.021)  # of 1,000 rows
    assert check_common(mnist, ld_data.load("ld-mnist-rot-back-32")) == 1


def test_a_transfer_scores_by_both_decoders(equal, unequal):
    oracle = transfer(equal.class_mean[equal.test.label], equal, unequal)
    assert (oracle.accuracy, oracle.other_accuracy) == (1, 1)
    assert oracle.skill == pytest.approx(1)
    truth = transfer(equal.test.y, equal, unequal)
    assert truth.accuracy == 1
    assert truth.other_accuracy == truth.agreement < 1
    lines = str(truth).splitlines()
    assert lines[0] == "a read by other, 20000 test rows"
    assert lines[-1].split() == ["true", "y,", "decoder", "of", "other", f"{truth.agreement:.4f}"]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("make", "words"),
    [
        (
            lambda: make_dataset(make_source(), FakeCodec(), "other", 0),
            "the y of the one come from cells, those of the",
        ),
        (lambda: make_data([1, 1]), "they have 3 and 2 classes"),
        (
            lambda: make_data([1, 1, 4]),
            r"their class frequencies are too far apart \(class 2: 0.3\d\d and 0.6\d\d\), so that the second reads 6",
        ),
    ],
)
def test_a_message_names_the_difference(make, words, equal):
    with pytest.raises(InputError, match=rf"^a and \w+ have no common class space: {words}"):
        transfer(equal.test.y, equal, make())


def test_another_latent_size_and_other_directions_are_named(equal, unequal):
    turned = replace(unequal, class_weight=np.roll(unequal.class_weight, 1, axis=0))
    with pytest.raises(InputError, match="class_weight differ"):
        check_common(equal, turned)
    with pytest.raises(InputError, match="their latent sizes are 4 and 32"):
        check_common(equal, ld_data.load("ld-mnist1d-32"))


def test_an_unknown_release_is_refused(equal, checkpoints):
    with pytest.raises(UnknownNameError):
        transfer(equal.test.y, equal, "none")


def test_y_is_drawn_anew_within_its_cell(unequal):
    drawn = draw_y(unequal, unequal.train.label, np.random.default_rng(0))
    assert (unequal.classify(drawn) == unequal.train.label).all()
    assert np.abs(drawn - unequal.train.y).max(axis=1).min() > 1e-3
    for label, mean in enumerate(unequal.class_mean):
        own = drawn[unequal.train.label == label]
        assert own.mean(axis=0) == pytest.approx(mean, abs=5 / np.sqrt(len(own)))
    assert drawn.T @ drawn / len(drawn) == pytest.approx(np.eye(D), abs=0.05)


def test_y_is_not_drawn_from_cells_that_are_none_or_too_small(equal):
    gaussian = make_dataset(make_source(), FakeCodec(), "gauss", 0)
    with pytest.raises(InputError, match="the y of gauss come from the Gaussians of a trained class VAE"):
        draw_y(gaussian, gaussian.train.label, np.random.default_rng(0))
    lost = replace(equal, class_bias=np.float32([-20, 0, 0]))
    with pytest.raises(InputError, match="the cell of class 0 is too small for its frequency in a"):
        draw_y(lost, np.array([1, 0]), np.random.default_rng(0))


@pytest.mark.slow
def test_a_projection_keeps_class_means_and_drops_what_no_class_explains(equal):
    assert project_y(equal, equal.class_mean) == pytest.approx(equal.class_mean, abs=1e-6)
    projected = project_y(equal, equal.test.y)
    assert np.linalg.matrix_rank(projected[:99], tol=1e-2) == equal.classes - 1
    assert project_y(equal, projected) == pytest.approx(projected, abs=1e-6)
    assert (equal.classify(projected) == equal.test.label).mean() > 0.9999
