"""The study of lottery tickets: arms, published figures, claims and pictures."""

import math
from collections.abc import Iterator
from functools import partial

from eval.studies.design.pictures import Line, Panel, Picture
from eval.studies.design.study import Arm, Study
from eval.studies.design.trials import Results
from eval.studies.design.verdicts import Claim, PublishedFigure, Verdict, judge, judge_exact, pool
from ld_data.typing import Doubles

SEARCH, RANDOM = "mlp-search", "mlp-random"
CONDITIONS = ("same", "fresh", "reinit", "shuffle", "flip", "chunks")
MASKS = ("dense", "ticket", "random")
NOTEBOOK, PAGE = "notebook of 2024", "page of 2020"
MAGNITUDE, ROTATION, DRAWN = "latents-magnitude", "latents-rotation", "latents-random"
LATENTS = {
    MAGNITUDE: "masked by magnitude",
    ROTATION: "masked by magnitude after a rotation of x",
    DRAWN: "masked at random",
}
LATE = (0.75, 0.8, 0.84, 0.88, 0.9, 0.92, 0.94, 0.96, 0.97, 0.98, 0.99, 1.0)
EXPECTED = {  # the energy that the specification predicts for ld-mnist-32
    MAGNITUDE: {0.5: 0.958, 0.2: 0.731, 0.1: 0.537, 0.08: 0.481, 0.02: 0.222},
    ROTATION: {0.5: 0.935, 0.2: 0.670, 0.1: 0.466, 0.08: 0.408, 0.02: 0.157},
}


def _make_arms() -> dict[str, Arm]:
    module, load = "lottery.tickets", "lottery.tickets:load_sets"
    arms = {
        SEARCH: Arm(
            "magnitude pruning, and its mask at 0.92 elsewhere",
            f"{module}:search",
            load,
            {
                "levels": 100,
                "steps": 1_502,
                "pruned_at": 1_001,
                "level": 0.919,
                "conditions": CONDITIONS,
                "transfer_steps": 2_001,
            },
            {"levels": 34, "steps": 1_001, "conditions": ("fresh",), "transfer_steps": 1_001},
        ),
        RANDOM: Arm(
            "random masks",
            f"{module}:scan_random",
            load,
            {
                "shares": (0.0, *(round(0.1 * tenth, 1) for tenth in range(1, 8)), 0.72, *LATE),
                "steps": 1_502,
            },
            {"shares": (0.8, 0.92), "steps": 1_001},
        ),
    }
    plan = {"kept": (0.5, 0.2, 0.1, 0.08, 0.02), "rows": 1_000, "draws": 40}
    for name, about in LATENTS.items():
        chosen = {"chosen": name.removeprefix("latents-")}
        arms[name] = Arm(
            f"a linear map {about}",
            "lottery.latents:measure_masks",
            "inputs:load_latents",
            plan | chosen,
            {"draws": 10},
        )
    return arms


def _list_published() -> list[PublishedFigure]:
    found = f"test accuracy in % over the sparsity of magnitude pruning ({NOTEBOOK})"
    figures = [
        PublishedFigure(found, f"{share:g}", value, tolerance, SEARCH, f"accuracy@{place:g}")
        for share, place, value, tolerance in (
            (0, 0, 65.6, 2),
            (0.8, 0.798, 72.5, 2),
            (0.9, 0.899, 74.2, None),
            (0.92, 0.9192, 75.0, 2),
            (0.96, 0.9596, 70.4, None),
            (0.97, 0.9697, 67.7, None),
            (0.98, 0.9798, 63.4, None),
            (0.99, 0.9899, 41.7, None),
        )
    ]
    drawn = f"test accuracy in % over the sparsity of random masks ({NOTEBOOK})"
    for share, value in {0.72: 68.5, 0.8: 67.5, 0.9: 63.1, 0.92: 61.2, 0.96: 50.7, 0.98: 30.9}.items():
        figures.append(PublishedFigure(drawn, f"{share:g}", value, None, RANDOM, f"accuracy@{share:g}"))
    for source, tolerance, rows in (
        (NOTEBOOK, 1.5, NOTEBOOK_TRANSFERS),
        (f"{PAGE}, read off", None, PAGE_TRANSFERS),
    ):
        group = f"test accuracy in % of masks of sparsity 0.92 elsewhere ({source})"
        figures += [
            PublishedFigure(group, f"{condition}: {mask}", value, tolerance, SEARCH, f"{condition}_{mask}")
            for condition, values in rows.items()
            for mask, value in zip(MASKS, values, strict=True)
            if value is not None
        ]
    energy = "energy that a mask keeps, over the share of entries (predicted for ld-mnist-32)"
    for arm, values in EXPECTED.items():
        for share, value in values.items():
            label = f"{share:g}, {LATENTS[arm]}"
            figures.append(PublishedFigure(energy, label, value, 0.03, arm, f"energy@{share:g}"))
    return figures


NOTEBOOK_TRANSFERS: dict[str, tuple[float | None, ...]] = {
    "fresh": (64.2, 65.85, 60.0),
    "reinit": (None, 65.5, None),
    "shuffle": (63.75, 62.8, 60.7),
    "flip": (63.05, 62.8, 60.25),
    "chunks": (64.1, 61.85, 59.2),
}
PAGE_TRANSFERS: dict[str, tuple[float | None, ...]] = {
    "fresh": (64.0, 70.6, 58.2),
    "reinit": (None, 67.3, None),
    "shuffle": (64.5, 62.8, 58.1),
    "flip": (64.6, 68.7, 60.8),
    "chunks": (64.5, 66.2, 61.5),
}


