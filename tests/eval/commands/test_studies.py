import json
import re
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from threading import Event

import numpy as np
import pytest

import eval.__main__ as eval_main
from eval.jobs.calls import Runner
from eval.studies.design.running import list_tasks, run_tasks
from eval.studies.design.study import find_study
from eval.studies.design.trials import Trial, add_trial, load_trials, trials_path
from eval.studies.learning_rate.latents import measure_recursion
from ld_data.errors import InputError
from ld_data.settings import CHECKPOINTS_VARIABLE
from ld_data.storage.hashing import hash_file
from ld_data.work.workers import Workers, open_workers
from tests.support.command_lines import run, run_json
from tests.support.paths import ROOT
from tests.support.studies import MEASURE, make_latents, make_study, make_trial

NAME = "learning-rate"


@pytest.fixture(autouse=True)
def _small_study(monkeypatch):
    monkeypatch.setattr("eval.studies.learning_rate.study.STUDY", make_study())
    monkeypatch.setattr("eval.studies.inputs.load_latents", make_latents)
    monkeypatch.setattr("eval.commands.studies.find_spec", lambda name: None)  # pictures take a second


@pytest.fixture
def kept(checkpoints, capsys):
    """The kept trials of the small study, in `checkpoints`."""
    path = trials_path(NAME)
    assert run(eval_main.main, "study", NAME, "--out", checkpoints / "run") == 0
    path.parent.mkdir()
    (checkpoints / "run" / "trials.json").rename(path)
    capsys.readouterr()
    return path


def test_a_study_is_judged_and_printed(capsys):
    result = run_json(capsys, eval_main.main, "study", NAME, "--seed", 4, "--seeds", 2, "--only", "first")
    assert [Trial(**trial).key[1:] for trial in result["trials"]] == [
        ("first-teacher", make_trial().protocol, seed) for seed in (4, 5)
    ]
    assert [claim["verdict"] for claim in result["claims"]] == ["undecided"]
    assert result["published"][0] | {"ours": ""} == {
        "group": "a table",
        "label": "rate 0.1",
        "published": "0.4",
        "ours": "",
        "tolerance": "1",
        "verdict": "within",
    }


def test_a_stopped_study_resumes_with_what_is_done(tmp_path, capsys, monkeypatch):
    calls = []

    def measure(inputs, seed, **plan):
        calls.append((plan["teacher"], seed))
        if len(calls) == 3:
            raise KeyboardInterrupt
        return measure_recursion(inputs, seed, **plan)

    monkeypatch.setattr(MEASURE, measure)
    assert run(eval_main.main, "study", NAME, "--out", tmp_path) == 130
    assert [trial.seed for trial in load_trials(tmp_path / "trials.json", NAME)] == [0, 1]
    assert run(eval_main.main, "study", NAME, "--out", tmp_path) == 0
    assert calls[3:] == [(True, 2), (False, 0), (False, 1), (False, 2)]
    assert "3 seeds" in capsys.readouterr().out
    assert run(eval_main.main, "study", NAME, "--out", tmp_path) == 0
    assert len(calls) == 7


def test_a_trial_of_other_data_is_measured_anew(tmp_path, monkeypatch):
    options = ("--only", "first", "--seeds", 1, "--out", tmp_path)
    assert run(eval_main.main, "study", NAME, *options) == 0
    monkeypatch.setattr("eval.studies.inputs.load_latents", lambda: make_latents("1" * 64))
    assert run(eval_main.main, "study", NAME, *options) == 0
    assert [trial.inputs_sha256 for trial in load_trials(tmp_path / "trials.json", NAME)] == ["1" * 64]


