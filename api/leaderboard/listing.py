"""The leaderboard as JSON, CSV and Markdown."""

import csv
import io
import re
from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Literal
from urllib.parse import quote

from fastapi import Query, Request, Response
from fastapi.responses import JSONResponse, PlainTextResponse

from api.messages.payload import JSON, choose_media_type
from eval.score import write_figure, write_with_error

Format = Literal["json", "csv", "markdown"]
TEXT_TYPES: dict[Format, str] = {"csv": "text/csv", "markdown": "text/markdown"}
FormatQuery = Annotated[Format | None, Query(alias="format", description="By default the header Accept decides.")]
COLUMNS = (
    "id",
    "status",
    "name",
    "url",
    "mse",
    "standard_error",
    "skill",
    "skill_standard_error",
    "noise_free_mse",
    "decoded_accuracy",
    "null",
    "floor",
    "parameters",
    "seconds",
    "learning_rule",
    "submitted_at",
    "description",
    "receipt_sha256",
)
CHALLENGE_COLUMNS = (*COLUMNS, "season", "public_rank", "rank_gap")
FORMULA_SIGNS = ("=", "+", "-", "@")  # a spreadsheet reads a text that begins with one as a formula
HEADINGS = ("", "model", "MSE", "skill", "noise-free MSE", "decoded accuracy", "parameters", "seconds", "learning rule")
RANK_HEADINGS = ("public rank", "gap")
MARKDOWN_SIGNS = re.compile(r"([\\`*_{}\[\]()#+\-.!|~:@^$=\"'/])")

Rows = Sequence[Mapping[str, Any]]


def describe_list(model: type) -> dict[str, Any]:
    """Return the OpenAPI description of a leaderboard: JSON of that model, or a text."""
    return {"model": model, "content": {name: {"schema": {"type": "string"}} for name in TEXT_TYPES.values()}}


def send_list(
    request: Request, form: Format | None, title: str, board: dict[str, Any], columns: Sequence[str] = COLUMNS
) -> Response:
    """Return a leaderboard in the given format, or else the one that the header Accept prefers, or else JSON."""
    chosen = form or _choose_format(request.headers.get("accept", ""))
    headers, scores, suspects = {"Vary": "Accept"}, board["scores"], board["suspects"]
    if chosen == "json":
        return JSONResponse(board, headers=headers)
    text = write_csv(scores, suspects, columns) if chosen == "csv" else write_markdown(title, scores, suspects)
    headers["X-Content-Type-Options"] = "nosniff"
    return PlainTextResponse(text, headers=headers, media_type=TEXT_TYPES[chosen])


def write_csv(scores: Rows, suspects: Rows, columns: Sequence[str] = COLUMNS) -> str:
    """Return the entries as CSV (RFC 4180): a heading, the ranked entries, and then the suspects.

    A text that a spreadsheet would read as a formula gets an apostrophe in front.
    """
    stream = io.StringIO()
    writer = csv.writer(stream)
    writer.writerow(columns)
    for row in (*scores, *suspects):
        writer.writerow([_make_cell(row.get(column)) for column in columns])
    return stream.getvalue()


def write_markdown(title: str, scores: Rows, suspects: Rows) -> str:
    """Return the entries as Markdown tables, the suspects apart; texts of authors are escaped.

    Entries of the challenge track also show their rank on the public track, and the gap.
    """
    parts = [f"# {escape(title)}", _make_table(scores) if scores else "No scores yet."]
    if suspects:
        parts += ["## Suspect", "More classes decoded than x allows: not ranked.", _make_table(suspects)]
    return "\n\n".join(parts) + "\n"


def escape(text: str) -> str:
    """Return a text that Markdown shows literally, and that makes no HTML."""
    return MARKDOWN_SIGNS.sub(r"\\\1", text.replace("&", "&amp;")).replace("<", "&lt;").replace(">", "&gt;")


def _choose_format(accept: str) -> Format:
    accepted = choose_media_type(accept, (JSON, *TEXT_TYPES.values()))
    return next((form for form, media_type in TEXT_TYPES.items() if media_type == accepted), "json")


def _make_cell(value: Any) -> Any:
    return f"'{value}" if isinstance(value, str) and value.startswith(FORMULA_SIGNS) else value


def _make_table(rows: Rows) -> str:
    ranks = [_make_ranks(row) for row in rows]
    extra = RANK_HEADINGS if ranks[0] else ()
    lines = [[*HEADINGS, *extra], ["---:", "---", *["---:"] * 6, "---", *["---:"] * len(extra)]]
    lines += [[str(place), *_make_fields(row), *ranks[place - 1]] for place, row in enumerate(rows, 1)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _make_fields(row: Mapping[str, Any]) -> list[str]:
    name = escape(row["name"])
    link = quote(row["url"], safe=":/?#@!$&*+,;=%~-._")  # encode signs that end the link or the cell
    return [
        f"[{name}](<{link.replace('&', '&amp;')}>)" if link else name,
        write_with_error(row["mse"], row["standard_error"], sign="±"),
        write_with_error(row["skill"], row["skill_standard_error"], 3, "±"),
        write_figure(row["noise_free_mse"]),
        f"{row['decoded_accuracy']:.4f}",
        "" if row["parameters"] is None else f"{row['parameters']:,}",
        "" if row["seconds"] is None else f"{row['seconds']:,.0f}",
        escape(row["learning_rule"]),
    ]


def _make_ranks(row: Mapping[str, Any]) -> list[str]:
    if "rank_gap" not in row:
        return []
    rank, gap = row["public_rank"], row["rank_gap"]
    return ["" if rank is None else str(rank), "" if gap is None else f"{gap:+d}"]
