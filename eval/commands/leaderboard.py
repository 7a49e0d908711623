"""Commands of a service's leaderboard, for users and for its operators."""

import sys
from contextlib import closing
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import numpy as np
from cyclopts import Parameter

from eval.intervals import describe_figures
from eval.leaderboard.client import fetch_challenge, fetch_leaderboard, remove_entry, submit_challenge
from eval.leaderboard.client import submit as send
from eval.leaderboard.receipts import verify_log as prove
from eval.leaderboard.submission import Submission
from eval.predictions import check_seed_count, read_file, read_predictions
from eval.score import describe_entry
from ld_data.cli.libraries import needs
from ld_data.cli.options import File, FromService, Json, Release, ReleaseAtService, Scores, ToService
from ld_data.cli.output import print_result
from ld_data.cli.table import format_table
from ld_data.errors import InputError, MissingDataError
from ld_data.release.folder import load
from ld_data.release.manifest import SHA256
from ld_data.settings import checkpoints_folder, scores_place, service_address
from ld_data.storage.arrays import write_npy
from ld_data.storage.staging import check_new_file, stage_file

Entry = dict[str, Any]


def check_sha256(_type: object, values: str | list[str] | None) -> None:
    """Refuse a text that is not a sha256 by a `ValueError`, as Cyclopts expects it."""
    for text in [values] if isinstance(values, str) else values or []:
        if SHA256.fullmatch(text.lower()) is None:
            raise ValueError(f"expected the 64 hexadecimal digits of a sha256; received {text!r}.")


def leaderboard(
    release: ReleaseAtService, /, *, service: FromService = None, challenge: bool = False, as_json: Json = False
) -> None:
    """Show the best scores of a service.

    Args:
        challenge: Show the scores of the challenge's open season.
    """
    board = fetch_leaderboard(service or service_address(), release, challenge)
    scores, baselines = board["scores"], board.get("baselines", [])
    text = "" if scores else "no scores yet"
    if scores or baselines:
        rows = sorted([*scores, *baselines], key=lambda row: row["noise_free_mse"])
        text += ("" if scores else "; the baselines:\n") + _format_entries(rows, ranked=True)
    if board["suspects"]:
        text += f"\n\nsuspect: more classes decoded than x allows\n{_format_entries(board['suspects'])}"
    if held := board.get("held"):
        names = "\n".join(f"{entry['id']} {entry['name'][:40]}" for entry in held)
        text += f"\n\nheld: not shown to be better than the best above; figures follow when the season closes\n{names}"
    print_result(board, text, as_json)


def submit(
    release: Release,
    predictions: Annotated[tuple[Path, ...], Parameter(help=".npy of shape `(n_test, d)`, or one for each seed.")],
    /,
    *,
    name: str,
    url: str = "",
    description: Annotated[str, Parameter(metavar="TEXT")] = "",
    parameters: Annotated[int | None, Parameter(metavar="NUMBER")] = None,
    seconds: float | None = None,
    learning_rule: Annotated[str, Parameter(metavar="RULE")] = "",
    service: ToService = None,
    challenge: bool = False,
    season: Annotated[int | None, Parameter(metavar="NUMBER")] = None,
    x_sha256: Annotated[str | None, Parameter(metavar="SHA256", validator=check_sha256)] = None,
    as_json: Json = False,
) -> None:
    """Send predictions to a leaderboard.

    They are those of one model, or of 3 to 10 seeds.

    Args:
        name: The model's name.
        url: A link to the model.
        description: A description of the model.
        parameters: How many numbers the model learned.
        seconds: How long the training took.
        learning_rule: How the model was trained.
        challenge: The predictions are for the challenge's x, not for the test rows.
        season: The season of the challenge for which they were made; or else give --x-sha256.
        x_sha256: The sha256 of the x for which they were made, as `challenge` prints it.
    """
    if (season is not None or x_sha256) and not challenge:
        raise InputError("--season and --x-sha256 go with --challenge: the public track has no seasons.")
    if challenge and season is None and not x_sha256:
        raise InputError("--challenge needs the season of the predictions: --season NUMBER, or --x-sha256 SHA256.")
    submission = Submission(name, url, description, parameters, seconds, learning_rule)
    address = service or service_address()
    if challenge:
        if len(predictions) > 1:
            raise InputError(f"an entry of the challenge holds one prediction; received {len(predictions)} files.")
        values = read_file(predictions[0], f"for the challenge of {release}")
        entry = submit_challenge(address, release, values, submission, season, x_sha256)
    else:
        data = load(release)
        check_seed_count(len(predictions))
        seeds = [read_predictions(path, data).values for path in predictions]
        entry = send(address, data, np.stack(seeds) if len(seeds) > 1 else seeds[0], submission)
    print_result(entry, f"{_format_entries([entry])}\n{describe_entry(entry)}", as_json)


def challenge(release: ReleaseAtService, /, *, out: File, service: FromService = None, as_json: Json = False) -> None:
    """Fetch the x of a challenge with secret labels.

    Args:
        out: The .npy to write.
    """
    check_new_file(out)
    x, state = fetch_challenge(service or service_address(), release)
    with stage_file(out) as draft:
        draft.write_bytes(write_npy(x))
        check_new_file(out)  # again: another process may have made the file meanwhile
    text = (
        f"wrote {out}: x {x.shape} of season {state['season']}, opened {state['opened_at']}\n"
        f"its sha256 is {state['x_sha256']}; the sha256 of the season's secret is {state['secret_sha256']}"
    )
    print_result(state | {"path": str(out)}, text, as_json)