def _gain(results: Results, condition: str, other: str = "dense") -> Doubles:
    """Return how much the ticket reads better than another mask under a condition, in points."""
    return results.read(SEARCH, f"{condition}_ticket") - results.read(SEARCH, f"{condition}_{other}")


def _make_signal_claims() -> list[Claim]:
    gains = (
        ("The ticket is better than the dense network on fresh data.", "fresh", "dense", "+6.6 in 2020, +1.65 in 2024"),
        ("It is better from the training rows of its search, on fresh test rows.", "same", "dense", ""),
        ("It is better than a random mask.", "fresh", "random", "+12.4 in 2020, +5.85 in 2024"),
        ("It is better from other first weights, too.", "reinit", "dense", "+3.3 in 2020, +1.3 in 2024"),
        ("It is better with the signals flipped.", "flip", "dense", "+4.1 in 2020, -0.25 in 2024"),
        ("It is better with the chunks of the signals exchanged.", "chunks", "dense", "+1.7 in 2020, -2.25 in 2024"),
    )
    sources = f"{PAGE}, {NOTEBOOK}"
    return [
        *(
            Claim(name, published, sources, (SEARCH,), partial(_judge_gain, condition, other))
            for name, condition, other, published in gains
        ),
        Claim(
            "It is better in its search, on the published test rows.",
            "+9.4: 75.0 against 65.6",
            NOTEBOOK,
            (SEARCH,),
            lambda its: judge(its.read(SEARCH, "accuracy@0.9192") - its.read(SEARCH, "accuracy@0"), unit=" points"),
        ),
        Claim(
            "With the points of the signals in another order it is not better than the dense network.",
            "+1.65 in order, -0.95 shuffled",
            NOTEBOOK,
            (SEARCH,),
            lambda its: judge(_gain(its, "shuffle"), -math.inf, 0.0, unit=" points"),
        ),
        Claim(
            "The ticket keeps neighbouring inputs more often than chance.",
            "0.86 % in 2020, 0.93 % in 2024, of random masks 0.72 and 0.56 %",
            sources,
            (SEARCH,),
            lambda its: judge(
                100 * (its.read(SEARCH, "adjacent") - its.read(SEARCH, "adjacent_null")), form=".3f", unit=" points"
            ),
        ),
    ]


def _judge_gain(condition: str, other: str, results: Results) -> Verdict:
    return judge(_gain(results, condition, other), unit=" points")


def _judge_masks(arm: str, results: Results) -> Verdict:
    measured = results.read_curve(arm, "measured") - results.read_curve(arm, "theory")  # each seed has its own masks
    errors = pool(results, arm)[1]
    return judge_exact(measured.mean(axis=0), errors, 0 * errors)


def _make_latent_claims() -> list[Claim]:
    source = "uncorrelated components of x"
    claims = [
        Claim(
            f"The error of a linear map {about} is exactly that of the formula.",
            "a theorem",
            source,
            (arm,),
            partial(_judge_masks, arm),
        )
        for arm, about in LATENTS.items()
    ]
    claims.append(
        Claim(
            "A rotation of x takes a part of the gain away: sparsity by magnitude depends on the basis.",
            "predicted energy 0.481 at 8 %, and 0.408 after a rotation",
            source,
            (MAGNITUDE, ROTATION),
            lambda its: judge(
                its.read(MAGNITUDE, "energy@0.08", ROTATION) - its.read(ROTATION, "energy@0.08", MAGNITUDE), form=".3f"
            ),
        )
    )
    return claims


def draw(results: Results) -> Iterator[Picture]:
    """Yield the pictures of the arms that have results."""
    found = [(arm, word) for arm, word in ((SEARCH, "by magnitude"), (RANDOM, "at random")) if arm in results.trials]
    if found:
        panels = []
        for curve, word in (("accuracy", "test accuracy in %"), ("loss", "test loss")):
            lines = [Line(label, results.read_axis(arm), results.read_curve(arm, curve)) for arm, label in found]
            panels.append(Panel("pruned on the published signals", "sparsity", word, lines, {}))
        yield Picture(
            "lottery", "Test accuracy and loss over the sparsity of masks by magnitude and of random masks", panels
        )
    lines = []
    for arm, label in LATENTS.items():
        if arm in results.trials:
            lines.append(Line(label, results.read_axis(arm), results.read_curve(arm, "energy"), "o-"))
    if lines:
        caption = "The energy of a linear map that masks keep, over the share of its entries"
        panel = Panel("a linear map on latents", "share of entries kept", "share of energy kept", lines, {}, "x")
        yield Picture("lottery-latents", caption, [panel])


STUDY = Study(
    "lottery",
    "does pruning by magnitude find masks that train better, and why?",
    _make_arms(),
    _list_published(),
    [*_make_signal_claims(), *_make_latent_claims()],
    draw,
    exact={arm: f"the error of a linear map {about}" for arm, about in LATENTS.items()},
)
