"""The dataset card of a release: Markdown for people, with the front matter that Hugging Face's `datasets` reads.

The manifest fills the templates in `templates/`.
"""

import json
from collections.abc import Iterator, Mapping
from itertools import groupby
from string import Template
from typing import Any

from ld_data.export.provenance import TEMPLATES, cite_release, find_provenance
from ld_data.release.manifest import Manifest
from ld_data.release.report import Goal
from ld_data.sources.shifts import describe_parameters

CARD_NAME = "README.md"
SHOWN_GROUPS = ("x_train", "x_test", "y_train", "y_test", "probes", "decoded", "kept")
# The licences that Hugging Face knows, by their SPDX names.
LICENCES = ("CC-BY-SA-3.0", "CC-BY-SA-4.0", "CC-BY-3.0", "CC-BY-4.0", "CC0-1.0", "Apache-2.0", "MIT", "BSD-3-Clause")
# The meaning of each measure whose name contains one of the parts.
MEASURES = {
    ("worst_mean",): "the greatest absolute mean of a component",
    ("least_std", "greatest_std"): "the extreme standard deviations of components",
    ("least_eigenvalue", "greatest_eigenvalue"): "the extreme eigenvalues of the covariance",
    ("worst_correlation",): "the greatest absolute correlation of two components",
    ("worst_skew", "worst_kurtosis"): "the greatest absolute skew and excess kurtosis of a component",
    ("epps_pulley", "wasserstein"): "distances of 1,000 projections from N(0, 1): the mean and the worst",
    ("c2st",): "held-out accuracy of classifiers that separate the latents from N(0, I); 0.5 is chance",
    ("least_signal",): "the share of the input in the weakest direction: the least eigenvalue of Cov(E[x | input])",
    ("used_directions",): "the number of directions whose variance comes mostly from the input",
    ("decoded_accuracy",): "the share of y in the cell of their class",
    ("rate",): "KL(q(x given the input) from N(0, I)), in nats",
    ("probe",): "the accuracy of models of the class, fitted to the training x",
    ("mse",): "mean squared error of decoded test inputs, of samples of x and of their means",
    ("judge",): "the accuracy of a classifier, trained apart, on test inputs and on decoded ones",
    ("judge_loss",): "the accuracy that decoding costs this classifier",
    ("pixels",): "the share of digit and background that decoded samples explain; `pca`: 32 principal components",
    ("digit_linear", "background_linear", "angle_linear"): "the share of each that least squares reads off x",
    ("angle_mlp",): "the share of the angle that a perceptron reads off x",
}
SHIFT_FILES = "- config_name: shifts\n  data_files:\n  - split: test\n    path: shifts.parquet\n"
SIZES = (("n<1K", 1_000), ("1K<n<10K", 10_000), ("10K<n<100K", 100_000), ("100K<n<1M", 1_000_000))


def make_card(manifest: Manifest, *, tables: bool = True) -> str:
    """Return the card: what it is, why, how it was made, statistics with their nulls, limits, licence, changes.

    With `tables` it is the card of a folder of Parquet files and describes their columns.
    """
    columns = _describe_columns(manifest)
    shifts = [f"| `{name}` | {describe_parameters(own)} |" for name, own in manifest.shifts.items()]
    values = {
        **_describe_release(manifest),
        **_describe_making(manifest),
        **_describe_health(manifest.health),
        "citation": "\n".join(filter(None, (cite_release(manifest), find_provenance(manifest).citation))),
        "changes": "\n\n".join(_describe_changes(manifest)),
        "tables": _fill("tables.yaml", columns) if tables else "",
        "columns": _fill("columns.md", columns) if tables else "",
        "shifts": _fill("shifts.md", {"rows": "\n".join(shifts)}) if shifts else "",
    }
    return _fill("card.md", values)


def _fill(name: str, values: Mapping[str, object]) -> str:
    return Template((TEMPLATES / name).read_text("utf-8")).substitute(values)


def _describe_release(manifest: Manifest) -> dict[str, object]:
    train, test = (manifest.arrays[f"label_{split}"].shape[0] for split in ("train", "test"))
    licence = manifest.licence.lower()
    if manifest.licence not in LICENCES:
        licence = f"other\nlicense_name: {json.dumps(manifest.licence)}"
    provenance, has_plain_recipe = find_provenance(manifest), _has_plain_recipe(manifest)
    return {
        "name": manifest.name,
        "version": manifest.release_version,
        "hub_licence": licence,
        "licence": manifest.licence,
        "source_licence": manifest.source["licence"],
        "size": next((name for name, most in SIZES if train + test < most), "1M<n<10M"),
        "train": f"{train:,}",
        "test": f"{test:,}",
        "d": manifest.latent_dim,
        "null": f"{manifest.null:.4f}",
        "floor": f"{manifest.floor:.4f}",
        "source_text": provenance.text,
        "source_limit": f"\n- {provenance.limit}" if provenance.limit else "",
        "near": "`y` exactly, `x` nearly" if has_plain_recipe else "nearly; the statistics show how nearly",
        "near_spaces": "x is" if has_plain_recipe else "x and y are",
    }


