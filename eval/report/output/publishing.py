"""The folder of a report: its values as JSON, and its figures."""

import json
from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from ld_data.storage.staging import stage_new_folder

NAME = "report.json"
FORMS = ("png", "svg")


def publish_report(report: Mapping[str, Any], kept: Mapping[str, float], folder: Path) -> list[str]:
    """Return the names of the files of a new folder with a report, which takes its name last.

    Figures, as PNG and SVG, are left out where matplotlib is not installed. `kept` are skills of baselines by name, for
    the figure of the scale.

    Raises:
        InputError: the folder exists.
        StorageError: the disk refuses.
    """
    with stage_new_folder(folder) as staging:
        (staging / NAME).write_text(json.dumps(report, indent=1, allow_nan=False) + "\n", "utf-8")
        if find_spec("matplotlib"):
            from eval.report.output.figures import draw_report  # late: matplotlib takes 1 s, and the core lacks it

            for name, figure in draw_report(report, kept):
                for form in FORMS:
                    figure.savefig(staging / f"{name}.{form}", dpi=150)
        return sorted(path.name for path in staging.iterdir())