def test_kept_trials_are_shown_without_a_run(kept, tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(MEASURE, None)
    assert run(eval_main.main, "study", NAME, "--kept", "--out", tmp_path / "pictures") == 0
    shown = capsys.readouterr().out
    assert re.search(r"^first-teacher +rates of a teacher +3 ", shown, re.MULTILINE)
    assert "no pictures, since matplotlib is not installed" in shown


@pytest.mark.slow
def test_kept_trials_are_drawn(kept, tmp_path, capsys, monkeypatch):
    monkeypatch.undo()
    monkeypatch.setattr("eval.studies.learning_rate.study.STUDY", make_study())
    monkeypatch.setenv(CHECKPOINTS_VARIABLE, str(kept.parent.parent))
    assert run(eval_main.main, "study", NAME, "--kept", "--out", tmp_path / "pictures") == 0
    assert f"wrote {tmp_path / 'pictures' / 'small.png'}" in capsys.readouterr().out
    assert {path.name for path in (tmp_path / "pictures").iterdir()} == {"small.png", "small.svg"}


def test_check_passes_and_finds_a_shift(kept, capsys):
    assert run(eval_main.main, "study", NAME, "--check", "--only", "first", "--seeds", 2) == 0
    before, trial = hash_file(kept), load_trials(kept, NAME)[0]
    add_trial(replace(trial, figures={"worst_ratio": trial.figures["worst_ratio"] + 9}), kept)
    assert hash_file(kept) != before
    assert run(eval_main.main, "study", NAME, "--check", "--only", "first", "--seeds", 1) == 1
    assert "the kept trials were not reproduced. first-teacher: worst_ratio is" in capsys.readouterr().err


@pytest.mark.parametrize("field", ["protocol", "inputs_sha256", "engine"])
def test_check_refuses_kept_trials_of_another_origin_before_a_run(kept, field, capsys, monkeypatch):
    trials = json.loads(kept.read_text())
    kept.write_text(json.dumps([trial | {field: "another"} for trial in trials]))
    monkeypatch.setattr(MEASURE, None)
    assert run(eval_main.main, "study", NAME, "--check", "--seeds", 1) == 1
    message = capsys.readouterr().err
    assert "expected a kept trial of learning-rate, first-teacher, seed 0: full: batch_rows=5" in message
    assert "another" in message


@pytest.mark.parametrize(
    ("options", "status", "words"),
    [
        (("--only", "third"), 1, "no arm 'third'. Its arms: first-teacher, second-release."),
        (("--quick", "--kept"), 1, "a quick run is not kept"),
        (("--quick", "--check"), 1, "a quick run is not kept"),
        (("--kept", "--check"), 1, "--kept runs nothing"),
        (("--check", "--out", "run"), 1, "--check runs all trials, and --out takes those"),
        (("--seed", -1), 1, "seed must be from 0 to 4294967295; received -1"),
        (("--seeds", 0), 1, "seeds must be from 1 to 1000; received 0"),
        (("--jobs", 0), 1, "jobs must be from 1 to 1000; received 0"),
        (("--kept",), 1, "no trials of the study learning-rate at"),
        (("--check",), 1, "no trials of the study learning-rate at"),
        (("--seeds", "1.5"), 2, "1.5"),
    ],
)
def test_bad_options_are_refused(options, status, words, checkpoints, capsys):
    assert run(eval_main.main, "study", NAME, *options) == status
    assert words in capsys.readouterr().err


def test_other_bad_input_is_refused(kept, tmp_path, capsys):
    assert run(eval_main.main, "study", "none") == 2
    assert '"double-descent"' in capsys.readouterr().err
    file = tmp_path / "file"
    file.touch()
    assert run(eval_main.main, "study", NAME, "--out", file) == 1
    assert "--out must name a folder" in capsys.readouterr().err
    assert run(eval_main.main, "study", NAME, "--kept", "--out", file) == 1
    assert "--out must name a folder" in capsys.readouterr().err
    *trials, last = json.loads(kept.read_text())
    kept.write_text(json.dumps([*trials, last | {"engine": "another"}]))
    assert run(eval_main.main, "study", NAME, "--kept") == 1
    assert "expected trials of second-release on the same data and engine; found data" in capsys.readouterr().err
    assert run(eval_main.main, "study", NAME, "--kept", "--only", "first") == 0
    kept.write_text(json.dumps([trial | {"protocol": "full: other"} for trial in json.loads(kept.read_text())]))
    assert run(eval_main.main, "study", NAME, "--kept") == 1
    assert "are of other arms or another protocol" in capsys.readouterr().err


def test_a_diverged_training_is_named(capsys, monkeypatch):
    arms = make_study().arms
    wild = replace(arms["first-teacher"], plan=arms["first-teacher"].plan | {"rates": (0.1, 1e200)})
    monkeypatch.setattr("eval.studies.learning_rate.study.STUDY", replace(make_study(), arms={"first-teacher": wild}))
    with np.errstate(all="ignore"):
        assert run(eval_main.main, "study", NAME, "--only", "first", "--seeds", 1) == 1
    assert "learning-rate, first-teacher, seed 0: worst_ratio is nan, so the training" in capsys.readouterr().err


def test_a_failing_trial_keeps_those_of_other_jobs(tmp_path, monkeypatch):
    failed, path = Event(), tmp_path / "trials.json"

    def measure(inputs, seed, **plan):
        if seed == 0:
            failed.set()
            raise InputError("it diverged")
        failed.wait(5)
        time.sleep(0.05)  # the failure arrives first
        return measure_recursion(inputs, seed, **plan)

    monkeypatch.setattr(MEASURE, measure)
    tasks = list_tasks(make_study().choose(["first"]), 0, 9, quick=False)
    with ThreadPoolExecutor(2) as threads, pytest.raises(InputError, match="it diverged"):
        run_tasks(tasks, Runner(Workers(threads, 2)), path)
    seeds = [trial.seed for trial in load_trials(path, NAME)]
    assert seeds[0] == 1
    assert len(seeds) < 8


@pytest.mark.slow
def test_several_jobs_give_the_same_trials_in_other_processes(monkeypatch):
    """Processes load the release, since the small latents are in this one alone."""
    monkeypatch.undo()
    small = {"outer": 2, "runs": 1, "steps": 2, "batch_rows": 5}
    arm = replace(find_study(NAME).arms["latents-learned"], plan=small)
    tasks = list_tasks(replace(find_study(NAME), arms={"latents-learned": arm}), 0, 2, quick=False)
    alone = run_tasks(tasks, Runner(), None)
    with open_workers(2) as workers:
        together = run_tasks(tasks, Runner(workers), None)
    assert [replace(trial, cpu_seconds=0.0) for trial in alone] == [
        replace(trial, cpu_seconds=0.0) for trial in together
    ]


@pytest.mark.slow
def test_studies_are_imported_without_frameworks():
    script = (
        "import sys, eval.commands.studies; from eval.names import STUDIES; "
        "from eval.studies.design.study import find_study; [find_study(name) for name in STUDIES]; "
        "print(*{name.partition('.')[0] for name in sys.modules})"
    )
    done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True)
    heavy = {"tensorflow", "keras", "matplotlib", "sklearn", "joblib", "pandas", "onnxruntime", "fastapi", "jax"}
    assert not heavy & set(done.stdout.split())
