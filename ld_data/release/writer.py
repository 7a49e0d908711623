"""The writer of releases: a source and its trained models in, a verified release out."""

import platform
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path

import numpy as np
import scipy

from ld_data.errors import HealthError, InputError, IntegrityError
from ld_data.fingerprint import read_fingerprint
from ld_data.protocols import LatentCodec
from ld_data.release.dataset import NPY_FILES, LatentDataset, Split
from ld_data.release.examples import Examples
from ld_data.release.folder import DATA_NAME, check_name, verify
from ld_data.release.manifest import (
    MANIFEST_NAME,
    SHIFT_FILE,
    ArrayRecord,
    Change,
    FileRecord,
    Manifest,
    RecipeRecord,
    read_manifest,
)
from ld_data.release.publication import amend_release, check_source, publish, set_aside, stage_release
from ld_data.release.report import HealthReport
from ld_data.sources.shifts import Parameters, shift_inputs
from ld_data.sources.source import Source
from ld_data.storage.arrays import write_npy, write_npz
from ld_data.typing import Array, Floats


@dataclass(frozen=True)
class BuildPlan:
    """The name of a release, and how its manifest describes the build; `Manifest` explains what is not listed here.

    Attributes:
        libraries: versions of the libraries that trained the models; `write_release` adds Python, numpy and scipy.
        change: the news in this version, a sentence; by default that it is the first release, or a rebuild.
        replaces: whether it may replace a release of another source.
    """

    release: str
    seed: int
    command: str
    recipe: RecipeRecord
    libraries: dict[str, str]
    judge_sha256: str = ""
    change: str = ""
    replaces: bool = False

    def __post_init__(self) -> None:
        """Raise `InputError` if the name cannot be that of a folder and a part of an address."""
        check_name(self.release)


def name_release(source: str, latent_dim: int, recipe: str | None = None) -> str:
    """Return the name of a source's release of a latent size, `ld-mnist-32`; with another recipe `ld-mnist-v3-32`."""
    style = "" if recipe in (None, source) else f"-{recipe.removeprefix('ld-').removeprefix(f'{source}-')}"
    return f"ld-{source}{style}-{latent_dim}"


def make_dataset(source: Source, codec: LatentCodec, release: str, seed: int) -> LatentDataset:
    """Return the source encoded row by row: x and y sampled, test rows numbered after the training rows."""
    train = _encode(codec, source.inputs_train, source.label_train, seed, 0)
    test = _encode(codec, source.inputs_test, source.label_test, seed, len(train))
    y = codec.y
    weight, bias, mean = (values.astype(np.float32) for values in (y.class_weight, y.class_bias, y.class_mean))
    return LatentDataset(release, train, test, weight, bias, mean)


def write_release(
    source: Source,
    codec: LatentCodec,
    plan: BuildPlan,
    data: LatentDataset,
    report: HealthReport,
    checkpoints: Path,
    examples: Examples | None = None,
) -> Path:
    """Return the folder of the release after writing, verifying and publishing a dataset, its models and its report.

    The release is written in a folder beside its final place and takes its name last. After an error an older release
    of the name is unchanged.

    Raises:
        HealthError: the report misses a goal; the build lies beside as `.<release>.refused`.
        InputError: the name is that of a release of another source, which the plan may not replace.
        StorageError: the disk refuses.
    """
    target = checkpoints.resolve() / plan.release
    with stage_release(target) as staging:
        changes = _extend_changes(target, plan, source)
        codec.save(staging)
        write_npz(staging / DATA_NAME, data.to_arrays())
        if examples is not None:
            examples.save(staging)
        manifest = _make_manifest(source, codec, plan, data, report, staging, changes)
        (staging / MANIFEST_NAME).write_text(manifest.to_json(), "utf-8")
        verify(staging)
        if report.refused:
            place = set_aside(staging, target)
            raise HealthError(
                f"{plan.release} misses {len(report.refused)} of its goals and is not published:{_list_rows(report)}\n"
                f"It is kept in {place}."
            )
        publish(staging, target)
    return target


def replace_report(
    name: str | Path, measured: Mapping[str, FileRecord], report: HealthReport, judge_sha256: str
) -> Path:
    """Return the folder of a release after replacing its health report, and the hash of the judge in it.

    Raises:
        HealthError: the report misses a goal; the release keeps its old report.
        LdDataError: as `amend_release`, whose arguments the first two are.
    """
    if report.refused:
        raise HealthError(
            f"{name} misses {len(report.refused)} of its goals, and keeps its old report:{_list_rows(report)}"
        )
    return amend_release(
        name, measured, lambda manifest, _: replace(manifest, health=report.to_values(), judge_sha256=judge_sha256)
    )


