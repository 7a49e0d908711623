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
from eval.intervals import describe_figures
from eval.kept.figures import LABELS

Format = Literal["json", "csv", "markdown"]
TEXT_TYPES: dict[Format, str] = {"csv": "text/csv", "markdown": "text/markdown"}
FormatQuery = Annotated[Format | None, Query(alias="format", description="By default the header Accept decides.")]
ENDS = tuple(f"{name}_{end}" for name in LABELS for end in ("low", "high"))  # of the 95 % intervals
COLUMNS = (
    "rank",
    "id",
    "status",
    "name",
    "url",
    "seeds",
    "mse",
    "standard_error",
    "skill",
    "skill_standard_error",
    "noise_free_mse",
    "decoded_accuracy",
    *ENDS,
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
# A spreadsheet reads a cell that begins with one of these signs as a formula; where it splits lines at semicolons or
# tabs, a cell begins after each of them too.
FORMULA = re.compile(r"((?:^|[;\t\r\n])\s*)(?=[=+\-@\uff1d\uff0b\uff0d\uff20\ufe66\ufe62\ufe63\ufe6b\u2212])")
FIGURES = ("seeds", "MSE", "skill", "noise-free MSE", "decoded accuracy")
HEADINGS = ("rank", "model", *FIGURES, "parameters", "seconds", "learning rule")
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
    headers, scores, suspects, held = {"Vary": "Accept"}, board["scores"], board["suspects"], board.get("held", ())
    baselines = board.get("baselines", ())
    if chosen == "json":
        return JSONResponse(board, headers=headers)
    if chosen == "csv":
        text = write_csv(scores, [*suspects, *held, *({**row, "status": "baseline"} for row in baselines)], columns)
    else:
        text = write_markdown(title, scores, suspects, held, baselines)
    headers["X-Content-Type-Options"] = "nosniff"
    return PlainTextResponse(text, headers=headers, media_type=TEXT_TYPES[chosen])


def write_csv(scores: Rows, others: Rows, columns: Sequence[str] = COLUMNS) -> str:
    """Return the entries as CSV (RFC 4180): a heading, the ranked entries, and then those without a rank.

    Where a spreadsheet would read a part of a text as a formula, an apostrophe goes in front.
    """
    stream = io.StringIO()
    writer = csv.writer(stream)
    writer.writerow(columns)
    for row in (*scores, *others):
        ends = [end for name in LABELS for end in (row.get("intervals") or {}).get(name) or (None, None)]
        cells = {**row, **dict(zip(ENDS, ends, strict=True))}
        values = [cells.get(column) for column in columns]
        writer.writerow([FORMULA.sub(r"\1'", value) if isinstance(value, str) else value for value in values])
    return stream.getvalue()


def write_markdown(title: str, scores: Rows, suspects: Rows, held: Rows = (), baselines: Rows = ()) -> str:
    """Return the entries as Markdown tables, suspects and those held apart; texts of authors are escaped.

    Baselines stand among the entries, without a rank. Entries of the challenge track also show their rank on the public
    track, and the gap.
    """
    parts = [f"# {escape(title)}", *([] if scores else ["No scores yet."])]
    rows = sorted([*scores, *baselines], key=lambda row: row["noise_free_mse"]) if baselines else scores
    if rows:
        has_intervals = any(end for row in rows for end in (row["intervals"] or {}).values())
        parts += [_make_table(rows), *(["± is half of the 95 % interval."] if has_intervals else [])]
    if suspects:
        parts += ["## Suspect", "More classes decoded than x allows: not ranked.", _make_table(suspects)]
    if held:
        names = "\n".join(f"- {escape(row['name'])}" for row in held)
        parts += [
            "## Held",
            "Not shown to be better than the best above; figures follow when the season closes.",
            names,
        ]
    return "\n\n".join(parts) + "\n"


def escape(text: str) -> str:
    """Return a text that Markdown shows literally, and that makes no HTML."""
    return MARKDOWN_SIGNS.sub(r"\\\1", text.replace("&", "&amp;")).replace("<", "&lt;").replace(">", "&gt;")


def _choose_format(accept: str) -> Format:
    accepted = choose_media_type(accept, (JSON, *TEXT_TYPES.values()))
    return next((form for form, media_type in TEXT_TYPES.items() if media_type == accepted), "json")


def _make_table(rows: Rows) -> str:
    ranks = [_make_ranks(row) for row in rows]
    extra = RANK_HEADINGS if ranks[0] else ()
    lines = [[*HEADINGS, *extra], ["---:", "---", *["---:"] * 7, "---", *["---:"] * len(extra)]]
    lines += [[*_make_fields(row), *own] for row, own in zip(rows, ranks, strict=True)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _make_fields(row: Mapping[str, Any]) -> list[str]:
    name, figures = escape(row["name"]), [str(row["seeds"]), *describe_figures(row, "±")]
    if "id" not in row:
        return ["", f"baseline {name}", *figures, "", "", ""]
    link = quote(row["url"], safe=":/?#@!$&*+,;=%~-._")  # encode signs that end the link or the cell
    return [
        str(row["rank"] or ""),
        f"[{name}](<{link.replace('&', '&amp;')}>)" if link else name,
        *figures,
        "" if row["parameters"] is None else f"{row['parameters']:,}",
        "" if row["seconds"] is None else f"{row['seconds']:,.0f}",
        escape(row["learning_rule"]),
    ]


def _make_ranks(row: Mapping[str, Any]) -> list[str]:
    if "rank_gap" not in row:
        return []
    rank, gap = row["public_rank"], row["rank_gap"]
    return ["" if rank is None else str(rank), "" if gap is None else f"{gap:+d}"]
