"""Kept models: baselines as ONNX networks beside the releases, which predict y without the library that fitted them.

Each file names its release's test set and its skill, so that a network of another version is not used.
"""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ld_data.errors import IntegrityError
from ld_data.extras import import_library
from ld_data.settings import checkpoints_folder
from ld_data.typing import Floats

SUFFIX = ".onnx"
X, Y = "x", "y"  # the input and the output of a network
FACTS = ("release", "data_sha256", "skill")  # in the metadata of a file


@dataclass(frozen=True)
class KeptModel:
    """A kept baseline, a function of x `(n, d)` float32; the sha256 is that of its release's test set."""

    name: str
    release: str
    data_sha256: str
    skill: float
    session: Any

    def __call__(self, x: Floats) -> Floats:
        """Return the predicted y `(n, d)` float32; a row depends on the same row of x alone."""
        return self.session.run([Y], {X: x})[0]


def models_folder(release: str, checkpoints: Path | None = None) -> Path:
    """Return the folder of a release's models, existing or not, as `table_path` returns its table."""
    return (checkpoints or checkpoints_folder()) / "baselines" / release


def load_model(path: Path) -> KeptModel:
    """Return the model in a file of `python -m eval export-baselines`; it runs on one thread.

    Raises:
        IntegrityError: the file holds something else.
        MissingLibraryError: ONNX Runtime is not installed.
    """
    os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")
    onnxruntime = import_library("onnxruntime")
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.log_severity_level = 4  # print nothing: errors are raised
    try:
        session = onnxruntime.InferenceSession(path.read_bytes(), options, providers=["CPUExecutionProvider"])
        facts = session.get_modelmeta().custom_metadata_map
        release, data_sha256, skill = (facts[name] for name in FACTS)
        names = [[tensor.name for tensor in part] for part in (session.get_inputs(), session.get_outputs())]
        if names != [[X], [Y]]:
            raise ValueError(f"a network from x to y; it has the inputs and outputs {names}")
        return KeptModel(path.stem, release, data_sha256, float(skill), session)
    except Exception as error:  # ONNX Runtime's classes have no other base
        raise IntegrityError(f"{path}: expected a kept model ({error!r}). Export it again.") from error


def find_models(release: str, data_sha256: str, checkpoints: Path | None = None) -> Sequence[KeptModel]:
    """Return the kept models of a release that were fitted for the test set with this sha256, the best first.

    Raises:
        IntegrityError: a file holds something else.
    """
    found = [load_model(path) for path in sorted(models_folder(release, checkpoints).glob(f"*{SUFFIX}"))]
    own = [model for model in found if (model.release, model.data_sha256) == (release, data_sha256)]
    return sorted(own, key=lambda model: -model.skill)
