"""The dataset card of a release: Markdown for people, with the front matter that Hugging Face's `datasets` reads.

All of it is made from the manifest, so that it cannot tell anything else than the release does.
"""

import json
from collections.abc import Iterator
from itertools import groupby
from typing import Any

from ld_data.export.provenance import cite_release, find_provenance
from ld_data.release.manifest import Manifest

CARD_NAME = "README.md"
SHOWN_GROUPS = ("x_train", "x_test", "y_train", "y_test", "probes", "decoded", "kept")
HUB_LICENCES = {
    "CC-BY-SA-3.0",
    "CC-BY-SA-4.0",
    "CC-BY-3.0",
    "CC-BY-4.0",
    "CC0-1.0",
    "Apache-2.0",
    "MIT",
    "BSD-3-Clause",
}
# What measures mean, each told where one of these is part of a measure's name.
MEASURES = {
    ("worst_mean",): "the greatest absolute mean of a component",
    ("least_std", "greatest_std"): "of the standard deviations of components",
    ("least_eigenvalue", "greatest_eigenvalue"): "of the covariance",
    ("worst_correlation",): "the greatest absolute correlation of two components",
    ("worst_skew", "worst_kurtosis"): "the greatest absolute skew and excess kurtosis of a component",
    ("epps_pulley", "wasserstein"): "distances of 1,000 projections from N(0, 1): the mean and the worst",
    ("c2st",): "held-out accuracy of classifiers that tell the latents from N(0, I); 0.5 if they cannot",
    ("least_signal",): "how much of the weakest direction comes from the input: the least eigenvalue of Cov(E[x | it])",
    ("used_directions",): "in how many directions most of the variance comes from the input",
    ("decoded_accuracy",): "how many y lie in the cell of their class",
    ("rate",): "KL(q(x given the input) from N(0, I)), in nats",
    ("probe",): "the class read off x by models fitted on training rows",
    ("mse",): "mean squared error of decoded test inputs, of samples of x and of their means",
    ("judge",): "how many test inputs, and decoded ones, a classifier that was trained apart reads",
    ("judge_loss",): "how many of the decoded it reads less than of the inputs themselves",
    ("pixels",): "how much of digit and background decoded samples explain; `pca`: 32 principal components",
    ("digit_linear", "background_linear", "angle_linear"): "how much of each least squares reads off x",
    ("angle_mlp",): "how much of the angle a perceptron reads off x",
}
SIZES = (("n<1K", 1_000), ("1K<n<10K", 10_000), ("10K<n<100K", 100_000), ("100K<n<1M", 1_000_000))


def make_card(manifest: Manifest, *, tables: bool = True) -> str:
    """Return the card: what it is, why, how it was made, statistics with their nulls, limits, licence, changes.

    With `tables` it is that of a folder of Parquet files, and tells of their columns; else of another format.
    """
    sections = (
        _make_front_matter(manifest, tables=tables),
        _tell_what(manifest),
        *([_tell_columns(manifest)] if tables else []),
        _tell_making(manifest),
        _tell_statistics(manifest),
        _tell_limits(manifest),
        _tell_licence(manifest),
        _tell_changes(manifest),
    )
    return "\n\n".join(sections) + "\n"


def _make_front_matter(manifest: Manifest, *, tables: bool) -> str:
    n = sum(_count_rows(manifest))
    licence = manifest.licence.lower() if manifest.licence in HUB_LICENCES else "other"
    size = next((name for name, most in SIZES if n < most), "1M<n<10M")
    return "\n".join(
        (
            "---",
            f"pretty_name: {manifest.name}",
            f"license: {licence}",
            *([f"license_name: {json.dumps(manifest.licence)}"] if licence == "other" else []),
            "task_categories:\n- tabular-regression\n- tabular-classification",
            f"size_categories:\n- {size}",
            "tags:\n- latent\n- gaussian\n- regression",
            *(_describe_tables(manifest) if tables else []),
            "---",
        )
    )


