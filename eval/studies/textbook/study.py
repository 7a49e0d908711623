"""The study of the textbook's experiments: arms and pictures."""

from collections.abc import Iterator
from typing import Any

from eval.studies.design.pictures import Line, Panel, Picture, list_pictures, read_lines, read_theory
from eval.studies.design.study import Arm, Study
from eval.studies.design.trials import Results
from eval.studies.textbook.claims import (
    AUGMENTED,
    DENSE,
    DENSE_PLAIN,
    DEPTH,
    GROWING,
    MEMORY,
    NARROW,
    NORMALISED,
    PERMUTED,
    PLAIN,
    RANDOM,
    STRIDED,
    STRIDED_PLAIN,
    WIDE,
    list_published,
    make_claims,
)

LOAD, BATCH_ROWS = "lottery.tickets:load_sets", 100
UNITS = {1: 298, 2: 100, 3: 75, 4: 63}  # of each layer, by the number of layers: 15,200 weights and biases in all
PARAMETERS = (8, 16, 32, 48, 56, 60, 63)  # of least squares on 64 rows
WIDTHS = (10, 15, 20, 25, 30, 36, 45, 60, 90)  # of networks: 30 has as many weights as targets


def _make_training_arms() -> dict[str, Arm]:
    arms, quick = {}, {"epochs": 10}
    plan: dict[str, Any]
    step = {"rate": 0.05, "momentum": 0.9, "batch_rows": BATCH_ROWS}
    for name, about, units, epochs, halved, changes in (
        (NARROW, "two layers of 100 units", (100, 100), 50, 10, {}),
        (WIDE, "two layers of 200 units", (200, 200), 50, 10, {}),
        (AUGMENTED, "two layers of 200 units, augmented", (200, 200), 50, 10, {"augmented": True}),
        (DENSE, "layers of 285, 135 and 60 units", (285, 135, 60), 100, 20, {}),
        (PLAIN, "two layers of 100 units, plain steps", (100, 100), 150, 150, {"rate": 0.1, "momentum": 0.0}),
        (DENSE_PLAIN, "layers of 285, 135 and 60 units, plain steps", (285, 135, 60), 500, 500, {"momentum": 0.0}),
    ):
        plan = {"units": units, "epochs": epochs, "halved": halved, "augmented": False} | step | changes
        arms[name] = Arm(about, "textbook.perceptrons:measure_training", LOAD, plan, quick)
    measure = "textbook.convolutions:measure_convolutions"
    for name, words, epochs, halved, momentum in (
        (STRIDED, "", 100, 20, 0.9),
        (STRIDED_PLAIN, ", plain steps", 500, 500, 0.0),
    ):
        about, own = (
            f"three convolutions of 15 channels{words}",
            {"epochs": epochs, "halved": halved, "momentum": momentum},
        )
        plan = {"channels": 15, "layers": 3} | step | own
        arms[name] = Arm(about, measure, LOAD, plan, quick, 5 if momentum else 3, "keras")
    plan = {"units": (300,) * 4, "epochs": 60, "rate": 0.02, "halved": 20, "batch_rows": BATCH_ROWS}
    about = "four layers of 300 units on true rows, random inputs and permuted labels"
    arms[RANDOM] = Arm(about, "textbook.perceptrons:measure_random", LOAD, plan, quick)
    plan = {"units": tuple(UNITS.values()), "steps": 20_000, "rate": 0.025, "every": 500}
    about, measure = "one to four layers, plain steps on all rows", "textbook.perceptrons:measure_depths"
    arms[DEPTH] = Arm(about, measure, LOAD, plan, {"steps": 500, "every": 50}, seeds=3)
    return arms


