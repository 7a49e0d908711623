"""Commands of sharded releases: plan, make, look, seal and check."""

from collections import deque
from pathlib import Path
from typing import Annotated, Any

import numpy as np
from cyclopts import App, Parameter

import vae
from ld_data.checks import check_integer, check_number
from ld_data.cli.options import Cluster, Jobs, Json, Release
from ld_data.cli.output import print_result
from ld_data.cli.program import add_command, name_program
from ld_data.errors import InputError, IntegrityError
from ld_data.export.shards import export_shards
from ld_data.extras import check_libraries
from ld_data.progress import show_progress
from ld_data.shards.fetching import fetch_shards
from ld_data.shards.folders import open_folder
from ld_data.shards.inputs import map_array, plan_images, plan_signals
from ld_data.shards.making import list_missing, make_shards
from ld_data.shards.plan import SHARD_ROWS, read_plan, write_plan
from ld_data.shards.reading import ShardedRows
from ld_data.shards.records import list_made
from ld_data.shards.root import ROOT_NAME, name_numbers, read_root, seal
from ld_data.shards.verification import check_shards, drop_shards, recompute_shards
from ld_data.work.workers import open_workers

GROUP = f"{name_program('ld_data')} shards"
app = App(name="shards", help_epilogue=f"example:\n  {GROUP} plan big --release ld-mnist1d-32 --rows 1000000")
Shards = Annotated[str, Parameter(metavar="DIR", help="The folder of the shards, also s3://... or gs://...")]
Part = Annotated[str | None, Parameter(metavar="FIRST:END", help="These alone, END not included.")]


def plan(
    folder: Shards,
    /,
    *,
    release: Release,
    rows: int | None = None,
    seed: int = 0,
    rows_per_shard: int = SHARD_ROWS,
    inputs: Annotated[list[Path] | None, Parameter(consume_multiple=True)] = None,
    labels: Annotated[list[Path] | None, Parameter(consume_multiple=True)] = None,
    as_json: Json = False,
) -> None:
    """Write the plan of a sharded release into a folder.

    Args:
        release: The release whose models draw x and y.
        rows: Rows in all; those of the inputs by default.
        seed: The seed of the generator and of the noise.
        rows_per_shard: Rows of a shard.
        inputs: Your own inputs in place of the generator's: .npy files, in order.
        labels: Their classes: an .npy file for each of them.
    """
    name = open_folder(folder).name
    if labels and not inputs:
        raise InputError("--labels are those of --inputs, which are missing.")
    if inputs:
        made = plan_images(name, release, inputs, labels or [], rows, seed, rows_per_shard)
        check_libraries("onnxruntime")
        vae.load(release).x.encode(np.array(map_array(inputs[0])[:1]))  # refuses here what `make` would refuse
    elif rows is None:
        raise InputError("a generator has no end: name the number of --rows, or your own --inputs and their --labels.")
    else:
        made = plan_signals(name, release, rows, seed, rows_per_shard)
    write_plan(folder, made)
    facts = {"folder": folder, "rows": made.rows, "shards": made.shards, "plan": made.id}
    print_result(facts, f"{folder}: a plan of {made.rows} rows in {made.shards} shards", as_json)


def make(
    folder: Shards,
    /,
    *,
    jobs: Jobs = 1,
    cluster: Cluster = None,
    shards: Part = None,
    as_json: Json = False,
) -> None:
    """Make the shards that are missing.

    Several of these commands share the work, also on other machines with the same folder.
    """
    check_libraries("onnxruntime")
    found = read_plan(folder)
    chosen = _read_part("--shards", shards, found.shards)
    missing = list_missing(open_folder(folder), found, chosen)
    with open_workers(jobs, cluster) as workers:
        made = make_shards(folder, missing, vae.load, workers)
        deque(show_progress(made, "shards", total=len(missing)), maxlen=0)
    facts = {"made": len(missing), "were_there": len(chosen) - len(missing), "shards": found.shards}
    text = f"made {len(missing)} shards of {folder}; {facts['were_there']} were there"
    print_result(facts, text, as_json)


def _read_part(option: str, text: str | None, count: int) -> range:
    """Return the numbers that an option FIRST:END names, or all."""
    if text is None:
        return range(count)
    first, colon, end = text.partition(":")
    if not (colon and first.isdecimal() and end.isdecimal() and int(first) < int(end) <= count):
        raise InputError(f"{option} must be FIRST:END within 0:{count}; received {text!r}.")
    return range(int(first), int(end))


def status(folder: Shards, /, *, as_json: Json = False) -> None:
    """Show how many shards are there."""
    found, opened = read_plan(folder), open_folder(folder)
    made = list_made(opened, found, range(found.shards))
    facts: dict[str, Any] = {"shards": found.shards, "made": len(made)}
    facts["rows"] = sum(len(found.find_rows(number)) for number in made)
    facts["sealed"] = opened.find_size(ROOT_NAME) is not None
    state = "sealed" if facts["sealed"] else "not sealed"
    text = f"{folder}: {len(made)} of {found.shards} shards, {facts['rows']} of {found.rows} rows, {state}"
    print_result(facts, text, as_json)


