import ld_data.__main__ as data_main
from ld_data.variations.benchmark import Reading
from tests.support.command_lines import run, run_json


def test_benchmark_variations(monkeypatch, capsys):
    reading = Reading("ours", 0.5, 0.6, 250_000_000, "00")
    asked = []
    monkeypatch.setattr(
        "ld_data.commands.benchmark.measure_reading",
        lambda *arguments: asked.append(arguments) or {"lists": reading, "ours": reading},
    )
    assert run_json(capsys, data_main.main, "benchmark", "variations")["ours"]["peak"] == 250_000_000
    assert run(data_main.main, "benchmark", "variations", "--turns", 1, "--notation", "short") == 0
    assert "1/1.0 of the processor's time" in capsys.readouterr().out
    assert asked == [(3, "matlab"), (1, "short")]
    assert run(data_main.main, "benchmark", "variations", "--turns", 0) == 1