def _describe_making(manifest: Manifest) -> dict[str, object]:
    url, recipe = find_provenance(manifest).url, manifest.recipe.name
    making = "making.md" if _has_plain_recipe(manifest) else "making_of_others.md"
    return {
        "source": f"`{manifest.source['name']}`{f', {url}' if url else ''}",
        "sha256": manifest.source["sha256"],
        "recipe": recipe,
        "command": f"`{manifest.command}`" if manifest.command else "none: the release was built from Python",
        "seed": manifest.seed,
        "libraries": ", ".join(f"{name} {version}" for name, version in manifest.libraries.items()),
        "making": _fill(making, {"classes": manifest.classes, "recipe": recipe}).rstrip(),
    }


def _has_plain_recipe(manifest: Manifest) -> bool:
    """Return whether the models are of the default kinds: a flow for x, and cells for y."""
    return manifest.y_kind == "cells" and manifest.recipe.name in (manifest.source["name"], "images")


def _describe_columns(manifest: Manifest) -> dict[str, object]:
    labels = "\n".join(f"          '{label}': '{label}'" for label in range(manifest.classes))
    d, shifts = manifest.latent_dim, manifest.shifts
    features = "".join(f"  - name: {name}\n    list: float32\n    length: {d}\n" for name in shifts)
    return {
        "d": d,
        "last_label": manifest.classes - 1,
        "labels": labels,
        "shift_features": f"- config_name: shifts\n  features:\n{features}" if shifts else "",
        "shift_files": SHIFT_FILES if shifts else "",
        "shift_columns": f"| shifts | `{'`, `'.join(shifts)}` | the code of the changed test input |\n"
        if shifts
        else "",
    }


def _describe_health(health: Mapping[str, Any]) -> dict[str, object]:
    shown = {group: health.get(group, {}) for group in SHOWN_GROUPS}
    names = " ".join(name for measures in shown.values() for name in measures)
    glossary = (
        f"- {', '.join(f'`{part}`' for part in parts)}: {text}"
        for parts, text in MEASURES.items()
        if any(part in names for part in parts)
    )
    probes = [(name, row["value"]) for name, row in shown["probes"].items() if row.get("value") is not None]
    read = ", ".join(f"{value:.1%} by `{name}`" for name, value in probes)
    return {
        "statistics": "\n".join(row for group, measures in shown.items() for row in _make_rows(group, measures)),
        "glossary": "\n".join(glossary),
        "goals": _describe_goals(health),
        "probes": f" The share of test classes read off x is {read}." if read else "",
    }


def _make_rows(group: str, measures: Mapping[str, Any]) -> Iterator[str]:
    for name, row in measures.items():
        values = (row.get(key) for key in ("value", "null_mean", "null_worst"))
        figures = ("" if value is None else f"{value:.4f}" for value in values)
        goal, missed = _write_goal(row.get("goal")), "missed" if row.get("missed") else ""
        yield f"| {group} | `{name}` | {' | '.join(figures)} | {goal} | {missed} |"


def _describe_goals(health: Mapping[str, Any]) -> str:
    rows = [(f"{group}.{name}", row) for group, measures in health.items() for name, row in measures.items()]
    missed = [
        f"\n  - `{name}`: {row['value']:.4f}, and the goal is {_write_goal(row['goal'])}"
        for name, row in rows
        if row.get("missed") and row.get("value") is not None
    ]
    if missed:
        return f"It misses these goals:{''.join(missed)}"
    return "It meets all its goals." if any(row.get("goal") for _, row in rows) else "No goals were set for it."


def _write_goal(goal: Mapping[str, float | None] | None) -> str:
    return str(Goal(goal["least"], goal["most"])) if goal else ""


def _describe_changes(manifest: Manifest) -> Iterator[str]:
    for version, changes in groupby(manifest.changes, key=lambda change: change.version):
        yield "\n".join((f"### {version}\n", *(f"- {change.date}: {change.text}" for change in changes)))
