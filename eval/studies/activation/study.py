"""The study of a learned activation function, and of learned feedback weights: arms, claims and pictures."""

from collections.abc import Iterator

import numpy as np

from eval.studies.design.comparisons import check_figure, check_values, compare_figures
from eval.studies.design.pictures import Line, Panel, Picture, list_pictures, read_lines
from eval.studies.design.study import Arm, Study
from eval.studies.design.trials import Results
from eval.studies.design.verdicts import Claim, PublishedFigure, publish

LEARNED, REDRAWN, FEEDBACK = "mlp-learned", "mlp-redrawn", "latents-feedback"
NOTEBOOK, THEORY = "notebook of 2024", "the step of Gauss and Newton; Meulemans et al., 2020"
BASELINES = {  # published accuracies in %, read off, and mean losses of all steps
    "relu": (58.8, 1.337),
    "swish": (57.8, 1.368),
    "elu": (50.8, 1.474),
    "tanh": (50.6, 1.524),
    "softplus": (43.8, 1.647),
    "sigmoid": (34.8, 1.753),
}
LOSSES = {0: 1.352, 10: 1.033, 25: 0.982, 100: 0.944, 200: 0.910, 300: 0.884}
SHOWN = np.linspace(-5, 5, 41)
SPANS = (1, 2, 4, 16, 64)


def _make_arms() -> dict[str, Arm]:
    arms, paths = {}, ("activation.unrolled:learn", "activation.unrolled:load_sets")
    for name, words in ((LEARNED, "one initialisation and noise"), (REDRAWN, "new ones for each training")):
        plan = {"outer": 301, "steps": 301, "redrawn": name == REDRAWN}
        about = f"an activation function learned through trainings, {words}"
        arms[name] = Arm(about, *paths, plan, {"outer": 30, "steps": 101}, seeds=3, engine="jax")
    arms[FEEDBACK] = Arm(
        "feedback weights learned through trainings of a linear network",
        "activation.feedback:learn_feedback",
        "inputs:load_latents",
        {"spans": SPANS, "hidden": 16, "outer": 500},
        {"spans": SPANS[:3], "outer": 200},
        engine="jax",
    )
    return arms


def _list_published() -> list[PublishedFigure]:
    group = f"outer loss over the outer step ({NOTEBOOK})"
    figures = publish(group, LEARNED, "loss", LOSSES, lambda step: 0.03 if step == 300 else None)
    group = f"test accuracy in % on 500 rows ({NOTEBOOK}; known functions read off)"
    figures.append(PublishedFigure(group, "learned, last fifty", 67.1, 3, LEARNED, "last_accuracy"))
    for name, (accuracy, _) in BASELINES.items():
        tolerance = 3 if name == "relu" else None
        figures.append(PublishedFigure(group, name, accuracy, tolerance, LEARNED, f"own_{name}"))
    figures.append(PublishedFigure(group, "piecewise linear fit", 66.4, None, LEARNED, "own_pieces"))
    group = f"mean loss of all steps ({NOTEBOOK}; ours on fresh signals)"
    for name, (_, loss) in BASELINES.items():
        figures.append(PublishedFigure(group, name, loss, None, LEARNED, f"loss_{name}"))
    group = f"shape of the learned function ({NOTEBOOK}, read off)"
    for label, value, name in (
        ("at -5", 0.15, "f(-5)"),
        ("at -2", 0.6, "f(-2)"),
        ("lowest point", -0.85, "dip"),
        ("its place", 0.15, "dip_at"),
    ):
        figures.append(PublishedFigure(group, label, value, None, LEARNED, name))
    return figures


