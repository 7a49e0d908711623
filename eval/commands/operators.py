"""Commands for operators of a service: close-season, remove."""

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from eval.leaderboard.client import remove_entry
from ld_data.cli.libraries import needs
from ld_data.cli.options import FromService, Json, Release, ReleaseAtService, Scores
from ld_data.cli.output import print_result
from ld_data.errors import MissingDataError
from ld_data.release.folder import load
from ld_data.settings import checkpoints_folder, scores_place, service_address


@needs("sqlalchemy", "alembic")
def close_season(release: Release, /, *, scores: Scores = None, as_json: Json = False) -> None:
    """For operators: close a challenge's season, reveal its secret."""
    from eval.leaderboard.store import Store  # late: light installations lack SQLAlchemy

    data = load(release)
    place = scores or scores_place(checkpoints_folder().resolve())
    if "://" not in place and not Path(place).expanduser().is_file():
        raise MissingDataError(f"no leaderboard {place}. Name the file or the database of the service with --scores.")
    store = Store(place)
    receipt = store.close_season(data.name, data.test_sha256)
    store.close()
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
    """For operators: remove an entry of either track, with a token.

    Args:
        number: The entry's id.
        reason: The reason, which goes into the public log.
    """
    answer = remove_entry(service or service_address(), release, number, reason)
    receipt = answer["receipt"]
    text = f"removed entry {number} of {release}\nreceipt {receipt['number']}, sha256 {answer['receipt_sha256']}"
    print_result(receipt | {"receipt_sha256": answer["receipt_sha256"]}, text, as_json)
