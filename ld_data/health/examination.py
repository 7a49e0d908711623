"""The examination of a release: every measure of its latents and models, beside nulls and goals, in one report."""

from ld_data.health.latents import measure_codec, measure_latents, measure_nulls
from ld_data.health.probes import decode_test_inputs, measure_errors, measure_probes, read_decoded
from ld_data.health.variations_kept import measure_kept
from ld_data.protocols import Judge, LatentCodec
from ld_data.release.dataset import LatentDataset
from ld_data.release.report import Goals, HealthReport, make_report
from ld_data.sources.source import Source


def examine(
    data: LatentDataset,
    goals: Goals,
    source: Source | None = None,
    codec: LatentCodec | None = None,
    judge: Judge | None = None,
) -> HealthReport:
    """Return the health report of a dataset, with its nulls and the given goals.

    Args:
        data: the latents.
        goals: the goals of the release.
        source: the inputs of the release. Without source and codec the report leaves the models out, and their goals.
        codec: the models of the release.
        judge: reads the decoded test inputs; without one the report leaves these shares out.
    """
    groups = {**measure_latents(data), "probes": measure_probes(data)}
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
