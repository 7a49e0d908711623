"""The study of contrastive learning: arms, claims and pictures."""

from collections.abc import Iterator

import numpy as np

from eval.studies.design.comparisons import check_figure, check_theory, check_values, compare_figures
from eval.studies.design.pictures import Line, Panel, Picture, list_pictures, read_lines, read_theory
from eval.studies.design.study import Arm, Study
from eval.studies.design.trials import Results
from eval.studies.design.verdicts import Claim, ClaimTest, PublishedFigure, Verdict, judge, publish

PROJECTOR, NONE, DEEP = "cnn-projector", "cnn-none", "cnn-deep"
UNTRAINED, SUPERVISED = "cnn-untrained", "cnn-supervised"
CEILING, ENCODERS, MEMORY = "latents-ceiling", "latents-encoders", "latents-memory"
NOTEBOOK, THEORY = "notebook of 2024", "y depends on x through the class alone"
UNITS = {PROJECTOR: (125, 16), NONE: (), DEEP: (125, 125, 125, 16), UNTRAINED: (125, 16), SUPERVISED: ()}
LAYERS = {  # published accuracies in % of linear classifiers, the input first
    PROJECTOR: (32.8, 75.1, 80.9, 82.1, 76.1, 75.0),
    NONE: (32.8, 82.2, 79.5, 53.4),
    DEEP: (32.8, 75.9, 82.4, 79.5, 77.3, 72.8, 65.0, 61.1),
}
ENDS = {PROJECTOR: (2.88, 74.1), NONE: (3.39, 48.7), DEEP: (2.87, 61.3)}  # loss, neighbours
WORDS = {
    PROJECTOR: "with a projector",
    NONE: "without a projector",
    DEEP: "with a deep projector",
    UNTRAINED: "untrained",
    SUPERVISED: "trained by labels",
}
BEST = {arm: int(np.argmax(values)) for arm, values in LAYERS.items()}
WIDTH = 16  # of the embeddings that claims are about
LINEAR_PROBE, MLP_PROBE = 92.4, 96.8  # accuracies in % from x of ld-mnist-32


def _make_arms() -> dict[str, Arm]:
    arms = {}
    settings = {"epochs": 200, "rate": 0.01, "batch_rows": 100, "temperature": 0.5, "shift": 10}
    targets = {UNTRAINED: "none", SUPERVISED: "labels"}
    for arm, words in WORDS.items():
        plan = {"projector": UNITS[arm], "target": targets.get(arm, "views")} | settings
        paths = ("contrast.encoders:measure_layers", "lottery.tickets:load_sets")
        arms[arm] = Arm(f"convolutions {words}", *paths, plan, {"epochs": 10}, seeds=3, engine="keras")
    module, load = "contrast.latents", "contrast.latents:load_pairs"
    arms[CEILING] = Arm(
        "a critic that knows the classes, over the rows of a batch",
        f"{module}:measure_ceiling",
        load,
        {"rows": (2, 8, 32, 128, 512, 2048), "draws": 400},
        {"draws": 100},
    )
    training = {"steps": 1_500, "batch_rows": 512, "units": 128, "rate": 0.001, "temperature": 0.1}
    for arm, rows, widths in ((ENCODERS, 60_000, (2, 4, 8, WIDTH, 64)), (MEMORY, 2_000, (WIDTH,))):
        arms[arm] = Arm(
            f"encoders of x and y over the width, {rows:,} rows",
            f"{module}:measure_encoders",
            load,
            {"widths": widths, "train_rows": rows} | training,
            {"widths": (WIDTH,), "steps": 300},
        )
    return arms


def _list_published() -> list[PublishedFigure]:
    figures = []
    for arm, accuracies in LAYERS.items():
        group = f"{WORDS[arm]}: accuracy in % of a linear classifier over the layer, the input at 0 ({NOTEBOOK})"
        figures += publish(group, arm, "accuracy", dict(enumerate(accuracies)), lambda layer: 3)
    group = f"loss, and accuracy in % of 10 neighbours of the output ({NOTEBOOK})"
    for arm, values in ENDS.items():
        for name, value, tolerance in zip(("loss", "neighbours"), values, (0.05, None), strict=True):
            figures.append(PublishedFigure(group, f"{name}, {WORDS[arm]}", value, tolerance, arm, name))
    group = "ld-mnist-32 (predicted, beside the nearest mean y)"
    return [
        *figures,
        PublishedFigure(group, "entropy of the class in nats", 2.301, 0.001, CEILING, "entropy"),
        PublishedFigure(
            group,
            "accuracy in %: of a linear probe",
            LINEAR_PROBE,
            None,
            ENCODERS,
            f"accuracy@{WIDTH}",
        ),
        PublishedFigure(group, "accuracy in %: of an MLP probe", MLP_PROBE, None, ENCODERS, f"accuracy@{WIDTH}"),
    ]


