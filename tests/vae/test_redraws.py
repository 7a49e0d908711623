import numpy as np
import pytest

import ld_data
from ld_data.errors import InputError
from tests.support.fakes import D, FakeCodec, make_source
from vae.redraws import EPOCH_ROWS, MAX_EPOCH, Redraws

SOURCE = make_source()


def make_redraws(**changes):
    return Redraws(**{"codec": FakeCodec(), "inputs": SOURCE.inputs_train, "labels": SOURCE.label_train} | changes)


def same(first, second):
    return all(np.array_equal(one, other) for one, other in zip(first, second, strict=True))


def test_epoch_0_is_the_published_draw(release):
    data = ld_data.load("fake-4")
    assert same(make_redraws(seed=data.manifest.seed).draw(0), (data.train.x, data.train.y))
    test = make_redraws(inputs=SOURCE.inputs_test, labels=SOURCE.label_test, first_row=len(data.train))
    assert same(test.draw(0), (data.test.x, data.test.y))


def test_redraws_without_noise_in_y_draw_x_alone(release):
    data, noisy, redraws = ld_data.load("fake-4"), make_redraws(seed=3), make_redraws(seed=3, noise_free=True)
    for epoch in (0, 2):
        x, y = redraws.draw(epoch)
        assert np.array_equal(x, noisy.draw(epoch)[0])
        assert np.array_equal(y, data.train.y_mean)
    with pytest.raises(InputError, match="epoch must be from 0"):
        redraws.draw_y(-1)


def test_every_epoch_is_another_draw_and_reproducible():
    redraws = make_redraws(seed=3)
    drawn = [redraws.draw(epoch) for epoch in range(4)]
    for space in (0, 1):
        rows = np.concatenate([pair[space] for pair in drawn])
        assert len(np.unique(rows, axis=0)) == len(rows)
    assert same(make_redraws(seed=3).draw(2), drawn[2])
    assert not same(make_redraws(seed=4).draw(2), drawn[2])


def test_a_row_of_an_epoch_does_not_depend_on_the_other_rows():
    x, y = make_redraws().draw(5)
    part = make_redraws(inputs=SOURCE.inputs_train[10:20], labels=SOURCE.label_train[10:20], first_row=10)
    assert same(part.draw(5), (x[10:20], y[10:20]))


def test_noise_of_an_epoch_is_none_of_the_published_test_rows():
    """As it would be, were epochs numbered on row after row: there test rows begin where training rows end."""
    inputs, labels = np.zeros((90, 2, 2)), np.zeros(90, int)
    published = np.concatenate(make_redraws(inputs=inputs, labels=labels).draw(0), axis=1)
    later = [
        np.concatenate(make_redraws(inputs=inputs[:60], labels=labels[:60]).draw(epoch), axis=1) for epoch in (1, 2)
    ]
    rows = np.concatenate([published, *later])
    for noise in (rows[:, :D], rows[:, D:]):
        assert len(np.unique(noise, axis=0)) == len(rows)


def test_epochs_follow_one_another():
    redraws = make_redraws()
    drawn = list(redraws.iterate(2, first_epoch=3))
    assert len(drawn) == 2
    assert same(drawn[0], redraws.draw(3))
    assert same(drawn[1], redraws.draw(4))


def test_the_last_epoch_there_is_can_be_drawn():
    x, y = make_redraws().draw(MAX_EPOCH)
    assert np.isfinite(x).all()
    assert x.dtype == y.dtype == np.float32


def test_redraws_are_shown_by_their_sizes():
    assert repr(make_redraws(seed=3)) == "<Redraws of x and y: 60 rows from 0, seed 3>"
    assert repr(make_redraws(inputs=None, first_row=7)) == "<Redraws of y: 60 rows from 7, seed 0>"


def test_y_is_drawn_without_inputs():
    redraws = make_redraws(inputs=None)
    assert np.array_equal(redraws.draw_y(7), make_redraws().draw(7)[1])
    with pytest.raises(InputError, match="Pass inputs, or draw y with draw_y"):
        redraws.draw(7)


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"labels": SOURCE.label_test}, r"one label for each input; received inputs \(60, 2, 2\) and labels \(30,\)"),
        ({"labels": SOURCE.label_train[:, None]}, r"labels must have shape \(n,\)"),
        ({"labels": SOURCE.label_train.astype(int) + 17}, "labels must lie from 0 to 2"),
        ({"seed": -1}, "seed must be"),
        ({"first_row": -1}, "first_row must be from 0"),
        ({"first_row": EPOCH_ROWS - 59}, "first_row must be from 0"),
    ],
)
def test_impossible_draws_are_refused_at_once(changes, reason):
    with pytest.raises(InputError, match=reason):
        make_redraws(**changes)


@pytest.mark.parametrize("epoch", [-1, MAX_EPOCH + 1, 0.5, True])
def test_an_impossible_epoch_is_refused(epoch):
    with pytest.raises(InputError, match="epoch must be"):
        make_redraws().draw(epoch)
    with pytest.raises(InputError, match="epoch must be"):
        make_redraws().draw_y(epoch)
    with pytest.raises(InputError, match="epochs must be"):
        make_redraws().iterate(epoch)
    with pytest.raises(InputError, match="first_epoch must be"):
        make_redraws().iterate(1, first_epoch=epoch)
