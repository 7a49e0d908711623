"""`evaluate`: the score of a model on the test rows of a release."""

from dataclasses import replace
from pathlib import Path

from eval.predictions import BATCH_ROWS, Model, predict
from eval.score import Score, score_predictions
from ld_data.errors import InputError, SubmissionError
from ld_data.release.dataset import LatentDataset
from ld_data.release.folder import load


def evaluate(
    model: Model,
    release: str | Path | LatentDataset,
    *,
    shift: str | None = None,
    batch_rows: int = BATCH_ROWS,
    submit_to: str | None = None,
    name: str | None = None,
    url: str | None = None,
    description: str | None = None,
) -> Score:
    """Return the score of a model on the test rows of a release, by its name, folder or address, or of a dataset.

    `model` is a function of x `(rows, d)`, an object with `predict`, a PyTorch module, the predictions `(n, d)`
    themselves, or the path of their `.npy` file; it gets at most `batch_rows` rows at once (`eval.predictions`). With
    `shift`, such as "rotation-30", x are those of a shifted test set of the release (`data.shifts`). With
    `submit_to`, the address of a service, the predictions go to its leaderboard under `name`, with a link and a
    description, and the score's `entry` is the answer of the leaderboard. The name belongs to this user from then on: a
    secret in the cache folder proves it (`eval.leaderboard.client.submit`).

    Raises:
        InputError: as `eval.predictions.predict`, if a name, link or description comes without `submit_to`, or if a
            shift comes with it.
        UnknownNameError: if the release does not exist, or has no such shift.
        SubmissionError: if the service does not take the predictions; its `score` is the score.
    """
    texts = {"name": name, "url": url, "description": description}
    if submit_to is None and (given := ", ".join(word for word, text in texts.items() if text is not None)):
        raise InputError(
            f"{given} would go to a leaderboard, and without submit_to nothing is submitted. Add "
            f'submit_to="http://...", the address of a service, or leave out {given}.'
        )
    data = load_dataset(release, shift)
    if submit_to is None:
        return score_predictions(predict(model, data, batch_rows=batch_rows), data)
    if data.shift:
        raise InputError(
            f"a leaderboard takes predictions for the test rows themselves; received the shift {data.shift!r}. Leave "
            "out submit_to, or the shift."
        )
    from eval.leaderboard import client, submission  # import late: the network stack, needed by submissions alone

    facts = submission.Submission(name or "", url or "", description or "")
    client.check_settings(submit_to)  # before the work
    predictions = predict(model, data, batch_rows=batch_rows)
    score = score_predictions(predictions, data)
    try:
        return replace(score, entry=client.submit(submit_to, data, predictions.values, facts))
    except SubmissionError as error:
        error.score = score
        error.add_note(f"Nothing is lost: the score is in the `score` of this error.\n{score}")
        raise


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
