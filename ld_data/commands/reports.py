"""Health reports as commands print them, and the inputs that reports and figures need."""

import sys
from pathlib import Path

from ld_data.cli.output import print_result
from ld_data.errors import DownloadError, MissingDataError, UnknownNameError
from ld_data.release.inputs import find_inputs
from ld_data.release.manifest import Manifest
from ld_data.release.report import HealthReport
from ld_data.sources.source import Source


def find_available_inputs(manifest: Manifest, source_npz: Path | None) -> Source | None:
    """Return the source of a release; None, with a message on stderr, if its inputs are not on this machine.

    Raises:
        InputError: the file of the user's images is not the source of the release.
    """
    try:
        return find_inputs(manifest, source_npz)
    except (MissingDataError, DownloadError, UnknownNameError) as error:
        print(f"without the inputs, what the models make of them is left out: {error}", file=sys.stderr)
        return None


def print_report(report: HealthReport, as_json: bool) -> None:
    """Print a health report as JSON or as a table, in which missed goals are red."""
    print_result(report.to_values(), report.to_text(), as_json, red=["MISSED"])
