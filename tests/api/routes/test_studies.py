import re

import pytest

from eval.names import STUDIES
from eval.studies.design.study import find_study
from eval.studies.design.trials import add_trial, load_trials, trials_path
from tests.support.paths import ROOT
from tests.support.service import assert_error
from tests.support.studies import make_trials

ROUTE = "/v1/studies"
ARM = "latents-recursion"
CURVES = {"at": [0.005, 0.02], "measured": [0.0109, 0.0085], "error": [1e-4, 1e-4], "theory": [0.0109, 0.0085]}


@pytest.fixture
def kept(catalogue):
    """The path of the kept trials of a study, of which one arm is measured."""
    path = trials_path("learning-rate", catalogue.find("fake-4").checkpoints)
    path.parent.mkdir()
    for trial in make_trials(find_study("learning-rate"), ARM, {}, CURVES, step=1e-6):
        add_trial(trial, path)
    return path


def list_claims(answer, study):
    (found,) = [its for its in answer.json()["studies"] if its["name"] == study]
    return found["claims"]


def test_claims_without_kept_trials_are_not_measured(client):
    answer = client.get(ROUTE)
    assert [study["name"] for study in answer.json()["studies"]] == list(STUDIES)
    for study in answer.json()["studies"]:
        assert study["question"] == find_study(study["name"]).question
        assert {claim["verdict"] for claim in study["claims"]} == {"not measured"}


def test_claims_are_judged_by_the_kept_trials(client, kept):
    claims = list_claims(client.get(ROUTE), "learning-rate")
    study = find_study("learning-rate")
    (judged,) = [claim for claim in study.claims if claim.test.arms == (ARM,)]
    (found,) = [claim for claim in claims if claim["verdict"] != "not measured"]
    results = study.take_results(load_trials(kept, study.name))
    assert (found["name"], found["source"]) == (judged.name, judged.source)
    assert (found["verdict"], found["measured"]) == ("holds", judged.judge(results).measured)


def test_the_list_has_a_validator_that_follows_the_kept_trials(client, kept):
    before = client.get(ROUTE).headers["ETag"]
    assert client.get(ROUTE, headers={"If-None-Match": before}).status_code == 304
    kept.unlink()
    assert client.get(ROUTE, headers={"If-None-Match": before}).status_code == 200
    assert_error(client.get(ROUTE, headers={"If-Match": before}), 412, "precondition_failed", "the list of studies")


def test_damaged_trials_are_not_served(client, kept):
    kept.write_text("[{}]")
    assert_error(client.get(ROUTE), 503, "not_ready", "the studies cannot be read")


def test_the_page_links_to_the_sections_of_the_manual():
    script = (ROOT / "api" / "static" / "studies.js").read_text("utf-8")
    sections = dict(re.findall(r'^  "?([a-z-]+)"?: "([a-z-]+)",$', script, re.MULTILINE))
    titles = re.findall(r"^## (.+)$", (ROOT / "docs" / "studies.md").read_text("utf-8"), re.MULTILINE)
    assert {sections.get(name, name) for name in STUDIES} <= {title.lower().replace(" ", "-") for title in titles}