def encode_shift(source: Source, codec: LatentCodec, seed: int, shift: str, parameters: Parameters) -> Floats:
    """Return the x `(n, d)` of the shifted test inputs of a source, drawn with the noise of the test rows."""
    inputs = shift_inputs(shift, source.inputs_test, parameters)
    return codec.x.encode(inputs, mode="sample", seed=seed, first_row=len(source.label_train)).astype(np.float32)


def write_shifts(
    name: str | Path, measured: Mapping[str, FileRecord], shifts: Mapping[str, Parameters], encoded: Mapping[str, Array]
) -> Path:
    """Return the folder of a release after writing its shifted test sets, x `(n, d)`; they replace older ones.

    The news are among the changes of the release, unless its files stay the same.

    Raises:
        LdDataError: as `amend_release`, whose arguments the first two are.
    """

    def change(manifest: Manifest, folder: Path) -> Manifest:
        for shift in manifest.shifts:
            (folder / SHIFT_FILE.format(shift)).unlink()
        for shift, x in encoded.items():
            (folder / SHIFT_FILE.format(shift)).write_bytes(write_npy(x))
        files = {path.name: FileRecord.of(path) for path in sorted(folder.iterdir())}
        text = f"Shifted test sets are in the release: {', '.join(shifts)}; arrays and models are the same."
        news = Change(manifest.release_version, datetime.now(UTC).date().isoformat(), text)
        changes = manifest.changes if files == manifest.files else (news, *manifest.changes)
        return replace(manifest, files=files, shifts=dict(shifts), changes=changes)

    return amend_release(name, measured, change)


def describe_source(source: Source) -> dict[str, str]:
    """Return the manifest's record of a source."""
    return {"name": source.name, "sha256": source.sha256, "licence": source.licence}


def _list_rows(report: HealthReport) -> str:
    return "".join(f"\n  {row}" for row in report.refused)


def _extend_changes(target: Path, plan: BuildPlan, source: Source) -> tuple[Change, ...]:
    """Return the changes of a build, followed by those of the release of the same source that it replaces.

    Each build has the next version, 1.0.0, 2.0.0.

    Raises:
        InputError: there is a release of another source, which the plan may not replace.
    """
    older: tuple[Change, ...] = ()
    try:
        check_source(target, describe_source(source))
        if (target / MANIFEST_NAME).exists():
            older = read_manifest(target).changes
    except (InputError, IntegrityError):
        if not plan.replaces:
            raise
    text = plan.change or ("Built anew." if older else "First release.")
    major = int(older[0].version.partition(".")[0]) + 1 if older else 1  # scores on another x do not compare
    return Change(f"{major}.0.0", datetime.now(UTC).date().isoformat(), text), *older


def _encode(codec: LatentCodec, inputs: Array, labels: Array, seed: int, first_row: int) -> Split:
    x = codec.x.encode(inputs, mode="sample", seed=seed, first_row=first_row)
    y = codec.y.encode(labels, mode="sample", seed=seed, first_row=first_row)
    return Split(x.astype(np.float32), y.astype(np.float32), labels.astype(np.uint8))


def _make_manifest(
    source: Source,
    codec: LatentCodec,
    plan: BuildPlan,
    data: LatentDataset,
    report: HealthReport,
    staging: Path,
    changes: tuple[Change, ...],
) -> Manifest:
    arrays = data.to_arrays()
    npy_files = {file: write_npy(arrays[name]) for file, name in NPY_FILES.items()}
    libraries = {"python": platform.python_version(), "numpy": np.__version__, "scipy": scipy.__version__}
    return Manifest(
        name=plan.release,
        release_version=changes[0].version,
        source=describe_source(source),
        latent_dim=data.latent_dim,
        classes=data.classes,
        seed=plan.seed,
        command=plan.command,
        recipe=plan.recipe,
        y_kind=codec.y.kind,
        libraries=libraries | plan.libraries,
        licence=source.licence,
        null=codec.y.null,
        floor=codec.y.floor,
        health=report.to_values(),
        judge_sha256=plan.judge_sha256,
        arrays={name: ArrayRecord.of(array) for name, array in arrays.items()},
        files={path.name: FileRecord.of(path) for path in sorted(staging.iterdir())},
        npy_files={file: FileRecord(len(npy), sha256(npy).hexdigest()) for file, npy in npy_files.items()},
        changes=changes,
        fingerprint=read_fingerprint(),
    )
