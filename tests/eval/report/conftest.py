import pytest

from eval.report.loading import Rule
from eval.report.measuring import Wishes, measure_rule
from ld_data.release.dataset import subset
from ld_data.release.writer import make_dataset
from tests.support.fakes import FakeCodec, make_source
from tests.support.reports import OWN


@pytest.fixture(scope="session")
def data():
    return make_dataset(make_source(600, 200), FakeCodec(), "fake", seed=0)


@pytest.fixture(scope="session")
def own_rule(tmp_path_factory):
    """A rule of a user's file."""
    folder = tmp_path_factory.mktemp("rules")
    (folder / "delta_rule.py").write_text(OWN)
    return Rule("delta_rule.py:Delta", folder)


@pytest.fixture(scope="session")
def report(data, own_rule):
    """The report of that rule, with two seeds and two curves."""
    wishes = Wishes((0, 1), ("rows", "batch_rows"), (100, 600))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("eval.baselines.registry.LEARNING_RATES", (1e-3, 1e-2))
        patch.setattr("eval.baselines.registry.FURTHER_RATES", 0)
        return measure_rule(own_rule, subset(data, 600), wishes)
