import subprocess
import sys
from pkgutil import resolve_name

import pytest

from eval import names
from eval.classifiers import registry as classifiers
from eval.classifiers.tables import CLASSIFIERS
from eval.rules.network import Network
from tests.support.paths import ROOT
from vae.commands import DECODERS
from vae.decoders.alternatives import ALTERNATIVES

pytestmark = pytest.mark.slow


def test_the_names_are_those_of_the_models():
    assert all(callable(resolve_name(f"eval.{path}")) for path in names.BASELINES.values())
    assert all(issubclass(resolve_name(f"eval.{path}"), Network) for path in names.RULES.values())
    assert tuple(classifiers.CLASSIFIERS) == CLASSIFIERS
    assert set(names.SHORT) <= set(names.BASELINES)
    assert tuple(ALTERNATIVES) == DECODERS


def test_names_and_rules_load_without_keras():
    script = "import eval.names, sys; print(*sys.modules); import eval.rules.forward_forward; print(*sys.modules)"
    shown = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    of_names, of_rules = (set(line.split()) for line in shown.splitlines())
    assert not {"keras", "tensorflow", "sklearn", "scipy"} & of_names
    assert not {"keras", "tensorflow", "sklearn"} & of_rules
