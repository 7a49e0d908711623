"""The log of receipts as the store keeps it."""

import json
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, insert, select

from eval.leaderboard import schema as tables
from eval.leaderboard.receipts import NO_RECEIPT, Place, Receipt

PAGE_RECEIPTS = 1000


def append(connection: Connection, kind: str, values: dict[str, Any]) -> Receipt:
    """Return a new receipt at the end of the log; the transaction keeps every other writer out."""
    number, previous = find_last(connection)
    time = datetime.now(UTC).isoformat(timespec="seconds")
    receipt = Place(number + 1, previous, time).make_receipt(kind, values)
    row = {"number": receipt.number, "sha256": receipt.sha256, "text": receipt.text}
    connection.execute(insert(tables.receipts).values(row))
    return receipt


def find_last(connection: Connection) -> tuple[int, str]:
    """Return the number and the sha256 of the last receipt."""
    receipts = tables.receipts.c
    query = select(receipts.number, receipts.sha256).order_by(receipts.number.desc()).limit(1)
    row = connection.execute(query).one_or_none()
    return (row.number, row.sha256) if row is not None else (0, NO_RECEIPT)


def make_receipt(text: str) -> Receipt:
    """Return the receipt that its canonical text holds."""
    return Receipt(text, json.loads(text))
