"""The results as Markdown tables, for a terminal and for the manual."""

from tabulate import tabulate

from api.benchmark.suite import Results


def describe(results: Results, machine: dict[str, str]) -> str:
    """Return all results as Markdown."""
    libraries = ", ".join(f"{name} {value}" for name, value in list(machine.items())[2:])
    parts = [f"{machine['processor']}, {machine['cores']} cores; {libraries}."]
    if results.samples:
        parts.append(_describe_samples(results))
    if results.figures:
        lines = [[name, _round(value)] for name, value in results.figures.items()]
        parts.append(tabulate(lines, ["figure", "value"], "github", disable_numparse=True))
    failures = {name: sample.failures for name, sample in results.samples.items() if sample.failures}
    missing = [f"- {name}: {reason}." for name, reason in results.missing.items()]
    missing += [f"- {name}: {count} requests were not answered 200." for name, count in failures.items()]
    return "\n\n".join([*parts, *(["\n".join(missing)] if missing else [])])


def _describe_samples(results: Results) -> str:
    """Return a line for each part; the last column says how many times as fast the service is."""
    head = ["rows a request x connections", "requests a second", "p50 ms", "p99 ms", "processor us", "service, times"]
    lines = [
        [
            name,
            _round(sample.rate),
            _round(1e3 * sample.p50),
            _round(1e3 * sample.p99),
            _round(1e6 * sample.work) if sample.work else "",
            _round(results.ratios[name]) if name in results.ratios else "",
        ]
        for name, sample in results.samples.items()
    ]
    return tabulate(lines, head, "github", disable_numparse=True)


def _round(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"