def _describe_tables(manifest: Manifest) -> Iterator[str]:
    """Yield what tells `datasets` the columns of the Parquet files, and which file is which split."""
    d = manifest.latent_dim
    vectors = [f"  - name: {name}\n    list: float32\n    length: {d}" for name in ("x", "y")]
    weights = [f"  - name: {name}\n    list: float32\n    length: {d}" for name in ("weight", "mean")]
    names = "\n".join(f"          '{label}': '{label}'" for label in range(manifest.classes))
    label = f"  - name: label\n    dtype:\n      class_label:\n        names:\n{names}"
    yield "dataset_info:\n- config_name: default\n  features:"
    yield from (*vectors, label)
    yield "- config_name: classes\n  features:"
    yield from (label, "  - name: bias\n    dtype: float32", *weights)
    yield "configs:\n- config_name: default\n  default: true\n  data_files:"
    yield "  - split: train\n    path: train.parquet\n  - split: test\n    path: test.parquet"
    yield "- config_name: classes\n  data_files:\n  - split: train\n    path: classes.parquet"


def _tell_what(manifest: Manifest) -> str:
    train, test = _count_rows(manifest)
    d = manifest.latent_dim
    near = "`y` exactly, `x` nearly" if _is_ours(manifest) else "nearly; the statistics tell how nearly"
    return f"""# {manifest.name}

Matched Gaussian latents of {find_provenance(manifest).text}: {train:,} training and {test:,} test rows, each a pair
`(x, y)` of {d}-dim vectors. `x` is the code of an input, `y` the code of its class, and both are distributed like the
standard normal N(0, I): {near}. Rows are in the source's order. Version {manifest.release_version}.

LD-Data encodes datasets into such pairs, and has the models that turn both back, the score, and a leaderboard.

## Why

It is a task for those who invent neural models and learning rules: the regression x -> y has inputs and outputs of
the same size and distribution, without the difficulties of pixels and one-hot vectors, and a known bound on the score.

- The **null**, always answering the mean of y, has an expected mean squared error of {manifest.null:.4f}.
- The **floor**, that of an oracle which knows the class, is {manifest.floor:.4f}: the rest of y is noise, and no model
  scores lower on average.
- **Skill**, (null - MSE) / (null - floor), is 0 for the one and 1 for the other, which is out of reach for models of x,
  as that does not quite tell the class. LD-Data measures it by `eval.evaluate(model, "{manifest.name}")`, with null and
  floor as they are on the test rows themselves, a little off their expectations."""


def _tell_columns(manifest: Manifest) -> str:
    d, k = manifest.latent_dim, manifest.classes
    return f"""## Columns

| table | column | |
|---|---|---|
| train, test | `x` | the code of the input, {d} float32 |
| | `y` | the code of its class, {d} float32 |
| | `label` | the class, 0 to {k - 1} |
| classes | `label` | the class, a row for each |
| | `weight`, `bias` | y belongs to the class whose `weight . y + bias` is greatest |
| | `mean` | E[y given the class]: the oracle's answer |

```python
from datasets import load_dataset

rows = load_dataset("path/of/this/folder", split="train").with_format("numpy")
classes = load_dataset("path/of/this/folder", "classes", split="train").with_format("numpy")
```"""


def _tell_making(manifest: Manifest) -> str:
    libraries = ", ".join(f"{name} {version}" for name, version in manifest.libraries.items())
    url = find_provenance(manifest).url
    return f"""## How it was made

| | |
|---|---|
| source | `{manifest.source["name"]}`{f", {url}" if url else ""} |
| sha256 of the source | `{manifest.source["sha256"]}`, over those of its arrays |
| command | `{manifest.command}` |
| seed | {manifest.seed} |
| with | {libraries} |

{_explain_making(manifest)}"""


def _explain_making(manifest: Manifest) -> str:
    if not _is_ours(manifest):
        return "The models are those of the recipe that the command names. x and y are samples, keyed by seed and row."
    return f"""An encoder with a posterior of constant width and an invertible flow, trained together, give x. For y,
N(0, I) is cut into {manifest.classes} cells of the classes' frequencies, and y is drawn from the cell of its class.
Both are samples, whose noise is keyed by the seed and the row. Decoders turn x and y back into inputs and classes."""


