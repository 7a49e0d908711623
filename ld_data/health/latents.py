"""The examination of a release: every measure of its latents and models, beside nulls and goals, in one report.

The nulls come from the same code on true N(0, I) samples of the same size, over several seeds.
"""

from collections.abc import Callable

import numpy as np

from ld_data.health.gaussianity import count_repeats, measure_moments, measure_signal, measure_slices
from ld_data.health.probes import decode_test_inputs, measure_errors, measure_kept, measure_probes, read_decoded
from ld_data.health.two_sample import measure_c2st
from ld_data.noise import make_normals
from ld_data.progress import show_progress
from ld_data.protocols import Judge, LatentCodec
from ld_data.release.dataset import LatentDataset
from ld_data.release.report import Goals, Groups, HealthReport, Measures, Nulls, make_report
from ld_data.sources.source import Source
from ld_data.typing import Array, Floats

NULL_SEEDS = 5
NULL_STREAM = 1 << 41
REFERENCE_SEED = 1 << 20  # of the N(0, I) samples to compare latents with; beyond the seeds of the nulls
DRAW_SEEDS = (1 << 21, (1 << 21) + 1)  # of the two draws that share only their inputs
USED_SHARE = 0.5

Learners = Callable[[LatentDataset], Measures]  # measures the skill of each learner by its name


def measure_latents(data: LatentDataset) -> Groups:
    """Return the measures of a dataset's arrays: x and y against N(0, I), train against test, and x against y."""
    splits = (("train", data.train), ("test", data.test))
    samples = {f"{space}_{name}": getattr(split, space) for space in ("x", "y") for name, split in splits}
    bar = show_progress(samples.items(), "latents")
    report = {group: _measure_sample(sample, REFERENCE_SEED) for group, sample in bar}
    for space in ("x", "y"):
        train, test = samples[f"{space}_train"], samples[f"{space}_test"]
        report[f"{space}_train_test"] = measure_c2st(train, test)
        report[f"{space}_train_test"]["repeated_rows"] = float(count_repeats(train, test))
    for name, split in splits:
        report[f"xy_{name}"] = measure_c2st(split.x, split.y)
        report[f"y_{name}"]["decoded_accuracy"] = float((data.classify(split.y) == split.label).mean())
    return report


def measure_codec(codec: LatentCodec, source: Source) -> Groups:
    """Return the measures of x that need the models: its signal and its rate, on the source's inputs.

    least_signal: the smallest eigenvalue of Cov(E[x | input]); used_directions: the number of directions in which more
    than half of the variance comes from the input; rate: the mean of KL(q(x | input) || N(0, I)) in nats.
    """
    report: Groups = {}
    for name, inputs in (("train", source.inputs_train), ("test", source.inputs_test)):
        signal, share = measure_signal(*(codec.x.encode(inputs, seed=seed) for seed in DRAW_SEEDS))
        report[f"x_{name}"] = {
            "least_signal": float(signal[0]),
            "used_directions": float((share > USED_SHARE).sum()),
            "rate": float(codec.x.measure_rate(inputs).mean()),
        }
    return report


def measure_nulls(data: LatentDataset) -> Nulls:
    """Return the same measures of true N(0, I) samples of the dataset's sizes, a value for each seed."""
    sizes = {"train": len(data.train), "test": len(data.test)}
    jobs = [(size, seed) for size in sorted(set(sizes.values())) for seed in range(NULL_SEEDS)]
    by_size: dict[int, list[Measures]] = {}
    for size, seed in show_progress(jobs, "nulls"):
        sample = make_normal_sample(seed, size, data.latent_dim)
        by_size.setdefault(size, []).append(_measure_sample(sample, REFERENCE_SEED + 1 + seed))
    nulls: Nulls = {}
    for name, size in sizes.items():
        measures = {measure: [null[measure] for null in by_size[size]] for measure in by_size[size][0]}
        tests = {measure: values for measure, values in measures.items() if measure.startswith("c2st")}
        nulls |= {f"x_{name}": measures, f"y_{name}": measures, f"xy_{name}": tests}
        if size == min(sizes.values()):  # train and test are compared at the smaller size
            nulls |= {"x_train_test": tests, "y_train_test": tests}
    return nulls


def make_normal_sample(seed: int, rows: int, latent_dim: int) -> Floats:
    """Return rows `(n, d)` float32 of N(0, I), the same for the same seed."""
    return make_normals(seed, NULL_STREAM, 0, rows, latent_dim).astype(np.float32)


def _measure_sample(latents: Array, reference_seed: int) -> Measures:
    """Return the measures of one sample `(n, d)` against N(0, I)."""
    reference = make_normal_sample(reference_seed, len(latents), latents.shape[1])
    return measure_moments(latents) | measure_slices(latents) | measure_c2st(latents, reference)


def examine(
    data: LatentDataset,
    goals: Goals,
    source: Source | None = None,
    codec: LatentCodec | None = None,
    judge: Judge | None = None,
    learners: Learners | None = None,
) -> HealthReport:
    """Return the health report of a dataset, with its nulls and the given goals.

    Without source and codec the report leaves the models out, and their goals; without a judge, the shares that it
    reads. Learners take minutes, and are fitted only if there are goals for their "skill".
    """
    groups = {**measure_latents(data), "probes": measure_probes(data)}
    if learners is not None and "skill" in goals:
        groups["skill"] = learners(data)
    if codec is None or source is None:
        goals = {
            group: {name: goal for name, goal in wanted.items() if name in groups.get(group, {})}
            for group, wanted in goals.items()
        }
    else:
        decoded = decode_test_inputs(data, source, codec)
        for group, measures in measure_codec(codec, source).items():
            groups[group] |= measures
        groups["decoded"] = measure_errors(source, decoded)
        if judge is not None:
            groups["decoded"] |= read_decoded(judge, source, decoded)
        if kept := measure_kept(data, source, decoded["samples"]):
            groups["kept"] = kept
    return make_report(groups, measure_nulls(data), goals)
