"""The study of double descent: arms and pictures."""

from collections.abc import Iterator
from typing import Any

from eval.studies.design.pictures import Line, Panel, Picture, list_pictures, read_lines, read_theory
from eval.studies.design.study import Arm, Study
from eval.studies.design.trials import Results
from eval.studies.double_descent.claims import (
    CLASSES,
    FEW_ROWS,
    LATENT_DIM,
    OF_ROWS,
    OUTPUTS,
    PARAMETERS,
    ROWS,
    SIGNAL,
    SIGNAL_CLAIMS,
    SQUARED_CLEAN,
    SQUARED_NOISY,
    TEACHER,
    make_latent_claims,
    name_outputs,
)
from eval.studies.double_descent.published import BOOK, CHANNELS, CLEAN, CNN, NOISY, PUBLISHED, TEXTBOOK, WIDTHS
from eval.studies.double_descent.widths import count_parameters, find_threshold


def _make_perceptron_arms() -> dict[str, Arm]:
    quick_widths = (9, 16, 27, 47, 61, 104, 177, 300)
    arms = {}
    for name, noise in (("clean", 0.0), ("noisy", 0.15)):
        words = f"{noise:.0%} of the labels redrawn" if noise else "true labels"
        common = {"noise": noise, "batch_rows": 100}
        paths = ("double_descent.widths:measure_widths", "double_descent.widths:load_signals")
        likely = {"widths": WIDTHS, "epochs": 500, "rate": 0.01, "loss": "nll"}
        quick = {"widths": quick_widths, "epochs": 200}
        arms[f"mlp-{name}-nll"] = Arm(f"perceptrons, {words}, NLL", *paths, common | likely, quick)
        squared = {"widths": (*WIDTHS[7:], 400), "epochs": 1_000, "rate": 0.3, "loss": "mse"}
        arms[f"mlp-{name}-mse"] = Arm(f"perceptrons, {words}, MSE", *paths, common | squared, quick, seeds=3)
    plan = {"widths": tuple(TEXTBOOK), "epochs": 1_000, "rate": 0.01, "loss": "nll", "noise": 0.15, "batch_rows": 100}
    paths, quick = (paths[0], "double_descent.widths:load_textbook_signals"), {"widths": (18, 40, 100), "epochs": 100}
    arms[BOOK] = Arm("perceptrons of notebook 8.3, NLL", *paths, plan | {"start": "he"}, quick, seeds=3)
    return arms


def _make_signal_arms() -> dict[str, Arm]:
    arms = _make_perceptron_arms()
    arms[CNN] = Arm(
        "convolutions, 15% of the labels redrawn, NLL",
        "double_descent.convolutions:measure_channels",
        "double_descent.widths:load_signals",
        {
            "channels": CHANNELS,
            "epochs": 500,
            "rate": 0.01,
            "noise": 0.15,
            "batch_rows": 100,
        },
        {"channels": (4, 10, 18, 100), "epochs": 10},
        seeds=3,
        engine="keras",
    )
    return arms


def _make_latent_arms() -> dict[str, Arm]:
    arms, module, load = {}, "double_descent.latents", "inputs:load_latents"
    parameters = (8, 16, 32, 48, 56, 60, 68, 72, 80, 96, 128, 256, 512, 1024)
    rows = (8, 16, 24, 28, 36, 40, 48, 64, 128, 512)
    arms[PARAMETERS] = Arm(
        "least squares over parameters, 64 rows",
        f"{module}:measure_parameters",
        load,
        {"rows": 64, "parameters": parameters, "draws": 60},
        {"parameters": parameters[:-2], "draws": 30},
    )
    for name, words, teacher in ((OF_ROWS, "y of the release", False), (TEACHER, "y of a linear teacher", True)):
        about = f"least squares over rows, 32 parameters, {words}"
        plan = {"rows": rows, "draws": 2_000 if teacher else 500, "teacher": teacher}
        arms[name] = Arm(about, f"{module}:measure_rows", load, plan, {"draws": 100})
    for outputs, widths in OUTPUTS.items():
        about = f"perceptrons, 500 rows, MSE of {outputs} {'output' if outputs == 1 else 'outputs'}"
        settings: dict[str, Any] = {
            "outputs": outputs,
            "widths": widths,
            "rows": FEW_ROWS,
            "steps": 10_000,
            "rate": 0.003,
        }
        quick: dict[str, Any] = {"widths": widths[::3], "steps": 1_000}
        arms[name_outputs(outputs)] = Arm(about, f"{module}:measure_threshold", load, settings, quick)
    return arms