def _is_ours(manifest: Manifest) -> bool:
    """Return whether the models are of the kinds that are trained by default, rather than those of another recipe."""
    return not any(option in manifest.command for option in ("--recipe", "--y gaussian"))


def _tell_statistics(manifest: Manifest) -> str:
    shown = {group: manifest.health.get(group, {}) for group in SHOWN_GROUPS}
    rows = [row for group, measures in shown.items() for row in _tell_group(group, measures)]
    names = " ".join(name for measures in shown.values() for name in measures)
    glossary = [
        f"- {', '.join(f'`{part}`' for part in parts)}: {text}"
        for parts, text in MEASURES.items()
        if any(part in names for part in parts)
    ]
    return "\n".join(
        (
            "## Statistics\n",
            "Beside each value stands what the same code measures on true samples of N(0, I) of the same size: the",
            "mean and the worst over seeds. Goals are those of its recipe.\n",
            "| | | value | N(0, I) | worst N(0, I) | goal | |",
            "|---|---|---|---|---|---|---|",
            *rows,
            "",
            *glossary,
        )
    ).rstrip()


def _tell_group(group: str, measures: dict[str, dict[str, Any]]) -> Iterator[str]:
    for name, row in measures.items():
        figures = (_write_figure(row.get(key)) for key in ("value", "null_mean", "null_worst"))
        goal, missed = _write_goal(row.get("goal")), "missed" if row.get("missed") else ""
        yield f"| {group} | `{name}` | {' | '.join(figures)} | {goal} | {missed} |"


def _write_figure(value: float | None) -> str:
    return "" if value is None else f"{value:.4f}"


def _write_goal(goal: dict[str, float | None] | None) -> str:
    ends = (("at least", "least"), ("at most", "most"))
    return ", ".join(f"{word} {goal[end]:g}" for word, end in ends if goal and goal.get(end) is not None)


def _tell_limits(manifest: Manifest) -> str:
    missed = [
        f"\n  - `{group}.{name}`: {_write_figure(row['value'])}, and the goal is {_write_goal(row['goal'])}"
        for group, rows in manifest.health.items()
        for name, row in rows.items()
        if row.get("missed") and row.get("value") is not None
    ]
    near = "x is" if _is_ours(manifest) else "x and y are"
    if missed:
        goals = f"It misses these goals:{''.join(missed)}"
    elif any(row.get("goal") for rows in manifest.health.values() for row in rows.values()):
        goals = "It meets all its goals."
    else:
        goals = "No goals were set for it."
    probes = manifest.health.get("probes", {})
    read = ", ".join(f"{row['value']:.1%} by `{name}`" for name, row in probes.items() if row.get("value") is not None)
    kept = f" Of the test classes are read off x {read}." if read else ""
    source = f"\n- {limit}" if (limit := find_provenance(manifest).limit) else ""
    return f"""## Limits

- {near} near N(0, I), not exactly so.
- {goals}{source}
- x is a sample: a model can know of the class what the encoder kept.{kept}
- Most of y is noise by design. Compare models by skill, or by their distance from the class means, and row by row.
- The test labels are public."""


def _tell_licence(manifest: Manifest) -> str:
    cited = "\n".join(part for part in (cite_release(manifest), find_provenance(manifest).citation) if part)
    return f"""## Licence

Arrays and models: {manifest.licence}. The source: {manifest.source["licence"]}.

## Citation

```bibtex
{cited}
```"""


def _tell_changes(manifest: Manifest) -> str:
    versions = groupby(manifest.changes, key=lambda change: change.version)
    parts = [
        "\n".join((f"### {version}\n", *(f"- {change.date}: {change.text}" for change in changes)))
        for version, changes in versions
    ]
    return "\n\n".join(("## Changes", *(parts or [f"### {manifest.release_version}"])))


def _count_rows(manifest: Manifest) -> tuple[int, int]:
    return manifest.arrays["label_train"].shape[0], manifest.arrays["label_test"].shape[0]
