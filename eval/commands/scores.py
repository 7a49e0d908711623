"""Commands that score models and predictions: score, compare, transfer."""

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from eval.class_space import check_common
from eval.class_space import transfer as transfer_model
from eval.commands.models import check_model, load_fit
from eval.comparison import RESAMPLES
from eval.comparison import compare as compare_models
from eval.evaluation import load_dataset
from eval.names import BASELINES
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


def check_model_or_file(kind: object, name: str) -> None:
    """Accept an `.npy` file beside the names of `check_model`."""
    if not name.endswith(".npy"):
        check_model(kind, name)


def transfer(
    a: Release,
    b: Release,
    /,
    *,
    model: Annotated[str, Parameter(validator=check_model_or_file, completer=lambda _: list(BASELINES))] = "mlp",
    seed: Seed = 0,
    as_json: Json = False,
) -> None:
    """Train on one release, and read its y by another's decoder.

    Args:
        model: A baseline's name, module:function of your own, a fit(x_train, y_train, seed) -> model, or the .npy of
            predictions for the test rows of A.
    """
    data, other = load_dataset(a), load_dataset(b)
    check_common(data, other)  # before the work
    fitted = Path(model) if model.endswith(".npy") else load_fit(model, Path.cwd())(data, seed)
    result = transfer_model(fitted, data, other)
    print_result(asdict(result) | {"model": model, "seed": seed}, f"{result}\n  model: {model}", as_json)
