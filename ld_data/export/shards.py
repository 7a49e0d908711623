"""A sharded release as Parquet: a file for each shard, and the card with which Hugging Face's `datasets` reads them."""

from collections.abc import Iterator
from pathlib import Path

from ld_data.errors import InputError
from ld_data.export.card import CARD_NAME
from ld_data.export.formats import make_columns, write_table
from ld_data.shards.reading import ShardedRows
from ld_data.shards.records import name_shard
from ld_data.storage.staging import stage_file

CARD = """---
configs:
- config_name: default
  data_files:
  - split: train
    path: train-*.parquet
---

# {name}

{rows} training rows of latents: x and y, float32, and the class, drawn by the models of `{release}`. Made by LD-Data
from the plan with the sha256 `{plan}`.
"""


def export_shards(rows: ShardedRows, folder: Path) -> Iterator[Path]:
    """Yield the Parquet files of a folder as they are written, one for each shard; those that are there stay.

    Raises:
        InputError: the folder holds the files of another release, or a shard is not there.
        StorageError: the disk refuses.
        LdDataError: as `ShardedRows.load`.
        MissingLibraryError: pyarrow is not installed.
    """
    plan, card = rows.plan, folder / CARD_NAME
    text = CARD.format(name=plan.name, rows=plan.rows, release=plan.release, plan=plan.id)
    if card.exists() and card.read_text("utf-8") != text:
        raise InputError(f"{folder} holds the files of another release. Choose another folder.")
    with stage_file(card) as draft:
        draft.write_text(text, "utf-8")
    for number in range(plan.shards):
        path = (folder / name_shard(number)).with_suffix(".parquet")
        if not path.exists():
            part = plan.find_rows(number)
            with stage_file(path) as draft:
                write_table(make_columns(rows.load(slice(part.start, part.stop))), draft)
            yield path
