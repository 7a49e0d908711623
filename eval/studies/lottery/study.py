"""The study of lottery tickets: arms, published figures and pictures."""

from collections.abc import Iterator

from eval.studies.design.pictures import Panel, Picture, list_pictures, read_lines
from eval.studies.design.study import Arm, Study
from eval.studies.design.trials import Results
from eval.studies.design.verdicts import PublishedFigure
from eval.studies.lottery.claims import (
    LATENTS,
    MAGNITUDE,
    MANY_ROWS,
    NETWORKS,
    NOTEBOOK,
    PAGE,
    PLANTED,
    RANDOM,
    ROTATION,
    SEARCH,
    make_latent_claims,
    make_signal_claims,
)

CONDITIONS = ("same", "fresh", "reinit", "shuffle", "flip", "chunks")
MASKS = ("dense", "ticket", "random")
NETWORK_LINES = {"magnitude": "by magnitude", "rotation": "after a rotation of x", "random": "at random"}
PLANTED_LINES = {"magnitude": "by magnitude", "rotation": "after a rotation of x", "chance": "by chance"}
SHARES = (0.5, 0.8, 0.9, 0.95, 0.98)  # of values that are pruned
LATE = (0.75, 0.8, 0.84, 0.88, 0.9, 0.92, 0.94, 0.96, 0.97, 0.98, 0.99, 1.0)
EXPECTED = {  # the energy that the specification predicts for ld-mnist-32
    MAGNITUDE: {0.5: 0.958, 0.2: 0.731, 0.1: 0.537, 0.08: 0.481, 0.02: 0.222},
    ROTATION: {0.5: 0.935, 0.2: 0.670, 0.1: 0.466, 0.08: 0.408, 0.02: 0.157},
}


def _make_signal_arms() -> dict[str, Arm]:
    module, load = "lottery.tickets", "lottery.tickets:load_sets"
    return {
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


def _make_latent_arms() -> dict[str, Arm]:
    load, plan = "inputs:load_latents", {"kept": (0.5, 0.2, 0.1, 0.08, 0.02), "rows": 1_000, "draws": 40}
    arms = {
        NETWORKS: Arm(
            "pruned networks on latents",
            "lottery.networks:prune_networks",
            load,
            {"shares": (0.0, *SHARES), "hidden": 256, "steps": 3_000, "rate": 0.001},
            {"shares": (0.0, 0.9), "hidden": 64, "steps": 300},
        ),
        PLANTED: Arm(
            "a planted support, found by magnitude",
            "lottery.networks:find_planted",
            load,
            {"share": 0.08, "rows": (300, 1_000, 3_000, 10_000, 30_000, MANY_ROWS)},
            seeds=20,
        ),
    }
    for name, about in LATENTS.items():
        chosen = {"chosen": name.removeprefix("latents-")}
        words, measure = f"a linear map {about}", "lottery.latents:measure_masks"
        arms[name] = Arm(words, measure, load, plan | chosen, {"draws": 10})
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


def _draw_signals(results: Results) -> Iterator[Panel]:
    for curve, word in (("accuracy", "test accuracy in %"), ("loss", "test loss")):
        lines = [
            *read_lines(results, SEARCH, {curve: "by magnitude"}),
            *read_lines(results, RANDOM, {curve: "at random"}),
        ]
        yield Panel("pruned on the published signals", "sparsity", word, lines, {})


def _draw_latents(results: Results) -> Iterator[Panel]:
    lines = [line for arm, label in LATENTS.items() for line in read_lines(results, arm, {"energy": label}, "o-")]
    yield Panel("a linear map", "share of entries kept", "share of energy kept", lines, {}, "x")
    lines = read_lines(results, NETWORKS, NETWORK_LINES, "o-")
    yield Panel("networks", "share of values pruned", "variance explained / dense", lines, {})
    lines = read_lines(results, PLANTED, PLANTED_LINES, "o-")
    yield Panel("a planted support", "rows", "share found", lines, {}, "x")


def draw(results: Results) -> list[Picture]:
    """Return the pictures of the arms that have results."""
    signals = "Test accuracy and loss over the sparsity of masks by magnitude and of random masks"
    latents = "What masks of learners on latents keep, and what a rotation takes"
    return list_pictures(
        ("lottery", signals, _draw_signals(results)), ("lottery-latents", latents, _draw_latents(results))
    )


STUDY = Study(
    "lottery",
    "does pruning by magnitude find masks that train better, and why?",
    _make_signal_arms() | _make_latent_arms(),
    _list_published(),
    [*make_signal_claims(), *make_latent_claims()],
    draw,
    exact={arm: f"the error of a linear map {about}" for arm, about in LATENTS.items()},
)
