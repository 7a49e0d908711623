from api.benchmark.load.samples import Sample
from api.benchmark.suite import PRODUCTS, Results
from api.benchmark.table import describe

MACHINE = {"processor": "A Processor", "cores": "2", "Python": "3.11.7", "numpy": "2.4.6"}


def test_nothing_measured_is_the_machine_alone():
    assert describe(Results(), MACHINE) == "A Processor, 2 cores; Python 3.11.7, numpy 2.4.6."


def test_networks_are_told_in_rows_a_second_and_shares_of_the_peak():
    samples = {
        f"{name} {batch}": Sample(1000 / batch) for name in ("decoder", "encoder") for batch in (1, 64, 256, 4096)
    }
    figures = {"flop of product": 1e9, "flop of decoder": 20e6, "flop of encoder": 10e6}
    text = describe(
        Results(
            {PRODUCTS[0]: Sample(90.0), PRODUCTS[1]: Sample(100.0), **samples, "keras.predict": Sample(7.25)}, figures
        ),
        MACHINE,
    )
    assert "matrix product 100 GFLOP/s" in text
    assert "| decoder, 20.00 MFLOP a row (of the matrix product) | 1,000 (20 %) |" in text
    assert "| decoder, keras.predict | 7.25 |  |  |  |" in text


def test_servers_are_told_by_load_with_their_latencies():
    samples = {
        "service, JSON, 1 x 16": Sample(4321.0, 0.0034, 0.1, work=0.000231),
        "MLServer, 64 x 16": Sample(43.2, 0.5, 1.5),
    }
    text = describe(Results(samples), MACHINE)
    assert (
        "| requests a second; p50, p99 in ms; processor in us | 1 row, 16 connections | 1 row, 64 connections | 64 rows"
        in text
    )
    assert "| service, JSON | 4,321; 3.4, 100; 231 |  |  |" in text
    assert "| MLServer |  |  | 43.2; 500, 1,500 |" in text
    assert "LitServe" not in text


def test_goals_stand_beside_what_was_measured():
    samples = {
        "service, .npy, 64 x 16": Sample(50.0, 0.1, 0.2, work=0.02),
        "decoder 64": Sample(100.0, work=0.01),
        "MLServer, 64 x 16": Sample(5.0),
    }
    text = describe(Results(samples), MACHINE)
    assert "| 64 rows, 16 connections, .npy, of the decoder alone | at least 65 % | 50 % | **no** |" in text
    assert "| 64 rows, 16 connections, .npy, of MLServer | at least 6x | 10x | yes |" in text


def test_what_is_missing_or_failed_is_told():
    samples = {"download": Sample(1.0, 0.1, 0.1, failures=3)}
    text = describe(Results(samples, missing={"nginx": "not installed"}), MACHINE)
    assert "- nginx: not installed." in text
    assert "- download: 3 requests were not answered 200." in text


def test_the_overload_is_one_sentence():
    names = (
        "capacity",
        "p99 at capacity",
        "offered",
        "sent",
        "accepted",
        "p99 of the accepted",
        "refused",
        "wrong or lost",
        "memory",
    )
    values = (100.0, 0.05, 1000.0, 900.0, 90.0, 0.08, 0.9, 0, 12.3)
    figures = {f"overload: {name}": value for name, value in zip(names, values, strict=True)}
    text = describe(Results(figures=figures), MACHINE)
    assert "capacity 100 requests a second with a p99 of 50 ms; 1,000 offered, 900 sent" in text
    assert "90 % refused with 429, 0 wrong or lost; memory grew by 12 MB" in text
    assert "| ten times the capacity, p99 of the accepted, of that at capacity | at most 3x | 1.6x | yes |" in text
