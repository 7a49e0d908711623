"""A sharded release of the small codec's images, for tests; workers of other processes import it."""

from pathlib import Path

import numpy as np

from ld_data.shards.folders import Folder, open_folder
from ld_data.shards.inputs import describe_images
from ld_data.shards.making import make_shards
from ld_data.shards.plan import ShardPlan, read_models, write_plan
from ld_data.shards.records import find_record, read_shard
from tests.support.fakes import FakeCodec, generate

ROWS, ROWS_PER_SHARD = 50, 8


def load_codec(name: str) -> FakeCodec:
    """Return the models of any release."""
    return FakeCodec()


def write_images(folder: Path) -> tuple[list[Path], list[Path]]:
    """Write 30 and 20 images into two files, and return their paths and those of their labels."""
    folder.mkdir(exist_ok=True)
    inputs, labels = [], []
    for number, rows in enumerate((30, 20)):
        images, classes = generate(number, rows)
        inputs.append(folder / f"images-{number}.npy")
        labels.append(folder / f"labels-{number}.npy")
        np.save(inputs[-1], images)
        np.save(labels[-1], classes)
    return inputs, labels


def make_plan(folder: Path, **changes) -> ShardPlan:
    """Return the plan of 50 images in seven shards; their files are written into the folder."""
    images = describe_images(*write_images(folder))
    values = {"name": "big", "release": "fake-4", "models": read_models("fake-4"), "seed": 3, "images": images}
    return ShardPlan(**{**values, "rows": ROWS, "rows_per_shard": ROWS_PER_SHARD, **changes})


def read_whole(folder: Path, plan: ShardPlan, number: int) -> dict[str, np.ndarray]:
    """Return the arrays of a shard, checked by its record."""
    record = find_record(open_folder(folder), plan, number)
    return read_shard(open_folder(folder), plan, number, {name: array.sha256 for name, array in record.arrays.items()})


def make_folder(parent: Path, **changes) -> tuple[Path, ShardPlan]:
    """Return a folder with all shards of a plan, and the plan."""
    plan, folder = make_plan(parent, **changes), parent / "big"
    write_plan(folder, plan)
    list(make_shards(folder, range(plan.shards), load_codec))
    return folder, plan


def read_content(folder: Folder, name: str) -> bytes:
    """Return the bytes of a file."""
    with folder.open(name) as file:
        return file.read()
