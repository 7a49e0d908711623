"""`evaluate`: the score of a model on the test rows of a release."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from eval.predictions import BATCH_ROWS, Model, predict
from eval.score import Score, score_predictions
from ld_data.errors import InputError, SubmissionError
from ld_data.release.dataset import LatentDataset
from ld_data.release.folder import load
from ld_data.settings import service_address
from ld_data.typing import Array


def evaluate(
    model: Model,
    release: str | Path | LatentDataset,
    *,
    shift: str | None = None,
    batch_rows: int = BATCH_ROWS,
    submit_to: str | bool | None = None,
    name: str | None = None,
    url: str | None = None,
    description: str | None = None,
    learning_rule: str | None = None,
    parameters: int | None = None,
    seconds: float | None = None,
) -> Score:
    """Return the score of a model on the test rows of a release, by its name, folder or address, or of a dataset.

    `model` is a function of x `(rows, d)`, an object with `predict`, a PyTorch module, the predictions `(n, d)`
    themselves, or the path of their `.npy` file; it gets at most `batch_rows` rows at once (`eval.predictions`). With
    `shift`, such as "rotation-30", x are those of a shifted test set of the release (`data.shifts`). With
    `submit_to`, the address of a service, or True for that in `LD_DATA_SERVICE`, or else port 8000 of this machine, the
    predictions go to its leaderboard under `name`, with the facts of `eval.leaderboard.submission.Submission`: a link,
    a description, the learning rule, the number of learned parameters, and the seconds of training. The score's `entry`
    is the answer of the leaderboard. The name belongs to this user from then on: a secret in the cache folder proves it
    (`eval.leaderboard.client.submit`). Nothing is submitted without `submit_to`, whatever the environment says.

    Raises:
        InputError: as `eval.predictions.predict`, if a fact for a leaderboard comes without `submit_to`, or if a shift
            comes with it.
        UnknownNameError: if the release does not exist, or has no such shift.
        SubmissionError: if the service does not take the predictions; its `score` is the score.
    """
    texts = {"name": name, "url": url, "description": description, "learning_rule": learning_rule}
    numbers = {"parameters": parameters, "seconds": seconds}
    facts: dict[str, Any] = {word: fact for word, fact in (texts | numbers).items() if fact is not None}
    address = find_address(submit_to, facts)
    data = load_dataset(release, shift)
    send = prepare_submission(address, data, facts)  # before the work
    predictions = predict(model, data, batch_rows=batch_rows)
    score = score_predictions(predictions, data)
    return score if send is None else replace(score, entry=send(predictions.values, score))


def prepare_submission(
    address: str | None, data: LatentDataset, facts: Mapping[str, Any]
) -> Callable[[Array, object], dict[str, Any]] | None:
    """Return a function that submits predictions and returns the entry; None without an address.

    The function takes the predictions, of one model `(n, d)` or of several seeds `(seeds, n, d)`, and their score, to
    be held by its `SubmissionError`.

    Raises:
        InputError: for an address or a fact that a leaderboard does not take, or a dataset with a shift.
    """
    if address is None:
        return None
    if data.shift:
        raise InputError(
            f"a leaderboard takes predictions for the test rows themselves; received the shift {data.shift!r}. Leave "
            "out submit_to, or the shift."
        )
    from eval.leaderboard import client, submission  # import late: the network stack, needed by submissions alone

    own = submission.Submission(**{"name": "", **facts})
    client.check_settings(address)

    def send(predictions: Array, score: object) -> dict[str, Any]:
        try:
            return client.submit(address, data, predictions, own)
        except SubmissionError as error:
            error.score = score
            error.add_note(f"Nothing is lost: the score is in the `score` of this error.\n{score}")
            raise

    return send


def find_address(submit_to: str | bool | None, facts: Collection[str]) -> str | None:
    """Return the address of the service to submit to: that of the environment for True; None to submit nothing.

    Raises:
        InputError: if nothing is submitted, and there are facts for a leaderboard.
    """
    if isinstance(submit_to, str):
        return submit_to
    if submit_to:
        return service_address()
    if facts:
        given = ", ".join(facts)
        raise InputError(
            f"{given} would go to a leaderboard, and without submit_to nothing is submitted. Add submit_to=True for "
            f'{service_address()}, or submit_to="http://...", or leave out {given}.'
        )
    return None


def load_dataset(release: str | Path | LatentDataset, shift: str | None = None) -> LatentDataset:
    """Return the dataset of a release by its name, folder or address, or the dataset itself; raises as `evaluate`.

    With a `shift`, its test rows have the x of that shifted test set.
    """
    if not isinstance(release, str | Path | LatentDataset):
        raise InputError(
            f"release must be a name, a folder, an address or a LatentDataset; received {type(release).__name__}. "
            'The model comes first: evaluate(model, "ld-mnist-32").'
        )
    data = release if isinstance(release, LatentDataset) else load(release)
    return data if shift is None else data.shifted(shift)
