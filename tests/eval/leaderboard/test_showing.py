"""The rounding of figures, and the attacks on a season's labels: 10,000 submissions gain less than 0.01 of skill."""

import math

import numpy as np
import pytest

from eval.leaderboard.showing import STEP, is_better, round_to

N, D, K = 10_000, 32, 10
SUBMISSIONS = 10_000
MOST = 0.01  # of skill
LONGEST = 11.0  # rows that a service takes; `eval.leaderboard.leaks.check_lengths`


class Board:
    """The ladder of a season as the service keeps it: the row errors of the best that is shown, at first the null's."""

    def __init__(self):
        random = np.random.default_rng(0)
        simplex = np.linalg.qr(random.normal(size=(D, K)))[0].T
        simplex -= simplex.mean(axis=0)
        self.means = simplex * 1.62 / np.linalg.norm(simplex[0])  # as those of a release with exact cells
        self.label = random.integers(K, size=N)
        self.best = np.square(self.means[self.label]).mean(axis=1)
        self.null = self.best.mean()
        self.shown = 0

    def submit(self, errors):
        """Return whether a submission with these row errors is shown."""
        if is_shown := is_better(errors, self.best, self.null):
            self.best, self.shown = errors, self.shown + 1
        return is_shown

    def measure(self, predictions):
        """The errors `(n,)` of predictions `(n, d)`."""
        return np.square(predictions - self.means[self.label]).mean(axis=1)

    def skill(self, errors):
        return 1 - errors.mean() / self.null


@pytest.fixture
def board():
    return Board()


@pytest.mark.slow
def test_two_long_rows_tell_no_label(board):
    """The attack of two rows of great length amid the mean: its figure is a sum that names the two labels."""
    row = LONGEST / np.linalg.norm(board.means[0]) * board.means
    for query in range(N // 2):  # each row once
        rows = [2 * query, 2 * query + 1]
        errors = board.best.copy()
        errors[rows] = np.square(row[[query % K, query // K % K]] - board.means[board.label[rows]]).mean(axis=1)
        board.submit(errors)
    assert board.shown == 0


@pytest.mark.slow
def test_boosting_by_what_is_shown_gains_nothing(board):
    """Blum and Hardt's attack: random labels, of which those count that seem better than chance."""
    random = np.random.default_rng(1)
    table = np.square(board.means[:, None] - board.means).mean(axis=2)  # error of a class, if another is true
    own = np.ascontiguousarray(table[board.label])
    votes, start = np.zeros((N, K)), np.arange(N) * K
    for step in (1.0, 0.1):  # class means, and a tenth of the way to them
        for _ in range(SUBMISSIONS // 2):
            guess = random.integers(K, size=N, dtype=np.uint8)
            errors = own.ravel()[start + guess]
            if step < 1:  # the error is a parabola along the way from the mean
                errors = (1 - step) * board.null + step * errors - step * (1 - step) * board.null
            if board.submit(errors):
                votes[np.arange(N), guess] += 1
    assert board.skill(board.measure(board.means[votes.argmax(axis=1)] if votes.any() else np.zeros((N, D)))) < MOST


def carry(board):
    """How many of 100 labels an attacker learns who knows 15 others, by changes of a millionth.

    The gains of the known rows are one short of the critical value; that of the row in question decides.
    """
    learned = 0
    for row in range(15, 115):
        for label in range(K):
            gains = np.zeros(N)
            gains[:15] = 1e-6
            gains[row] = 1e-6 if label == board.label[row] else -1e-6 / 9
            if board.submit(board.best - gains):
                learned += label == board.label[row]
                break
    return learned


def test_the_step_stops_known_rows_that_carry_others_through_the_test(board, monkeypatch):
    assert carry(board) == 0
    monkeypatch.setattr("eval.leaderboard.showing.STEP", 0.0)
    assert carry(board) == 100


@pytest.mark.slow
def test_a_good_model_that_climbs_in_steps_gains_little(board):
    """The strongest attack known: each step of a real lead asks how well random changes fit the labels.

    For each row the model leaves two labels, as likely. The attacker knows its exact lead over the best shown, and
    submits so much of it that only a change that fits better than most brings it over the step. It keeps that change.
    """
    random = np.random.default_rng(2)
    truth = random.choice([-1.0, 1.0], N)
    half = np.square(board.means[0] - board.means[1]).mean() / 4  # squared error midway between two classes
    lead, belief, size = board.null - half, np.zeros(N), 10 / math.sqrt(N)
    board.best = lead + half * np.square(truth - belief)
    wanted = 3.0  # standard deviations, the best choice: one change of 740 fits that well
    for _ in range(SUBMISSIONS // 100):
        changes = random.choice(np.array([-1, 1], np.int8), (100, N))
        change = changes[(changes @ truth.astype(np.float32)).argmax()]  # the others have no chance
        known = half * (2 * size * (wanted / math.sqrt(N) - belief @ change / N) - size**2)
        spent = STEP * board.null - known
        if spent <= lead and board.submit(lead - spent + half * np.square(truth - belief - size * change)):
            lead -= spent
            belief += wanted / math.sqrt(N) * change
            board.best = lead + half * np.square(truth - belief)
    gain = (half - (half * np.square(truth - belief)).mean()) / board.null
    assert board.shown > 10
    assert gain < MOST


def test_a_better_model_is_shown_and_an_equal_one_is_not(board):
    model = 0.1 * board.means[board.label]
    assert board.submit(board.measure(model))
    assert not board.submit(board.measure(model))
    assert not board.submit(board.measure(0.11 * board.means[board.label]))
    assert board.submit(board.measure(0.2 * board.means[board.label]))


@pytest.mark.parametrize(
    ("value", "error", "rounded"),
    [
        (0.01234, 0.0031, 0.012),
        (0.98765, 0.0002, 0.9877),
        (0.98765, 1e-9, 0.9877),
        (123.4, 30.0, 120.0),
        (0.5, 0.0, 0.5),
    ],
)
def test_figures_are_as_fine_as_their_standard_errors(value, error, rounded):
    assert round_to(value, error) == rounded


def test_a_figure_that_rounds_to_zero_has_no_sign():
    assert str(round_to(-0.001, 0.05)) == "0.0"
