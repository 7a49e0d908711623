"""The results in words: tables in Markdown, for people and for the README."""

from collections.abc import Sequence
from typing import Any

from api.benchmark.contenders.registry import ECHO, OTHERS, SERVICE, WORKERS
from api.benchmark.goals import find_peak, judge, share_of_peak
from api.benchmark.load.samples import Sample
from api.benchmark.suite import BATCHES, LARGE_ROWS, LOADS, PRODUCTS, Results, name_load


def describe(results: Results, machine: dict[str, str]) -> str:
    """Return all that was measured as Markdown; tables of which nothing was measured are left out."""
    parts = [
        _describe_machine(machine),
        _describe_alone(results),
        _describe_loads(results),
        _describe_rest(results),
        _describe_goals(results),
        _describe_missing(results),
    ]
    return "\n\n".join(part for part in parts if part)


def _describe_machine(machine: dict[str, str]) -> str:
    libraries = ", ".join(f"{name} {value}" for name, value in list(machine.items())[2:])
    return f"{machine['processor']}, {machine['cores']} cores; {libraries}."


def _describe_alone(results: Results) -> str:
    if PRODUCTS[0] not in results.samples:
        return ""
    peak = find_peak(results) / 1e9
    head = [
        f"rows a second of one processor; matrix product {peak:,.0f} GFLOP/s",
        *(f"batch {batch}" for batch in BATCHES),
    ]
    lines = []
    for name in ("decoder", "encoder"):
        flops = results.figures[f"flop of {name}"] / 1e6
        cells = [
            f"{_rate(results.samples[f'{name} {batch}'].rate * batch)} ({share_of_peak(results, name, batch):.0f} %)"
            for batch in BATCHES
        ]
        lines.append([f"{name}, {flops:.2f} MFLOP a row (of the matrix product)", *cells])
    for name in ("Keras called directly", "keras.predict"):
        if name in results.samples:
            lines.append([f"decoder, {name}", _rate(results.samples[name].rate), *[""] * (len(BATCHES) - 1)])
    return _make_table(head, lines)


def _describe_loads(results: Results) -> str:
    head = ["requests a second; p50, p99 in ms; processor in us"]
    head += [f"{rows} row{'s' * (rows > 1)}, {connections} connections" for rows, connections in LOADS]
    lines = []
    for contender in (*SERVICE, *WORKERS, *ECHO, *OTHERS):
        samples = [results.samples.get(name_load(contender.name, *load)) for load in LOADS]
        if any(samples):
            lines.append([contender.name, *(_describe_sample(sample) for sample in samples)])
    return _make_table(head, lines) if lines else ""


def _describe_rest(results: Results) -> str:
    """Return what has one figure each."""
    samples, figures = results.samples, results.figures
    lines: list[list[str]] = []

    def add(name: str, work: str) -> None:
        if name in samples:
            lines.append([work, _describe_sample(samples[name])])

    add(name_load("encode", 64, 16), "x/encode, 64 rows, 16 connections, .npy")
    for payload in (".npy", "JSON"):
        if large := samples.get(f"large {payload}"):
            lines.append([f"10,000 rows in one request, {payload}", f"{_rate(large.rate * LARGE_ROWS)} rows a second"])
        add(f"beside {payload}", f"1 row beside four clients of 10,000 rows, {payload}")
    add("download", "data.npz")
    add("download from nginx", "data.npz from nginx")
    if "overload: sent" in figures:
        lines.append(["ten times the capacity, 64 rows, .npy", _describe_overload(figures)])
    for name in ("service, .npy", "FastAPI, Keras called directly"):
        if f"start of {name}" in figures:
            start = f"{figures[f'start of {name}']:.2f} s, {figures[f'memory of {name}']:.0f} MB"
            lines.append([f"start to first answer, and memory: {name}", start])
    if verify := samples.get("verify"):
        lines.append(["verifying the release, of that", f"{1 / verify.rate:.2f} s"])
    if generator := samples.get("generator"):
        each = f"{generator.cost * 1e6:.0f} us of a processor each"
        cost = f"{_rate(generator.rate)} requests a second of a server that does nothing, {each}"
        lines.append(["the load generator itself", cost])
    return _make_table(["", ""], lines) if lines else ""


def _describe_overload(figures: dict[str, float]) -> str:
    of = {name.removeprefix("overload: "): value for name, value in figures.items()}
    return (
        f"capacity {_rate(of['capacity'])} requests a second with a p99 of {_ms(of['p99 at capacity'])} ms; "
        f"{_rate(of['offered'])} offered, {_rate(of['sent'])} sent, {_rate(of['accepted'])} answered with a p99 of "
        f"{_ms(of['p99 of the accepted'])} ms, {100 * of['refused']:.0f} % refused with 429, "
        f"{of['wrong or lost']:.0f} wrong or lost; memory grew by {of['memory']:.0f} MB"
    )


def _describe_goals(results: Results) -> str:
    lines = []
    for verdict in judge(results):
        if verdict.figure is not None:
            figure = f"{verdict.figure:.3g}{verdict.goal.unit}"
            lines.append([verdict.goal.work, verdict.goal.wanted, figure, "yes" if verdict.is_met else "**no**"])
    return _make_table(["goal", "wanted", "measured", "met"], lines) if lines else ""


def _describe_missing(results: Results) -> str:
    failures = {name: sample.failures for name, sample in results.samples.items() if sample.failures}
    lines = [f"- {name}: {reason}." for name, reason in results.missing.items()]
    lines += [f"- {name}: {count} requests were not answered 200." for name, count in failures.items()]
    return "\n".join(lines)


def _describe_sample(sample: Sample | None) -> str:
    if sample is None:
        return ""
    work = f"; {sample.work * 1e6:,.0f}" if sample.work else ""
    return f"{_rate(sample.rate)}; {_ms(sample.p50)}, {_ms(sample.p99)}{work}"


def _rate(rate: float) -> str:
    return f"{rate:,.0f}" if rate >= 100 else f"{rate:.3g}"


def _ms(seconds: float) -> str:
    return f"{seconds * 1e3:,.0f}" if seconds >= 0.1 else f"{seconds * 1e3:.2g}"


def _make_table(head: Sequence[str], lines: Sequence[Sequence[Any]]) -> str:
    rows = [head, ["---"] * len(head), *lines]
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)