CLAIMS = [
    Claim(
        "The learned function is better than ReLU by 5 points, on its own first weights.",
        "67.1 against 58.8 %",
        NOTEBOOK,
        compare_figures((LEARNED, "own_learned"), (LEARNED, "own_relu"), 5, unit=" points"),
    ),
    Claim(
        "It is better on fresh signals and first weights, too.",
        "",
        "a control here",
        compare_figures((LEARNED, "fresh_learned"), (LEARNED, "fresh_relu"), unit=" points"),
    ),
    Claim(
        "It is not monotone: it falls on the left by more than 0.5.",
        "from 0.6 at -2 to -0.85 at 0.15",
        NOTEBOOK,
        compare_figures((LEARNED, "left_top"), (LEARNED, "dip"), 0.5),
    ),
    Claim(
        "Its lowest point is within 0.5 of 0.",
        "at 0.15",
        NOTEBOOK,
        check_figure(LEARNED, "dip_at", -0.5, 0.5),
    ),
    Claim(
        "With first weights drawn anew for each training, it is still better than ReLU on fresh ones.",
        "",
        "a control here",
        compare_figures((REDRAWN, "fresh_learned"), (REDRAWN, "fresh_relu"), unit=" points"),
    ),
    Claim(
        "After one step, learned feedback weights leave the excess of the formula, within 1 %.",
        "a theorem",
        THEORY,
        check_values(
            (FEEDBACK,), lambda its: its.read(FEEDBACK, "learned@1") / its.read(FEEDBACK, "theory@1"), 0.99, 1.01, ".4f"
        ),
    ),
    Claim(
        "They are then the pseudo-inverse of the weights above: the angle is below 5 degrees.",
        "a theorem",
        THEORY,
        check_figure(FEEDBACK, "to_inverse@1", -np.inf, 5, unit=" degrees"),
    ),
    Claim(
        "After four steps they lie between it and the transpose: nearer to the transpose than it is.",
        "predicted: between both",
        "a prediction here",
        compare_figures((FEEDBACK, "to_transpose@1"), (FEEDBACK, "to_transpose@4"), unit=" degrees"),
    ),
    Claim(
        "They are still nearer to it than to the transpose.",
        "",
        "a prediction here",
        compare_figures((FEEDBACK, "to_transpose@4"), (FEEDBACK, "to_inverse@4"), unit=" degrees"),
    ),
    Claim(
        "They leave less than backpropagation after each of 1 to 64 steps.",
        "predicted: at most as much",
        "a prediction here",
        check_values(
            (FEEDBACK,),
            lambda its: (its.read_curve(FEEDBACK, "backpropagation") - its.read_curve(FEEDBACK, "learned")).min(axis=1),
            form=".3f",
        ),
    ),
]


def _draw_signals(results: Results) -> Iterator[Panel]:
    words = {LEARNED: "one initialisation", REDRAWN: "redrawn"}
    found = [arm for arm in words if arm in results.trials]
    for curve, title in (("loss", "outer loss"), ("accuracy", "test accuracy in %")):
        lines = [line for arm in found for line in read_lines(results, arm, {curve: words[arm]})]
        if lines and curve == "accuracy":
            at = lines[0].at
            for name in ("relu", "elu", "sigmoid"):
                lines.append(Line(name, at, np.full(len(at), results.read(found[0], f"own_{name}").mean()), "--"))
        yield Panel(title, "outer step", title, lines, {})
    shapes = {arm: np.array([results.read(arm, f"f({at:g})") for at in SHOWN]).T for arm in found}
    yield Panel("the learned function", "v", "f(v)", [Line(words[arm], SHOWN, shapes[arm]) for arm in found], {})


def _draw_latents(results: Results) -> Iterator[Panel]:
    names = ("learned", "backpropagation", "feedback_alignment")
    if lines := read_lines(results, FEEDBACK, {name: name.replace("_", " ") for name in names}, "o-"):
        first = results.read(FEEDBACK, "theory@1").mean()
        lines.append(Line("exact, one step", lines[0].at[:1], np.array([first]), "*"))
    yield Panel("what is left to learn", "steps of the training", "share of the excess", lines, {}, "xy")
    angles = {"to_transpose": "to the transpose", "to_inverse": "to the pseudo-inverse"}
    lines = read_lines(results, FEEDBACK, angles, "o-")
    yield Panel("angle of the learned weights", "steps of the training", "degrees", lines, {}, "x")


def draw(results: Results) -> list[Picture]:
    """Return the pictures of the arms that have results."""
    signals = "An activation function that is learned through whole trainings from ELU, and what it is worth"
    latents = "Feedback weights learned through trainings: the pseudo-inverse after one step, and neither after more"
    return list_pictures(
        ("activation", signals, _draw_signals(results)), ("activation-latents", latents, _draw_latents(results))
    )


STUDY = Study(
    "activation",
    "which activation function, and which feedback weights, does gradient descent through whole trainings find?",
    _make_arms(),
    _list_published(),
    CLAIMS,
    draw,
)
