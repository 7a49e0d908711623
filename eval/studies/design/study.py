"""A study: its arms, the published figures and claims that they are held to, and their table."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pkgutil import resolve_name
from typing import Any, Protocol

from eval.names import STUDIES
from eval.studies.design.pictures import Picture
from eval.studies.design.trials import Results, Trial
from eval.studies.design.verdicts import Claim, PublishedFigure, list_exact, list_groups
from ld_data.cli.table import format_table
from ld_data.errors import UnknownNameError


class Inputs(Protocol):
    """The data of an arm."""

    @property
    def sha256(self) -> str:
        """The hash of the data."""


@dataclass(frozen=True)
class Arm:
    """A part of a study that runs by itself.

    Attributes:
        about: one line.
        measure: `module:function` of `eval.studies`, called as `measure(inputs, seed, **plan)`; it returns an
            `Outcome`.
        load: `module:function` of `eval.studies`, which returns the data, as `Inputs`.
        plan: settings of the full protocol.
        quick: those of `plan` that are smaller in a quick run.
        seeds: how many the full protocol has.
        engine: "numpy", "sklearn", "jax", or "keras", whose backend is then named.
    """

    about: str
    measure: str
    load: str
    plan: Mapping[str, Any]
    quick: Mapping[str, Any] = field(default_factory=dict)
    seeds: int = 5
    engine: str = "numpy"

    def find_plan(self, quick: bool) -> dict[str, Any]:
        """Return the settings of a protocol."""
        return {**self.plan, **(self.quick if quick else {})}

    def describe_protocol(self, quick: bool) -> str:
        """Return "full" or "quick" with the settings: trials of other settings do not compare."""
        plan = {name: _write(value) for name, value in sorted(self.find_plan(quick).items())}
        return " ".join(["quick:" if quick else "full:", *(f"{name}={value}" for name, value in plan.items())])

    def load_inputs(self) -> Inputs:
        """Return the data; raises as their loader does."""
        return resolve_name(f"eval.studies.{self.load}")()

    def find_measure(self) -> Callable[..., Any]:
        """Return the function that runs the arm."""
        return resolve_name(f"eval.studies.{self.measure}")


@dataclass(frozen=True)
class Study:
    """A study.

    Attributes:
        name: of the command.
        question: that it answers.
        arms: by name; the part of a name before the first hyphen chooses all arms that share it.
        published: figures of others, beside ours.
        claims: each of them gets a verdict.
        draw: returns the pictures of those arms that have results.
        exact: arms whose curves are `measured`, with its standard `error`, and the exact `theory`, with their titles.
    """

    name: str
    question: str
    arms: Mapping[str, Arm]
    published: Sequence[PublishedFigure]
    claims: Sequence[Claim]
    draw: Callable[[Results], Iterable[Picture]]
    exact: Mapping[str, str] = field(default_factory=dict)

    def choose(self, names: Sequence[str] | None) -> "Study":
        """Return the study with some of its arms, by their names or first words, and what is said about them alone.

        Raises:
            UnknownNameError: the study has no such arm; the message lists all.
        """
        if names is None:
            return self
        for name in names:
            if not any(_is_named(arm, name) for arm in self.arms):
                raise UnknownNameError(f"the study {self.name} has no arm {name!r}. Its arms: {', '.join(self.arms)}.")
        arms = {arm: its for arm, its in self.arms.items() if any(_is_named(arm, name) for name in names)}
        published = [figure for figure in self.published if figure.arm in arms]
        claims = [claim for claim in self.claims if set(claim.test.arms) <= set(arms)]
        exact = {arm: title for arm, title in self.exact.items() if arm in arms}
        return replace(self, arms=arms, published=published, claims=claims, exact=exact)

    def take_results(self, trials: Iterable[Trial], quick: bool = False) -> Results:
        """Return those trials of the study's arms that follow its protocol."""
        protocols = {arm: its.describe_protocol(quick) for arm, its in self.arms.items()}
        return Results([trial for trial in trials if protocols.get(trial.arm) == trial.protocol])

    def judge(self, results: Results) -> list[dict[str, str]]:
        """Return the claims with their verdicts, as JSON values."""
        verdicts = [(claim, claim.judge(results)) for claim in self.claims]
        names = ("name", "published", "source")
        return [
            {name: getattr(claim, name) for name in names} | {"verdict": verdict.word, "measured": verdict.measured}
            for claim, verdict in verdicts
        ]

    def compare(self, results: Results) -> list[dict[str, str]]:
        """Return the published figures beside ours, as JSON values."""
        names = ("label", "published", "ours", "tolerance", "verdict")
        return [
            {"group": figure.group} | dict(zip(names, figure.describe(results), strict=True))
            for figure in self.published
        ]

    def describe(self, results: Results) -> str:
        """Return the claims with their verdicts, and the published figures beside ours, as text."""
        lines = [f"{self.name}: {self.question}", "", self.describe_arms(results), ""]
        return "\n".join([*lines, *self.describe_claims(results), *self.describe_figures(results)])

    def describe_arms(self, results: Results) -> str:
        """Return a table of the arms: what was measured, and at which cost."""
        rows = []
        for name, arm in self.arms.items():
            own = list(results.trials.get(name, {}).values())
            seconds = f"{sum(trial.cpu_seconds for trial in own):.0f}" if own else ""
            rows.append((name, arm.about, str(len(own) or "not measured"), seconds, own[0].engine if own else ""))
        return format_table(("arm", "", "seeds", "CPU s", "engine"), rows, "llrrl")

    def describe_claims(self, results: Results) -> list[str]:
        """Return the lines of each claim: the verdict, what was published, and what was measured."""
        lines = []
        for entry in self.judge(results):
            lines += [f"{entry['verdict'].upper()}: {entry['name']}", f"  measured: {entry['measured']}"]
            lines.append(f"  published: {entry['published'] or 'nothing'} ({entry['source']})")
        return lines

    def describe_figures(self, results: Results) -> list[str]:
        """Return a table for each group of published figures; ours have the standard deviation over seeds."""
        lines: list[str] = []
        for group in list_groups(self.published):
            rows = [figure.describe(results) for figure in self.published if figure.group == group]
            table = format_table(("", "published", "ours", "tolerance", ""), rows, "lrrrl")
            lines += ["", group, table]
        for arm, title in self.exact.items():
            if arm in results.trials:
                headings = ("", "exact", "measured", "standard errors apart")
                lines += ["", f"exact and measured: {title}", format_table(headings, list_exact(results, arm), "rrrr")]
        return lines


def find_study(name: str) -> Study:
    """Return the study of that name; raise `UnknownNameError`, which lists all, without one."""
    if name not in STUDIES:
        raise UnknownNameError(f"no study {name!r}. Known: {', '.join(STUDIES)}.")
    return resolve_name(f"eval.{STUDIES[name]}")


def _is_named(arm: str, name: str) -> bool:
    return name in (arm, arm.partition("-")[0])


def _write(value: object) -> str:
    return ",".join(map(str, value)) if isinstance(value, list | tuple) else str(value)
