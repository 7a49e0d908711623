"""The study of pooling: arms and pictures."""

from collections.abc import Iterator

import numpy as np

from eval.studies.design.pictures import Line, Panel, Picture, list_pictures
from eval.studies.design.study import Arm, Study
from eval.studies.design.trials import Results
from eval.studies.pooling.claims import (
    KEPT,
    LAST,
    METHODS,
    ORDERS,
    SIZES,
    list_published,
    make_latent_claims,
    make_signal_claims,
    name_arm,
)
from eval.studies.pooling.latents import CLASS_DIRECTIONS

UPDATES, BATCH_ROWS, PASSES = 6_000, 100, 60
TEACHERS = {"teacher": "y of a linear teacher", "release": "y of the release"}


def _make_signal_arms() -> dict[str, Arm]:
    arms, module = {}, "pooling.convolutions"
    chosen = {"cnn": SIZES, "shuffled": (1_000, 10_000, 50_000), "passes": (1_000, 50_000)}
    for kind, sizes in chosen.items():
        passes = tuple(PASSES if kind == "passes" else UPDATES * BATCH_ROWS // rows for rows in sizes)
        common = {"rows": sizes, "passes": passes, "shuffled": kind != "cnn", "rate": 0.01, "batch_rows": BATCH_ROWS}
        quick, seeds = {"rows": sizes[:1], "passes": (PASSES,)}, 5 if kind == "cnn" else 3
        for method, words in METHODS.items():
            if kind == "cnn" or method != "stride":
                about, plan = f"{words}, {ORDERS[kind]}", common | {"method": method}
                paths = f"{module}:measure_sizes", f"{module}:load_sizes"
                arms[name_arm(kind, method)] = Arm(about, *paths, plan, quick, seeds, "keras")
    return arms


def _make_latent_arms() -> dict[str, Arm]:
    arms, paths = {}, ("pooling.latents:measure_projection", "inputs:load_latents")
    rows = (250, 500, 1_000, 1_500, 2_000, 3_000, 4_000, 8_000)
    for kind, words in TEACHERS.items():
        for kept in KEPT:
            about = f"least squares projected onto {kept} directions, {words}"
            plan = {"kept": kept, "rows": rows, "draws": 200, "teacher": kind == "teacher"}
            quick = {"rows": (250, 500, 1_000, 2_000, 4_000), "draws": 30}
            arms[name_arm(f"latents-{kind}", kept)] = Arm(about, *paths, plan, quick)
    return arms


def _draw_signals(results: Results, kind: str) -> Iterator[Panel]:
    found = {method: name_arm(kind, method) for method in METHODS if name_arm(kind, method) in results.trials}
    colours = {method: colour for colour, method in enumerate(METHODS)}
    lines = [
        Line(METHODS[method], results.read_axis(arm), results.read_curve(arm, LAST), "o-", colours[method])
        for method, arm in found.items()
    ]
    yield Panel(ORDERS[kind], "training rows n", "test accuracy in %", lines, {}, "x")
    plain = found.pop("none", "")
    lines = []
    for method, arm in found.items():
        if results.list_seeds(arm, plain):
            gains = results.read_curve(arm, LAST, plain) - results.read_curve(plain, LAST, arm)
            lines.append(Line(METHODS[method], results.read_axis(arm), gains, "o-", colours[method]))
    yield Panel(f"gain over no pooling, {ORDERS[kind]}", "training rows n", "points", lines, {}, "x")


def _draw_trainings(results: Results) -> Iterator[Panel]:
    """Yield the accuracy over the training for a few, some and many rows."""
    found = {method: name_arm("cnn", method) for method in METHODS if name_arm("cnn", method) in results.trials}
    at = UPDATES // 6 * np.arange(1, 7)
    for rows in (1_000, 5_000, 50_000):
        lines = []
        for method, arm in found.items():
            if rows in results.read_axis(arm):
                values = np.stack([results.read(arm, f"accuracy_{part}@{rows}") for part in range(1, 7)], axis=1)
                lines.append(Line(METHODS[method], at, values, "o-"))
        yield Panel(f"{rows:,} rows, in order", "updates", "test accuracy in %", lines, {})


def _draw_latents(results: Results) -> Iterator[Panel]:
    """Yield the excess over that of all directions of the classes, which the theory gives."""
    for kind, words in TEACHERS.items():
        lines, marks, whole = [], {}, name_arm(f"latents-{kind}", CLASS_DIRECTIONS)
        for colour, kept in enumerate(KEPT if whole in results.trials else ()):
            if (arm := name_arm(f"latents-{kind}", kept)) in results.trials:
                at, unit = results.read_axis(arm), results.read_curve(whole, "theory")[0]
                lines.append(Line(f"{kept} directions", at, results.read_curve(arm, "theory")[0] / unit, "-", colour))
                lines.append(Line("measured", at, results.read_curve(arm, "measured") / unit, "o", colour))
                if kept < CLASS_DIRECTIONS:
                    marks[f"{kept} and {CLASS_DIRECTIONS} cross"] = results.read(arm, "predicted_crossing")[0]
        yield Panel(words, "rows n", f"excess / that of {CLASS_DIRECTIONS} directions", lines, marks, "y")


def draw(results: Results) -> list[Picture]:
    """Return the pictures of the arms that have results."""
    captions = {
        "cnn": "Test accuracy over the rows, in their order, and the gain over no pooling",
        "shuffled": "Test accuracy over the rows, shuffled in each pass, and the gain over no pooling",
        "passes": "Test accuracy after 60 passes at each size, and the gain over no pooling",
    }
    pictures = [(f"pooling-{kind}", caption, _draw_signals(results, kind)) for kind, caption in captions.items()]
    pictures.append(("pooling-training", "Test accuracy in training, for three sizes", _draw_trainings(results)))
    caption = (
        "Few directions of y are best where rows are few, and hinder beyond the predicted crossings (vertical lines)"
    )
    pictures.append(("pooling-latents", caption, _draw_latents(results)))
    return list_pictures(*pictures)


STUDY = Study(
    "pooling",
    "how does the worth of pooling depend on the number of training rows?",
    _make_signal_arms() | _make_latent_arms(),
    list_published(),
    [*make_signal_claims(), *make_latent_claims()],
    draw,
    exact={
        name_arm(f"latents-{kind}", kept): f"excess over rows n, {kept} directions, {words}"
        for kind, words in TEACHERS.items()
        for kept in KEPT
    },
)
