import subprocess
import sys
from pathlib import Path

import vae.__main__ as vae_main
from eval import baselines, classifiers, vocabulary
from vae.alternatives import ALTERNATIVES

ROOT = Path(__file__).parent.parent


def test_the_names_are_those_that_there_are():
    assert tuple(baselines.RULES) == vocabulary.RULES
    assert tuple(baselines.BASELINES) == vocabulary.BASELINES
    assert tuple(classifiers.CLASSIFIERS) == vocabulary.CLASSIFIERS
    assert tuple(ALTERNATIVES) == vae_main.DECODERS


def test_what_can_be_tuned_is_what_is_a_rule():
    rules = [name for name, baseline in baselines.BASELINES.items() if isinstance(baseline.fit, baselines.RuleBaseline)]
    assert rules == list(vocabulary.RULES)


def test_they_need_no_library():
    script = "import eval.vocabulary, sys; print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    assert not {"keras", "tensorflow", "sklearn", "scipy"} & set(loaded.split())
