import re

from api.benchmark.generator import Sample
from api.benchmark.suite import Results
from api.benchmark.table import describe

MACHINE = {"processor": "A Processor", "cores": "2", "Python": "3.11.7", "numpy": "2.4.6"}


def squeeze(text):
    """The text without the padding of its columns."""
    return re.sub(" +", " ", text)


def test_without_results_the_machine_is_described_alone():
    assert describe(Results(), MACHINE) == "A Processor, 2 cores; Python 3.11.7, numpy 2.4.6."


def test_parts_have_their_rates_latencies_and_ratios():
    samples = {
        "service, JSON, 1 x 16": Sample(4321.0, 0.0034, 0.1, work=0.000231),
        "MLServer, 64 x 16": Sample(43.2, 0.5, 1.5),
    }
    results = Results(samples, ratios={"MLServer, 64 x 16": 4.257}, multiples={"service, JSON, 1 x 16": 5.611})
    text = squeeze(describe(results, MACHINE))
    assert "| service, JSON, 1 x 16 | 4,321 | 3.4 | 100 | 231 | 5.61 | |" in text
    assert "| MLServer, 64 x 16 | 43.2 | 500 | 1,500 | | | 4.26 |" in text


def test_figures_missing_parts_and_failures_are_listed():
    samples = {"data.npz": Sample(1.0, 0.1, 0.1, failures=3)}
    text = squeeze(describe(Results(samples, {"memory, MB": 12.34}, missing={"nginx": "not there"}), MACHINE))
    assert "| memory, MB | 12.3 |" in text
    assert "- nginx: not there." in text
    assert "- data.npz: 3 requests were not answered 200." in text
