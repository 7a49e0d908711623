"""The log of receipts in the store."""

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, insert, select

from eval.leaderboard import schema
from eval.leaderboard.receipts import NO_RECEIPT, LogPosition, Receipt


def append_receipt(connection: Connection, kind: str, values: dict[str, Any]) -> Receipt:
    """Return a new receipt at the end of the log; the transaction must keep other writers out.

    Raises:
        InputError: for values that canonical JSON cannot hold.
    """
    number, previous = find_last(connection)
    time = datetime.now(UTC).isoformat(timespec="seconds")
    receipt = LogPosition(number + 1, previous, time).make_receipt(kind, values)
    row = {"number": receipt.number, "sha256": receipt.sha256, "text": receipt.text}
    connection.execute(insert(schema.receipts).values(row))
    return receipt


def find_last(connection: Connection) -> tuple[int, str]:
    """Return the number and the sha256 of the last receipt; 0 and 64 zeros for an empty log."""
    receipts = schema.receipts.c
    query = select(receipts.number, receipts.sha256).order_by(receipts.number.desc()).limit(1)
    row = connection.execute(query).one_or_none()
    return (row.number, row.sha256) if row is not None else (0, NO_RECEIPT)


def read_texts(connection: Connection, first: int, last: int) -> Sequence[str]:
    """Return the texts of the receipts numbered `first` to `last`, in order."""
    receipts = schema.receipts.c
    query = select(receipts.text).where(receipts.number.between(first, last)).order_by(receipts.number)
    return connection.scalars(query).all()


def parse_receipt(text: str) -> Receipt:
    """Return the receipt whose canonical text the store holds."""
    return Receipt(text, json.loads(text))