def seal_folder(folder: Shards, /, *, same_machine: bool = False, as_json: Json = False) -> None:
    """Write the root of a folder whose shards are all there.

    Args:
        same_machine: Refuse shards of several installations, whose x may differ in the last bits.
    """
    found, opened = read_plan(folder), open_folder(folder)
    root, sha256 = seal(folder, found, same_machine=same_machine), read_root(opened, found)[1].sha256
    worst = max(map(abs, root.mean)), min(root.std), max(root.std)
    facts = {**root.to_values(), "path": f"{opened}/{ROOT_NAME}", "sha256": sha256}
    text = (
        f"{folder} is sealed: {root.rows} rows in {root.shards} shards; installations: {len(root.fingerprints)}\n"
        f"sha256 of {ROOT_NAME}: {sha256}\n"
        f"components of x: means within +-{worst[0]:.4f}, stds from {worst[1]:.4f} to {worst[2]:.4f}"
    )
    print_result(facts, text, as_json)


def verify(
    folder: Shards, /, *, share: float = 1.0, redraw: int = 0, drop: bool = False, as_json: Json = False
) -> None:
    """Check a sealed folder: sizes, hashes, and shards made again.

    Args:
        share: Of the shards whose hashes are compared; the root chooses them.
        redraw: Shards to make again and compare; the root chooses them.
        drop: Delete damaged shards, so that `make` makes them again.
    """
    found, opened = read_plan(folder), open_folder(folder)
    check_integer("--redraw", redraw, 0, found.shards)
    findings = check_shards(opened, found, check_number("--share", share, 1.0))
    if redraw and not findings.damaged and not findings.missing:
        check_libraries("onnxruntime")
        recompute_shards(opened, found, vae.load, redraw, findings)
    if drop:
        drop_shards(opened, findings.damaged)
    if findings.damaged:
        remedy = "They were deleted: run `make` again" if drop else "Delete them with --drop, then run `make` again"
        raise IntegrityError(
            f"{folder}: {len(findings.damaged)} of {findings.sizes} shards are damaged "
            f"({name_numbers(findings.damaged)}). {remedy}; on another processor also "
            f"delete {ROOT_NAME}, and seal anew."
        )
    if findings.missing:
        raise IntegrityError(
            f"{folder}: {len(findings.missing)} of {findings.sizes} shards are missing "
            f"({name_numbers(findings.missing)}). The others are as sealed. Make those with `make`, or fetch them."
        )
    if findings.differing:
        raise IntegrityError(
            f"{folder}: {len(findings.differing)} of {findings.recomputed} shards are not what their models draw: "
            f"{name_numbers(findings.differing)}. Do not trust this release."
        )
    facts = {**vars(findings), "sha256": read_root(opened, found)[1].sha256}
    text = (
        f"{folder}: {findings.sizes} shards are there, {findings.hashes} hashes are as sealed, "
        f"{findings.recomputed} were made again\nsha256 of {ROOT_NAME}: {facts['sha256']}"
    )
    print_result(facts, text, as_json)


def fetch(
    source: Annotated[str, Parameter(help="A release's address at a service, a URL of a bucket, or a folder.")],
    folder: Shards,
    /,
    *,
    rows: Part = None,
    plan_only: bool = False,
    as_json: Json = False,
) -> None:
    """Fetch a sealed release, or the shards that hold some of its rows.

    Args:
        plan_only: Fetch no shard: plan and root suffice to make each and to prove it.
    """
    found = read_plan(source)
    part = _read_part("--rows", rows, found.rows)
    wanted = range(0) if plan_only else found.find_shards(part.start, part.stop)
    fetched = fetch_shards(source, folder, found, wanted)
    deque(show_progress(fetched, "shards", total=len(wanted)), maxlen=0)
    facts = {"folder": folder, "shards": len(wanted), "of": found.shards, "plan": found.id}
    print_result(facts, f"{folder}: {len(wanted)} of {found.shards} shards of {found.name}, as sealed", as_json)


def export(folder: Shards, out: Path, /, *, as_json: Json = False) -> None:
    """Write the rows as a Parquet file for each shard.

    Args:
        out: The folder to write, which Hugging Face's `datasets` reads; files that it holds already stay.
    """
    rows = ShardedRows(folder, None)
    written = sum(1 for _ in show_progress(export_shards(rows, out), "shards", total=rows.plan.shards))
    print_result({"folder": str(out), "files": written}, f"{out}: {written} new Parquet files and a card", as_json)


for function, name, summary, example in (
    (plan, "plan", "Write the plan of a sharded release into a folder.", "big --release ld-mnist1d-32 --rows 1000000"),
    (make, "make", "Make the shards that are missing.", "big --jobs 2"),
    (status, "status", "Show how many shards are there.", "big"),
    (seal_folder, "seal", "Write the root of a folder whose shards are all there.", "big"),
    (verify, "verify", "Check a sealed folder: sizes, hashes, and shards made again.", "big --redraw 3"),
    (fetch, "fetch", "Fetch a sealed release, or the shards that hold some of its rows.", "s3://bucket/big big"),
    (export, "export", "Write the rows as a Parquet file for each shard.", "big big-parquet"),
):
    add_command(app, function, name, summary, example, GROUP)
