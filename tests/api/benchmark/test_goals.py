import pytest

from api.benchmark.goals import Goal, judge, make_goals, share_of_peak
from api.benchmark.load.samples import Sample
from api.benchmark.suite import PRODUCTS, Results


def find(results, words):
    (verdict,) = [verdict for verdict in judge(results) if words in verdict.goal.work]
    return verdict


def test_the_share_of_the_peak_compares_operations_not_calls():
    results = Results(
        {**dict.fromkeys(PRODUCTS, Sample(100.0)), "decoder 4": Sample(10.0)},
        {"flop of product": 3e6, "flop of decoder": 6e6},
    )
    assert share_of_peak(results, "decoder", 4) == pytest.approx(80)


@pytest.mark.parametrize(
    ("figure", "least", "most", "met"), [(2, 2, None, True), (1.9, 2, None, False), (2, None, 2, True)]
)
def test_a_goal_is_met_at_its_bound_and_not_beyond(figure, least, most, met):
    assert Goal("a", lambda results: 0, least=least, most=most).is_met(figure) == met
    assert not Goal("a", lambda results: 0, most=2).is_met(2.1)


def test_goals_say_what_they_want():
    assert Goal("a", lambda results: 0, " %", least=65).wanted == "at least 65 %"
    assert Goal("a", lambda results: 0, " ms", most=12).wanted == "at most 12 ms"


def test_every_goal_wants_one_thing_and_has_its_own_name():
    goals = make_goals()
    assert all((goal.least is None) != (goal.most is None) for goal in goals)
    assert len({goal.work for goal in goals}) == len(goals)


def test_what_was_not_measured_is_not_met_and_names_what_is_missing():
    for verdict in judge(Results()):
        assert verdict.figure is None
        assert verdict.missing
        assert not verdict.is_met


RESULTS = Results(
    {
        "product by numpy": Sample(50.0),
        "product by ONNX Runtime": Sample(40.0),
        "decoder 1": Sample(300.0),
        "decoder 4096": Sample(0.01, work=0.2),
        "Keras called directly": Sample(3.0),
        "service, JSON, 1 x 16": Sample(95.0, 0.01, 0.02, work=0.01),
        "echo, JSON, 1 x 16": Sample(100.0, work=0.009),
        "service, .npy, 1 x 64": Sample(9.0, 0.01, 0.05),
        "service, .npy, 64 x 16": Sample(8.0),
        "MLServer, 64 x 16": Sample(2.0),
        "large .npy": Sample(0.002, work=0.5),
        "beside JSON": Sample(1.0, 0.01, 0.05),
        "verify": Sample(4.0),
    },
    {
        "flop of product": 2e9,
        "flop of decoder": 1e9,
        "overload: p99 of the accepted": 0.3,
        "overload: p99 at capacity": 0.2,
        "start of service, .npy": 0.75,
    },
)


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("decoder alone, batch 4096", 40.96),
        ("decoder alone, batch 1, Keras called directly", 100),
        ("1 row, 16 connections, JSON, of its echo", 90),
        ("1 row, 64 connections, .npy, p99 of p50", 5),
        ("64 rows, 16 connections, .npy, of MLServer", 4),
        ("10,000 rows in one request, .npy, of the decoder alone", 100 * 0.2 * 10_000 / 4096 / 0.5),
        ("p99 of 1 row beside four clients of 10,000 rows, JSON", 50),
        ("p99 of the accepted", 1.5),
        ("start to first answer", 0.5),
    ],
)
def test_figures_are_what_the_goal_names(words, expected):
    verdict = find(RESULTS, words)
    assert verdict.figure == pytest.approx(expected)
    assert verdict.is_met == verdict.goal.is_met(expected)