def _make_exact_arms() -> dict[str, Arm]:
    arms, load = {}, "inputs:load_latents"
    plan: dict[str, Any]
    for name, about in ((GROWING, "residual networks at their start"), (NORMALISED, "the same with normalised blocks")):
        plan = {"blocks": 5, "units": 100, "rows": 200, "networks": 200, "normalised": name == NORMALISED}
        arms[name] = Arm(about, "textbook.residuals:measure_blocks", LOAD, plan, {"networks": 30})
    about, plan = "least squares on permuted y, 64 rows", {"rows": 64, "parameters": PARAMETERS, "draws": 400}
    arms[PERMUTED] = Arm(about, "textbook.latents:measure_permuted", load, plan, {"draws": 60})
    plan = {"outputs": 4, "widths": WIDTHS, "rows": 500, "steps": 10_000, "rate": 0.003}
    about, quick = "perceptrons on permuted y, 500 rows, 4 outputs", {"widths": (10, 20, 30, 60), "steps": 2_000}
    arms[MEMORY] = Arm(about, "textbook.latents:measure_memory", load, plan, quick)
    return arms


def _draw_trainings(results: Results) -> Iterator[Panel]:
    words = {NARROW: "100 units", WIDE: "200 units", AUGMENTED: "200 units, augmented", DENSE: "285, 135, 60 units"}
    found = [(arm, label) for arm, label in words.items() if arm in results.trials]
    lines = [
        Line(f"{label}, {part}", results.read_axis(arm), results.read_curve(arm, f"{part}_error"), style, colour)
        for colour, (arm, label) in enumerate(found)
        for part, style in (("test", "-"), ("train", "--"))
    ]
    yield Panel("perceptrons", "epoch", "error in %", lines, {})
    test, train = ({f"{part}_loss": part} for part in ("test", "train"))
    lines = [*read_lines(results, PLAIN, test, "-", 0), *read_lines(results, PLAIN, train, "--", 0)]
    yield Panel("100 units, plain steps", "epoch", "loss", lines, {})


def _draw_speed(results: Results) -> Iterator[Panel]:
    for arm, title, across, curves in (
        (
            RANDOM,
            "four layers of 300 units",
            "epoch",
            {"true": "true rows", "inputs": "random inputs", "labels": "permuted labels"},
        ),
        (DEPTH, "15,200 weights, all rows", "step", {f"loss_{layers}": f"layers: {layers}" for layers in UNITS}),
    ):
        yield Panel(title, across, "training loss", read_lines(results, arm, curves), {}, "y")


def _draw_blocks(results: Results) -> Iterator[Panel]:
    for arm, title, up in (
        (GROWING, "plain blocks", "size / that before the blocks"),
        (NORMALISED, "normalised blocks", "size less that before the blocks"),
    ):
        lines = read_theory(results, arm, "theory of the mean square", "mean square")
        lines += read_lines(results, arm, {"variance": "variance over rows"}, "o--")
        yield Panel(title, "block", up, lines, {}, "y" if arm == GROWING else "")


def _draw_latents(results: Results) -> Iterator[Panel]:
    lines = read_theory(results, PERMUTED)
    yield Panel("least squares, 64 rows", "weights p of each output", "training MSE", lines, {"p = n": 64})
    lines = read_lines(results, MEMORY, {"train_loss": "networks"}, "o-")
    yield Panel("perceptrons", "weights / (n K)", "training MSE", lines, {"n K weights": 1})


def draw(results: Results) -> list[Picture]:
    """Return the pictures of the arms that have results."""
    training = "Errors and losses in training: the training error goes to 0, the test error stays"
    speed = "How fast training losses fall: on true and random rows, and with the depth of a network"
    blocks = "Residual networks at their start: the mean square doubles, or grows by 1"
    latents = "Permuted y is learned by heart only where weights are as many as targets"
    return list_pictures(
        ("textbook-training", training, _draw_trainings(results)),
        ("textbook-speed", speed, _draw_speed(results)),
        ("textbook-blocks", blocks, _draw_blocks(results)),
        ("textbook-latents", latents, _draw_latents(results)),
    )


STUDY = Study(
    "textbook",
    "do the experiments of Understanding Deep Learning come out as it says?",
    _make_training_arms() | _make_exact_arms(),
    list_published(),
    make_claims(),
    draw,
    exact={PERMUTED: "training error of permuted y over p, 64 rows"},
)