def verify_log(
    log: Annotated[Path, Parameter(metavar="FILE")],
    /,
    *,
    receipt: Annotated[list[str] | None, Parameter(metavar="SHA256", validator=check_sha256)] = None,
    head: Annotated[str | None, Parameter(metavar="SHA256", validator=check_sha256)] = None,
    as_json: Json = False,
) -> None:
    """Prove a service's log of receipts, offline.

    Args:
        log: JSON Lines, as GET /v1/scores/log sends them.
        receipt: The sha256 of your receipt. The log must hold it, so that neither it nor a line before it was changed.
            You may give several.
        head: The sha256 of the last receipt, as GET scores once gave it. The log must hold it, so that no line up to it
            was changed. The command prints by how many lines the log has grown since; if by none, its end was not cut
            off.
    """
    expected, receipts = head and head.lower(), [text.lower() for text in receipt or []]
    with log.open("rb") as lines:
        proof = prove(lines, expected, receipts)
    counts = f"{proof.scores} scores, {proof.removals} removed, {proof.seasons} seasons closed"
    text = [f"proved {proof.receipts} receipts: {counts}; head {proof.head}"]
    text += [f"receipt {sha256} is line {line} of {proof.receipts}" for sha256, line in proof.lines.items()]
    if proof.grown is not None:
        grown = f"has grown by {proof.grown} receipts since, and is unchanged up to it"
        text.append(f"head {expected}: the log {grown if proof.grown else 'ends with it'}")
    print_result(asdict(proof), "\n".join(text), as_json)


@needs("sqlalchemy", "alembic")
def close_season(
    release: Release,
    /,
    *,
    scores: Scores = None,
    yes: Annotated[bool, Parameter(name="--yes", negative="")] = False,
    as_json: Json = False,
) -> None:
    """For operators: close a season, reveal its secret.

    Args:
        yes: Do not ask for confirmation.
    """
    from eval.leaderboard.store import Store  # late: light installations lack SQLAlchemy

    data = load(release)
    place = scores or scores_place(checkpoints_folder().resolve())
    if "://" not in place and not Path(place).expanduser().is_file():
        raise MissingDataError(f"no leaderboard {place}. Name the file or the database of the service with --scores.")
    with closing(Store(place)) as store:
        if not yes:
            _confirm(f"Close the open season of {data.name} in {store.name}, and publish its secret?")
        receipt = store.close_season(data.name, data.test_sha256)
    text = (
        f"closed season {receipt.values['season']} of {data.name}; its secret is {receipt.values['secret']}\n"
        f"receipt {receipt.number}, sha256 {receipt.sha256}"
    )
    print_result(receipt.values | {"receipt_sha256": receipt.sha256}, text, as_json)


def remove(
    release: ReleaseAtService,
    number: int,
    /,
    *,
    reason: Annotated[str, Parameter(metavar="TEXT")],
    service: FromService = None,
    as_json: Json = False,
) -> None:
    """For operators: remove an entry, with a token.

    Args:
        number: The entry's id, on either track.
        reason: The reason, which goes into the public log.
    """
    answer = remove_entry(service or service_address(), release, number, reason)
    receipt = answer["receipt"]
    text = f"removed entry {number} of {release}\nreceipt {receipt['number']}, sha256 {answer['receipt_sha256']}"
    print_result(receipt | {"receipt_sha256": answer["receipt_sha256"]}, text, as_json)


def _confirm(question: str) -> None:
    """Ask on the terminal; raise `InputError` without one, or if the answer is not yes."""
    if sys.stdin is None or not sys.stdin.isatty():
        raise InputError(f"{question} There is no terminal to ask on: add --yes. Nothing was changed.")
    print(f"{question} This cannot be undone. [yes/no] ", end="", file=sys.stderr, flush=True)
    if sys.stdin.readline().strip().lower() not in ("y", "yes"):
        raise InputError("not confirmed. Nothing was changed.")


def _format_entries(entries: list[Entry], ranked: bool = False) -> str:
    headers = ["id", "model", "seeds", "MSE", "skill", "noise-free MSE", "decoded accuracy", "parameters"]
    headers, alignment = [*headers, "learning rule", ""], "rlrrrrrrll"
    rows = [_format_entry(entry) for entry in entries]
    if ranked:
        headers, alignment = ["rank", *headers], f"r{alignment}"
        rows = [[str(entry.get("rank") or ""), *row] for entry, row in zip(entries, rows, strict=True)]
    bounds = f"null {entries[0]['null']:.4f}, floor {entries[0]['floor']:.4f}"
    note = (
        "; +- is half of the 95 % interval"
        if any(any((entry["intervals"] or {}).values()) for entry in entries)
        else ""
    )
    return f"{format_table(headers, rows, alignment)}\n{bounds}{note}"


def _format_entry(entry: Entry) -> list[str]:
    """Return a row; on the challenge track it ends with the public rank and the gap, where they are known."""
    figures = [str(entry["seeds"]), *describe_figures(entry)]
    if "id" not in entry:
        return ["", f"baseline {entry['name']}", *figures, "", "", ""]
    rank = "" if entry.get("public_rank") is None else f"public rank {entry['public_rank']}"
    gap = f", gap {entry['rank_gap']:+d}" if rank and entry["rank_gap"] is not None else ""
    parameters = "" if entry["parameters"] is None else f"{entry['parameters']:,}"
    return [str(entry["id"]), entry["name"][:40], *figures, parameters, entry["learning_rule"][:30], f"{rank}{gap}"]