def _judge_place(results: Results) -> Verdict:
    """Return whether the best layer, the input aside, lies earlier without a projector than with one."""
    best = [
        results.read_curve(arm, "fresh", other)[:, 1:].argmax(axis=1)
        for arm, other in ((PROJECTOR, NONE), (NONE, PROJECTOR))
    ]
    return judge(best[0] - best[1], 0.1, unit=" layers")  # the same layer in all seeds is not earlier


def _make_signal_claims() -> list[Claim]:
    claims = []
    for arm, accuracies in LAYERS.items():
        best, words = max(accuracies), WORDS[arm]
        place = f"{best:g} % at layer {BEST[arm]}"
        name = f"{words.capitalize()}, layer {BEST[arm]} reads 82 % within 3 points on fresh rows."
        found, last = f"fresh@{BEST[arm]}", f"fresh@{len(accuracies) - 1}"
        claims.append(Claim(name, place, NOTEBOOK, check_figure(arm, found, 79, 85, unit=" %")))
        name, loss = f"{words.capitalize()}, the output is worse than that layer.", best - accuracies[-1]
        test = compare_figures((arm, found), (arm, last), unit=" points")
        claims.append(Claim(name, f"by {loss:.1f} points", NOTEBOOK, test))
    return [
        *claims,
        Claim(
            "Without a projector the best layer lies earlier.",
            "layer 1 without, layer 3 with one",
            NOTEBOOK,
            ClaimTest((PROJECTOR, NONE), _judge_place),
        ),
        *(
            Claim(
                name,
                published,
                source,
                compare_figures((arm, "fresh@3"), (other, "fresh@3"), unit=" points"),
            )
            for name, published, source, arm, other in (
                ("Training without labels improves layer 3.", "", "a control here", PROJECTOR, UNTRAINED),
                ("Labels improve it further.", "92 to 94 % with labels", "page of 2020", SUPERVISED, PROJECTOR),
            )
        ),
    ]


def _make_latent_claims() -> list[Claim]:
    return [
        Claim(
            "A critic that knows the classes gets exactly the estimate of the formula.",
            "a theorem",
            THEORY,
            check_theory(CEILING),
        ),
        Claim(
            "On held-out rows no encoder exceeds that ceiling, at any width.",
            "a theorem; 2.292 nats for batches of 512, at most 2.301",
            THEORY,
            check_values(
                (ENCODERS,),
                lambda its: its.read(ENCODERS, "ceiling") - its.read_curve(ENCODERS, "estimate").max(axis=1),
                form=".3f",
                unit=" nats",
            ),
        ),
        Claim(
            "The nearest mean y reads more classes than a linear probe of x.",
            f"predicted: between {LINEAR_PROBE} %, a linear probe, and {MLP_PROBE} %, an MLP probe",
            THEORY,
            check_figure(ENCODERS, f"accuracy@{WIDTH}", LINEAR_PROBE, unit=" %"),
        ),
        Claim(
            "Encoders that memorise 2,000 rows exceed the ceiling on these: an estimate above it is a leak.",
            "",
            THEORY,
            compare_figures((MEMORY, f"train_estimate@{WIDTH}"), (MEMORY, "ceiling"), form=".3f", unit=" nats"),
        ),
    ]


def _draw_latents(results: Results) -> Iterator[Panel]:
    if lines := read_theory(results, CEILING, "exact"):
        at = lines[0].at
        lines.append(Line("entropy of the class", at, np.full(len(at), results.read(CEILING, "entropy")[0]), "--"))
        yield Panel("a critic that knows the classes", "rows of a batch", "estimate in nats", lines, {}, "x")
    kinds = {"estimate": "held-out rows", "train_estimate": "their 60,000 training rows"}
    lines = read_lines(results, ENCODERS, kinds, "o-")
    lines += read_lines(results, MEMORY, {"train_estimate": "2,000 training rows, memorised"}, "o-")
    if lines:
        at, measured = lines[0].at, ENCODERS if ENCODERS in results.trials else MEMORY  # the ceiling is that of both
        lines.insert(0, Line("ceiling", at, np.full(len(at), results.read(measured, "ceiling")[0]), "--", 7))
    yield Panel("encoders of x and y", "width of the embedding", "estimate in nats", lines, {}, "x")


def draw(results: Results) -> list[Picture]:
    """Return the pictures of the arms that have results."""
    lines = [line for arm, words in WORDS.items() for line in read_lines(results, arm, {"fresh": words}, "o-")]
    panel = Panel("fresh signals", "layer (0 is the input)", "accuracy in %", lines, {})
    caption = "What x and y share by InfoNCE, and its ceiling by the class"
    return list_pictures(
        ("contrast", "Without labels, the last layer is not the best", [panel]),
        ("contrast-latents", caption, _draw_latents(results)),
    )


STUDY = Study(
    "contrast",
    "which layer reads the class best after training without labels, and how much can x and y share?",
    _make_arms(),
    _list_published(),
    [*_make_signal_claims(), *_make_latent_claims()],
    draw,
    exact={CEILING: "estimate in nats over the rows of a batch"},
)
