import subprocess
import sys

from eval import names as vocabulary
from eval.baselines import registry as baselines
from eval.classifiers import registry as classifiers
from tests.support.paths import ROOT
from vae.commands import DECODERS
from vae.decoders.alternatives import ALTERNATIVES


def test_the_names_are_those_that_there_are():
    assert tuple(baselines.RULES) == vocabulary.RULES
    assert tuple(baselines.BASELINES) == vocabulary.BASELINES
    assert tuple(classifiers.CLASSIFIERS) == vocabulary.CLASSIFIERS
    assert set(vocabulary.SHORT) <= set(vocabulary.BASELINES)
    assert tuple(ALTERNATIVES) == DECODERS


def test_what_can_be_tuned_is_what_is_a_rule():
    rules = [name for name, baseline in baselines.BASELINES.items() if isinstance(baseline.fit, baselines.RuleBaseline)]
    assert rules == list(vocabulary.RULES)


def test_they_need_no_library():
    script = "import eval.names, sys; print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    assert not {"keras", "tensorflow", "sklearn", "scipy"} & set(loaded.split())