def _draw_widths(results: Results, curve: str) -> Iterator[Panel]:
    marks = {
        f"{word} parameters": find_threshold(many, CLASSES, SIGNAL)
        for word, many in (("n", ROWS), ("n K", ROWS * CLASSES))
    }
    word = "error in %" if curve == "error" else "loss"
    for title, arms in (
        ("perceptrons, true labels", {"NLL": CLEAN, "MSE": SQUARED_CLEAN}),
        ("perceptrons, 15 % of labels redrawn", {"NLL": NOISY, "MSE": SQUARED_NOISY, "notebook 8.3": BOOK}),
        ("convolutions, 15 % of labels redrawn", {"NLL": CNN}),
    ):
        lines = [
            line
            for colour, (loss, arm) in enumerate(arms.items())
            if (loss, curve) != ("MSE", "loss")  # NLL and MSE share no axis
            for part, style in (("test", "-"), ("train", "--"))
            for line in read_lines(results, arm, {f"{part}_{curve}": f"{part}, {loss}"}, style, colour)
        ]
        is_cnn = CNN in arms.values()
        yield Panel(title, "channels c" if is_cnn else "width h", word, lines, {} if is_cnn else marks, "x")


def _draw_latents(results: Results) -> Iterator[Panel]:
    for arm, title, across, middle in (
        (PARAMETERS, "least squares, 64 rows", "parameters p", 64),
        (OF_ROWS, "least squares, 32 parameters", "rows n", 32),
        (TEACHER, "the same, y of a linear teacher", "rows n", 32),
    ):
        yield Panel(title, across, "MSE", read_theory(results, arm), {"p = n": middle}, "xy")
    lines = []
    for outputs in OUTPUTS:
        if (arm := name_outputs(outputs)) in results.trials:
            ratio = count_parameters(results.read_axis(arm), outputs, LATENT_DIM) / (FEW_ROWS * outputs)
            lines.append(Line(f"K = {outputs}", ratio, results.read_curve(arm, "test_loss"), "o-"))
    yield Panel("perceptrons, 500 rows", "parameters / (n K)", "test MSE", lines, {"n K parameters": 1}, "x")


def draw(results: Results) -> list[Picture]:
    """Return the pictures of the arms that have results."""
    captions = {
        "error": "With wrong labels the test error peaks as the training error reaches 0, and falls again",
        "loss": "The test loss peaks near n parameters, where the training loss reaches 0, and falls again",
    }
    pictures = [
        (f"double-descent-{curve}", caption, _draw_widths(results, curve)) for curve, caption in captions.items()
    ]
    caption = "Error of least squares on latents, measured and by its formula"
    if any(name_outputs(outputs) in results.trials for outputs in OUTPUTS):
        caption += ", and of networks over their parameters"
    return list_pictures(*pictures, ("double-descent-latents", caption, _draw_latents(results)))


STUDY = Study(
    "double-descent",
    "how does the error change with the width of a model, and where is its peak?",
    _make_signal_arms() | _make_latent_arms(),
    PUBLISHED,
    [*SIGNAL_CLAIMS, *make_latent_claims()],
    draw,
    exact={PARAMETERS: "p, 64 rows", OF_ROWS: "n, 32 parameters", TEACHER: "n, 32 parameters, linear teacher"},
)
