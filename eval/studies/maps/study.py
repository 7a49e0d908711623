"""The study of maps: arms, claims and pictures."""

from functools import partial
from typing import Any

import numpy as np

from eval.studies.design.comparisons import check_figure, compare_figures
from eval.studies.design.pictures import Line, Panel, Picture, list_pictures
from eval.studies.design.study import Arm, Study
from eval.studies.design.trials import PLACES, Results
from eval.studies.design.verdicts import Claim, ClaimTest, PublishedFigure, Verdict, judge

PIXELS, SIGNALS, FEATURES = "inputs-mnist", "inputs-mnist1d", "features-mnist1d"
OF_MNIST, OF_SIGNALS, OF_ROTATED = "latents-mnist", "latents-mnist1d", "latents-rotated"
OF_MANY = "latents-mnist1d-60k"
NOISE = "latents-noise"
NOTEBOOK = "notebook of 2024"
TITLES = {
    PIXELS: "pixels of MNIST",
    SIGNALS: "signals of MNIST-1D",
    FEATURES: "features of a trained network",
    OF_MNIST: "x of ld-mnist-32",
    OF_SIGNALS: "x of ld-mnist1d-32",
    OF_MANY: "x of ld-mnist1d-60k-32",
    OF_ROTATED: "x of ld-mnist-rot-back-32",
    NOISE: "N(0, I)",
}
LOADERS = {
    PIXELS: "load_pixels",
    SIGNALS: "make_rows",
    OF_MNIST: "load_mnist_x",
    OF_SIGNALS: "load_mnist1d_x",
    OF_MANY: "load_many_x",
    OF_ROTATED: "load_rotated_x",
    NOISE: "load_mnist_x",
}
CLOSE = 0.01  # of the divergence of noise: a map is that of noise if it differs by less


def _make_arms() -> dict[str, Arm]:
    arms, quick = {}, {"count": 1_000}
    for arm, about in TITLES.items():
        plan: dict[str, Any] = {"count": 5_000}
        if arm == FEATURES:
            paths = ("maps.features:measure_features", "maps.features:load_signals")
            settings = {"classifier": "mnist1d-cnn", "epochs": 150}
            arms[arm] = Arm(about, *paths, plan | settings, quick | {"epochs": 20}, seeds=3, engine="keras")
        else:
            paths = ("maps.drawing:measure_map", f"maps.rows:{LOADERS[arm]}")
            noise = {"noise": True} if arm == NOISE else {}
            seeds = 5 if arm in (SIGNALS, OF_MNIST, NOISE) else 3
            arms[arm] = Arm(about, *paths, plan | noise, quick, seeds, "sklearn")
    return arms


def _list_published() -> list[PublishedFigure]:
    group = "MNIST-1D, 5,000 rows (notebooks of 2024)"
    return [
        PublishedFigure(group, "divergence in nats", 2.5276, 0.15, SIGNALS, "divergence"),
        PublishedFigure(group, "accuracy in % of 10 neighbours", 59.6, 1.5, SIGNALS, "neighbours"),
        PublishedFigure(
            f"MNIST, 70,000 rows there and 5,000 here ({NOTEBOOK})", "divergence", 2.8642, None, PIXELS, "divergence"
        ),
    ]


def _judge_noise(arm: str, results: Results) -> Verdict:
    """Return whether the divergence of a map is that of noise, within a hundredth."""
    ratio = results.read(arm, "divergence", NOISE) / results.read(NOISE, "divergence", arm)
    return judge(ratio, 1 - CLOSE, 1 + CLOSE, ".4f", " of that of noise")


def _make_input_claims() -> list[Claim]:
    return [
        Claim(
            "The classes of MNIST are clusters on its map: their silhouette is above 0.2.",
            "picture only",
            NOTEBOOK,
            check_figure(PIXELS, "silhouette", 0.2, 1.0, ".3f"),
        ),
        Claim(
            "Those of MNIST-1D overlap: their mean silhouette is below 0.",
            "picture only",
            NOTEBOOK,
            check_figure(SIGNALS, "silhouette", -1.0, 0.0, ".3f"),
        ),
        Claim(
            "A trained network separates its classes: the silhouette rises.",
            "",
            "a control here",
            compare_figures((FEATURES, "silhouette"), (SIGNALS, "silhouette"), form=".3f"),
        ),
        *(
            Claim(
                f"10 neighbours on the map read more of {TITLES[arm]} than of {TITLES[other]}.",
                "predicted order: MNIST, MNIST-1D, x, noise",
                "a prediction here",
                compare_figures((arm, "map_neighbours"), (other, "map_neighbours"), form=".3f", unit=" points"),
            )
            for arm, other in ((PIXELS, SIGNALS), (SIGNALS, OF_MNIST), (OF_MNIST, NOISE))
        ),
    ]


def _make_latent_claims() -> list[Claim]:
    theory, claims = "x is N(0, I)", []
    for arm in (OF_MNIST, OF_SIGNALS, OF_MANY, OF_ROTATED):
        claims += [
            Claim(
                f"The map of {TITLES[arm]} has the divergence of maps of noise, within 1 %.",
                "predicted: equal",
                theory,
                ClaimTest((arm, NOISE), partial(_judge_noise, arm)),
            ),
            Claim(
                "Its classes overlap: their mean silhouette is below 0.",
                "predicted",
                theory,
                check_figure(arm, "silhouette", -1.0, 0.0, ".3f"),
            ),
            Claim(
                "Yet x holds the class: its nearest neighbour reads 20 points more than that of noise.",
                "predicted: far above chance",
                "a prediction here",
                compare_figures((arm, "nearest"), (NOISE, "nearest"), 20, unit=" points"),
            ),
        ]
    return claims


def _draw_map(results: Results, arm: str) -> Panel:
    trial = next(iter(results.trials[arm].values()))
    across, up, label = (np.array(trial.curves[f"{PLACES}{name}"]) for name in ("across", "up", "class"))
    lines = [Line(f"{own:g}", across[label == own], up[label == own], ".") for own in np.unique(label)]
    return Panel(f"{TITLES[arm]}: {results.read(arm, 'divergence').mean():.2f} nats", "", "", lines, {})


def draw(results: Results) -> list[Picture]:
    """Return the pictures of the arms that have results."""
    maps = {arm: _draw_map(results, arm) for arm in TITLES if arm in results.trials}
    inputs = [panel for arm, panel in maps.items() if arm in (PIXELS, SIGNALS, FEATURES)]
    latents = [panel for arm, panel in maps.items() if arm.startswith("latents-")]
    return list_pictures(
        ("maps", "Maps by t-SNE: MNIST falls into its classes, and MNIST-1D does not", inputs),
        ("maps-latents", "Maps of x beside that of noise: they show no clusters, though x holds the class", latents),
    )


STUDY = Study(
    "maps",
    "does a map by t-SNE show the classes, and is that of x one of noise?",
    _make_arms(),
    _list_published(),
    [*_make_input_claims(), *_make_latent_claims()],
    draw,
)
