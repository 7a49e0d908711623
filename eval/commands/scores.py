"""Commands that score a user's own predictions: score, compare."""

from eval.comparison import RESAMPLES
from eval.comparison import compare as compare_models
from eval.evaluation import load_dataset
from eval.predictions import read_predictions
from eval.score import score_predictions
from ld_data.cli.options import Json, Predictions, Release, Seed, Shift
from ld_data.cli.output import print_result


def score(release: Release, predictions: Predictions, /, *, shift: Shift = None, as_json: Json = False) -> None:
    """Score predictions for the test rows."""
    data = load_dataset(release, shift)
    result = score_predictions(read_predictions(predictions, data), data)
    print_result(result.to_json(), str(result), as_json)


def compare(
    release: Release,
    a: Predictions,
    b: Predictions,
    /,
    *,
    shift: Shift = None,
    resamples: int = RESAMPLES,
    seed: Seed = 0,
    as_json: Json = False,
) -> None:
    """Compare the predictions of two models, row by row.

    Args:
        resamples: Resamples of the bootstrap.
    """
    comparison = compare_models(a, b, load_dataset(release, shift), resamples=resamples, seed=seed)
    print_result(comparison.to_json(), f"{comparison}\n  a: {a}, b: {b}", as_json)
