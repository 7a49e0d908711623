import json
from dataclasses import replace

import pytest

from eval.classifiers.tables import (
    CLASSIFIERS,
    TABLES,
    Cell,
    Table,
    Trial,
    add_trials,
    check_kept,
    choose_rows,
    find_differences,
    load_trials,
    summarise,
)
from ld_data.errors import InputError, IntegrityError, MissingDataError, UnknownNameError

TRIAL = Trial("mlp", "mnist", "0", 0, 20, 60_000, 10_000, 669_706, 0.98, "tensorflow")
TRIALS = [TRIAL, replace(TRIAL, seed=1, accuracy=0.99)]
TABLE = Table(
    "a table",
    "in brackets: an invention",
    [
        Cell("mlp", "plain", "mlp", "mnist", published=0.984),
        Cell("mlp", "decoded x, shuffled", "mlp", "ld-mnist-32", decoded=True, shuffled=True),
        Cell("logistic", "plain", "logistic", "mnist", published=0.92),
    ],
)


def test_tables_are_of_classifiers_and_no_cell_occurs_twice():
    assert {"mnist1d", "ladder", "examples", "rotated", "latents"} <= set(TABLES)
    for table in TABLES.values():
        assert {cell.classifier for cell in table.cells} <= set(CLASSIFIERS)
        assert len({(cell.row, cell.column) for cell in table.cells}) == len(table.cells)
        assert len({(cell.classifier, cell.examples) for cell in table.cells}) == len(table.cells)


def test_the_published_figures_are_those_of_their_sources():
    cells = {(cell.row, cell.column): cell.published for table in TABLES.values() for cell in table.cells}
    assert cells["mnist1d-cnn", "in order"] == 0.94
    assert cells["mnist1d-cnn", "shuffled"] == 0.56
    assert cells["lenet", "mnist"] == 0.9725
    assert cells["deeper-momentum", "mnist"] == 0.992
    assert cells["mlp", "mnist"] == 0.984
    assert cells["residual", "first 10,000 rows"] == 0.9


def test_a_cell_holds_the_trials_of_its_classifier_on_its_inputs():
    assert [cell.matches(TRIAL) for cell in TABLE.cells] == [True, False, False]
    assert TABLE.cells[1].matches(replace(TRIAL, inputs="ld-mnist-32, decoded, shuffled"))
    assert not TABLE.cells[1].matches(replace(TRIAL, inputs="ld-mnist-32"))
    few = replace(TABLE.cells[0], train_rows=10_000)
    assert [few.matches(trial) for trial in (TRIAL, replace(TRIAL, inputs="mnist, first 10000"))] == [False, True]


def test_a_table_shows_measured_figures_beside_published_ones():
    title, heading, first, second, count, origin = TABLE.describe(TRIALS).splitlines()
    assert title == "a table"
    assert heading.split() == ["plain", "decoded", "x,", "shuffled"]
    assert first.startswith("mlp")
    assert "98.50 +- 0.71 (98.4)" in first
    assert first.endswith("not measured")
    assert second.endswith("not measured (92)")
    assert count.endswith("standard deviation; seeds: 2")
    assert origin == "in brackets: an invention"


def test_a_single_seed_has_no_spread_and_is_counted():
    words = TABLE.describe([*TRIALS, replace(TRIAL, classifier="logistic")])
    assert "98.00 (92)" in words
    assert "seeds: 1 to 2\n" in words
    assert "seeds: 1\n" in TABLE.describe(TRIALS[:1])
    assert "seeds: 0\n" in TABLE.describe([])


def test_rows_are_chosen_by_name():
    assert choose_rows(TABLE, None) == TABLE
    assert choose_rows(TABLE, ["mlp"]).cells == TABLE.cells[:2]
    with pytest.raises(UnknownNameError, match=r"no row 'x' in this table\. Known: mlp, logistic"):
        choose_rows(TABLE, ["mlp", "x"])


def test_a_mean_beyond_the_spread_is_reported_and_one_within_is_not():
    near = [replace(trial, accuracy=trial.accuracy + 0.007) for trial in TRIALS]
    far = [replace(trial, accuracy=trial.accuracy - 0.009) for trial in TRIALS]
    assert find_differences(TRIALS, TRIALS) == find_differences(near, TRIALS) == []
    assert find_differences(far, TRIALS) == ["mlp on mnist: accuracy is 0.97600, committed 0.98500, spread 0.00807."]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"sha256": "1"}, "another version"),
        ({"epochs": 1}, "other epochs or rows"),
        ({"train_rows": 1}, "other epochs or rows"),
    ],
)
def test_trials_that_do_not_compare_are_reported(change, words):
    (sentence,) = find_differences([replace(TRIAL, **change)], TRIALS)
    assert words in sentence


def test_a_trial_is_compared_with_its_own_seed():
    spread = [TRIAL, replace(TRIAL, seed=1, accuracy=0.9)]
    assert find_differences([replace(spread[1], accuracy=0.85)], spread) == []
    assert len(find_differences([replace(spread[1], accuracy=0.98)], spread)) == 1


@pytest.mark.parametrize(
    ("seeds", "backend"), [(range(3), "tensorflow"), (range(1, 3), "tensorflow"), (range(2), "jax")]
)
def test_only_kept_trials_can_be_checked(seeds, backend):
    check_kept(TABLE.cells[:1], range(2), "tensorflow", TRIALS)
    check_kept(TABLE.cells[:1], range(1, 2), "tensorflow", TRIALS)
    with pytest.raises(InputError, match=r"mlp on mnist with .* there are 0 \(tensorflow\), 1 \(tensorflow\)\. Choose"):
        check_kept(TABLE.cells[:1], seeds, backend, TRIALS)


def test_a_cell_without_trials_cannot_be_checked():
    with pytest.raises(InputError, match=r"of mlp on ld-mnist-32, decoded, shuffled with .* there are none"):
        check_kept(TABLE.cells[:2], range(2), "tensorflow", TRIALS)


def test_trials_are_summarised():
    assert summarise(TRIALS).mean == pytest.approx(0.985)
    assert summarise(TRIALS).std == pytest.approx(0.01 / 2**0.5)


def test_trials_are_added_to_a_file_and_replace_those_of_the_same_seed(tmp_path):
    path = tmp_path / "new" / "trials.json"
    add_trials([TRIALS[1]], path)
    add_trials([TRIAL], path)
    assert load_trials(path) == TRIALS
    better = replace(TRIAL, accuracy=1.0)
    add_trials([better, replace(TRIAL, inputs="mnist, shuffled")], path)
    assert load_trials(path) == [better, TRIALS[1], replace(TRIAL, inputs="mnist, shuffled")]
    assert [file.name for file in path.parent.iterdir()] == ["trials.json"]


def test_missing_or_damaged_trials_are_refused(tmp_path):
    path = tmp_path / "trials.json"
    with pytest.raises(MissingDataError, match="reproduce TABLE --out"):
        load_trials(path)
    for damaged in ("{", "{}", "[1]", "1", json.dumps([{"classifier": "mlp"}]), json.dumps([{"none": 1}])):
        path.write_text(damaged)
        with pytest.raises(IntegrityError, match="no trials of classifiers"):
            load_trials(path)
