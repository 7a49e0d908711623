"""The published figures of double descent on MNIST-1D, beside the points here that they belong to.

Notebook: `mnist1d-deep-double-descent` of greydanus/mnist1d at 7878d96, of 2024, whose kept outputs are exact.
"""

from collections.abc import Mapping

from eval.studies.design.verdicts import PublishedFigure, publish

NOTEBOOK = "notebook of 2024"
CLEAN = "mlp-clean-nll"
NOISY = "mlp-noisy-nll"
CNN = "cnn-noisy-nll"
BOOK = "mlp-textbook"
WIDTHS = (2, 3, 4, 5, 7, 9, 12, 16, 21, 27, 36, 47, 61, 80, 104, 135, 177, 230, 300)
CLEAN_ERRORS = (
    *(68.53, 66.83, 58.27, 61.37, 54.20, 49.33, 50.08, 44.55, 42.63, 41.02),
    *(41.66, 41.01, 41.24, 39.59, 38.61, 38.58, 38.09, 37.10, 37.25),
)
NOISY_ERRORS = (
    *(69.59, 67.50, 62.55, 57.45, 54.80, 48.97, 50.28, 47.24, 50.84, 50.69),
    *(52.80, 54.05, 54.02, 52.08, 50.23, 48.39, 47.88, 46.54, 45.47),
)
CHANNELS = (4, 10, 14, 18, 22, 26, 30, 40, 60, 100)
CNN_ERRORS = (35.78, 19.64, 27.74, 33.80, 31.34, 29.98, 29.82, 30.48, 30.04, 27.66)
TEXTBOOK = {8: 50.05, 18: 49.92, 30: 55.53, 40: 58.08, 45: 55.55, 100: 51.28, 200: 47.70, 400: 44.15}


def _allow(width: float) -> float:
    """Return the tolerance of a test error in points: tiny networks get stuck."""
    return 2.5 if width >= 16 else 6.0


def _place(title: str, arm: str, curve: str, figures: Mapping[str, tuple[float, float]]) -> list[PublishedFigure]:
    """Return figures of another protocol, each by its label with its value and our width."""
    return [
        PublishedFigure(title, f"{label} (ours {place:g})", value, None, arm, f"{curve}@{place:g}")
        for label, (value, place) in figures.items()
    ]


def _place_summary(
    title: str, arm: str, figures: Mapping[str, tuple[str, float, float | None]]
) -> list[PublishedFigure]:
    """Return figures by label: their name here, their value, and their tolerance."""
    return [
        PublishedFigure(title, label, value, tolerance, arm, name, optional=name == "zero_from")
        for label, (name, value, tolerance) in figures.items()
    ]


def _list_perceptrons() -> list[PublishedFigure]:
    clean = f"perceptron, true labels: test error in % over the width h ({NOTEBOOK})"
    noisy = f"perceptron, wrong labels: test error in % over the width h ({NOTEBOOK})"
    return [
        *publish(clean, CLEAN, "test_error", dict(zip(WIDTHS, CLEAN_ERRORS, strict=True)), _allow),
        *publish(noisy, NOISY, "test_error", dict(zip(WIDTHS, NOISY_ERRORS, strict=True)), _allow),
        *_place_summary(
            f"perceptron: summaries ({NOTEBOOK})",
            NOISY,
            {
                "wrong labels: error at the peak": ("peak_error", 54.05, 2),
                "wrong labels: h of the peak": ("peak_width", 47, 14),
                "wrong labels: peak less error at 300": ("gap", 8.58, 2),
                "wrong labels: no training error from h": ("zero_from", 61, None),
                "wrong labels: NLL at 61": ("test_loss@61", 5.79, None),
            },
        ),
        *_place_summary(
            f"perceptron: summaries ({NOTEBOOK})",
            CLEAN,
            {
                "true labels: no training error from h": ("zero_from", 47, None),
                "true labels: NLL at 2": ("test_loss@2", 1.676, None),
                "true labels: NLL at 9": ("test_loss@9", 1.308, None),
                "true labels: NLL at 47": ("test_loss@47", 4.415, None),
                "true labels: NLL at 300": ("test_loss@300", 2.338, None),
            },
        ),
    ]


def _list_others() -> list[PublishedFigure]:
    book = "perceptron, wrong labels: test error in % over the width h (Understanding Deep Learning: notebook 8.3)"
    figure = "other protocols, test error in % (Understanding Deep Learning: figure 8.10, read off, 10,000 rows)"
    blog = "other protocols, test NLL (blog of 2020, read off, 10,000 rows, label noise unknown)"
    return [
        *publish(book, BOOK, "test_error", TEXTBOOK, _allow),
        *_place(figure, CLEAN, "test_error", {"true labels, h = 400": (25, 300)}),
        *_place(
            figure,
            NOISY,
            "test_error",
            {"least, h = 25": (40.5, 27), "peak, h = 72": (49, 61), "h = 400": (36, 300)},
        ),
        *_place(
            blog,
            CLEAN,
            "test_loss",
            {
                "2,000 parameters": (0.97, 27),
                "9,700 parameters": (1.72, 80),
                "22,000 parameters": (1.04, 135),
            },
        ),
        *_place(blog, CNN, "test_loss", {"convolutions, flat": (0.25, 60)}),
    ]


def _list_convolutions() -> list[PublishedFigure]:
    errors = f"convolutions, wrong labels: test error in % over the channels c ({NOTEBOOK})"
    summary = f"convolutions: summaries ({NOTEBOOK})"
    return [
        *publish(errors, CNN, "test_error", dict(zip(CHANNELS, CNN_ERRORS, strict=True)), lambda _: 2.5),
        *_place_summary(
            summary,
            CNN,
            {
                "no training error from c": ("zero_from", 24, None),
                "NLL at 10": ("test_loss@10", 0.624, None),
                "NLL at 100": ("test_loss@100", 1.775, None),
            },
        ),
        *_place(summary, CNN, "test_loss", {"NLL at 24": (3.099, 26)}),
    ]


PUBLISHED = [*_list_perceptrons(), *_list_convolutions(), *_list_others()]
