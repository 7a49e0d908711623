import numpy as np
import pytest

from eval.studies.inputs import make_signals
from eval.studies.lottery.tickets import (
    ORDERS,
    SHAPES,
    VALUES,
    TwoSets,
    draw_mask,
    fit,
    make_network,
    measure_adjacency,
    prune,
    redraw,
    scan_random,
    search,
    transfer,
)
from eval.studies.perceptron import Training, cut


@pytest.fixture(scope="module")
def sets():
    return TwoSets(make_signals(60, 40), make_signals(60, 40, seed=43))


def test_the_network_is_that_of_the_notebook():
    network = make_network(0)
    assert len(network.values) == VALUES == 276_010
    assert [layer.shape for layer in network.weights] == SHAPES
    assert network.skip


def test_the_smallest_magnitudes_of_each_layer_are_pruned():
    values = np.random.default_rng(0).normal(size=VALUES)
    mask = prune(values, 0.9)
    for layer, kept in zip(cut(values, SHAPES), cut(mask, SHAPES), strict=True):
        assert kept.sum() == layer.size - int(0.9 * layer.size)
        assert np.abs(layer[kept == 1]).min() >= np.abs(layer[kept == 0]).max()
    assert (mask <= prune(values, 0.5)).all()  # nested
    assert prune(values, 0.0).all()


def test_adjacency_is_held_against_permuted_inputs():
    mask = np.zeros(VALUES, np.float32)
    rows = cut(mask, SHAPES)[0]
    rows[3:5, :50], rows[10, 50:100] = 1, 1
    figures = measure_adjacency(mask, 0)
    assert figures["adjacent"] == pytest.approx(50 / (40 * 500))
    assert figures["adjacent_null"] == pytest.approx(figures["adjacent"] * 2 / 40, rel=0.5)
    assert figures["adjacent_rank"] > 0.9
    assert figures["adjacent_3"] == figures["adjacent_3_null"] == figures["adjacent_4"] == 0
    assert figures["units_without_input"] == 400


def test_runs_of_neighbours_overlap():
    mask = np.zeros(VALUES, np.float32)
    cut(mask, SHAPES)[0][3:8, 0] = 1
    figures = measure_adjacency(mask, 0)
    counts = [round(figures[name] * 40 * 500) for name in ("adjacent", "adjacent_3", "adjacent_4")]
    assert counts == [4, 3, 2]


def test_a_redrawn_mask_keeps_the_counts_of_rows_and_columns():
    mask = prune(np.random.default_rng(0).random(VALUES) ** np.linspace(1, 3, VALUES), 0.92)
    drawn = redraw(mask, np.random.default_rng(1))
    for old, new in zip(cut(mask, SHAPES), cut(drawn, SHAPES), strict=True):
        assert set(np.unique(new)) == {0, 1}
        assert (new.sum(axis=0) == old.sum(axis=0)).all()
        assert (new.sum(axis=1) == old.sum(axis=1)).all()
    first, again = cut(mask, SHAPES)[0], cut(drawn, SHAPES)[0]
    assert (first * again).sum() < 0.4 * first.sum()  # of a random mask 8 % would be the same


def test_orders_are_permutations():
    assert all(sorted(order) == list(range(40)) for order in ORDERS.values())
    assert ORDERS["chunks"][:10].tolist() == list(range(20, 30))


@pytest.mark.slow
def test_a_training_starts_again_from_the_first_weights_under_its_mask(sets):
    mask = draw_mask(0.9, np.random.default_rng(0))
    start, plan = make_network(0).values, Training(0.001, 3, 20)
    network, early = fit(sets.published, 0, mask, plan, 1)
    assert np.abs(early - start * mask).max() < 0.0011  # one step of Adam
    assert not network.values[mask == 0].any()
    assert sets.sha256 != sets.published.sha256


@pytest.mark.slow
def test_a_search_has_a_point_for_each_level_and_transfers_its_mask(sets):
    outcome = search(sets, 0, levels=3, steps=2, pruned_at=1, level=0.5, conditions=("same", "flip"), transfer_steps=2)
    assert outcome.curves["at"] == [0.0, 0.5, 1.0]
    assert set(outcome.figures) == {
        *(f"{condition}_{mask}" for condition in ("same", "flip") for mask in ("dense", "ticket", "random")),
        *("adjacent", "adjacent_3", "adjacent_4", "adjacent_null", "adjacent_3_null", "adjacent_4_null"),
        *("adjacent_rank", "units_without_input"),
    }
    random = scan_random(sets, 0, shares=(0.0, 0.9), steps=2)
    assert random.curves["accuracy"][0] == outcome.curves["accuracy"][0]  # no mask in either
    mask = np.ones(VALUES, np.float32)
    assert transfer(sets, 0, "fresh", mask, 2) != transfer(sets, 0, "reinit", mask, 2)
