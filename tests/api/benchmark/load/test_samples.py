import pytest

from api.benchmark.load.samples import Sample, find_percentile, summarise


@pytest.mark.parametrize(
    ("values", "percent", "expected"),
    [
        ([7], 99, 7),
        ([1, 2], 50, 1),
        ([1, 2, 3], 50, 2),
        (range(1, 101), 99, 99),
        (range(1, 101), 100, 100),
        (range(1, 1001), 99.9, 999),
        ([1, 2, 3], 0, 1),
    ],
)
def test_a_percentile_is_the_least_value_that_so_many_do_not_exceed(values, percent, expected):
    assert find_percentile(values, percent) == expected


def test_nothing_has_no_percentile():
    with pytest.raises(ValueError, match="at least one"):
        find_percentile([], 50)


def test_turns_come_to_their_medians_and_all_their_failures():
    turns = [Sample(10.0, 1.0, 5.0, 1), Sample(30.0, 3.0, 4.0, 0, 0.5), Sample(20.0, 9.0, 6.0, 2, 0.1, 0.3)]
    assert summarise(turns) == Sample(20.0, 3.0, 5.0, 3, 0.1, 0.0)
