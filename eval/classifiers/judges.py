"""Judges: classifiers of raw inputs, trained apart from the VAEs, that read decoded inputs.

The judges of the shipped sources lie beside the releases, in `judges/<source>.keras`.
"""

import zipfile
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import keras
import numpy as np
from sklearn.decomposition import PCA

from eval.classifiers.registry import CLASSIFIERS
from ld_data.errors import InputError, IntegrityError
from ld_data.health.probes import to_unit_scale
from ld_data.settings import checkpoints_folder
from ld_data.sources.source import Source
from ld_data.storage.hashing import hash_file
from ld_data.storage.staging import stage_file
from ld_data.typing import Array, Floats, Integers

JUDGES = {"mnist-rot-back-image-like": "judge-deeper"}  # by source, where another classifier is better than "judge"
STEPS = 14_100
JUDGES_FOLDER = "judges"
OTHER_SEED = 1 << 16  # judge and VAE get different signals of a generator


@dataclass(frozen=True)
class StoredJudge:
    """The judge in a `.keras` file; satisfies `ld_data.protocols.Judge`.

    Hash and network are read on first use.
    """

    path: Path

    @cached_property
    def sha256(self) -> str:
        """The sha256 of the file."""
        return hash_file(self.path)

    def classify(self, inputs: Array) -> Integers:
        """Return the classes `(n,)` of inputs `(n, ...)` float32, pixels in [0, 1].

        Raises:
            IntegrityError: if Keras cannot read the file.
        """
        return _read_classes(self._model, inputs)

    @cached_property
    def _model(self) -> keras.Model:
        return load_judge(self.path)


def open_judge(source_name: str) -> StoredJudge | None:
    """Return the judge of a source; None if there is none."""
    path = find_judge(source_name)
    return None if path is None else StoredJudge(path)


def train_judge(source: Source, epochs: int | None = None, seed: int = 0) -> keras.Model:
    """Return the classifier that judges a source, fitted to its raw training inputs.

    Without `epochs` it takes about 14,100 steps. `judge` trains on images that are slightly rotated, moved and resized.
    Signals lose some of their weakest principal components: independent noise is spread over all components, a decoder
    does not reconstruct it, and a judge trained with all of it would react to its absence.
    """
    inputs, labels = source.make_fit_set(seed + OTHER_SEED)
    inputs = to_unit_scale(inputs)
    if inputs.ndim == 2:
        inputs = _drop_components(inputs, seed)
    classifier = CLASSIFIERS[JUDGES.get(source.judge, "judge")]
    epochs = epochs or max(1, STEPS * classifier.plan.batch_rows // len(inputs))
    judge = classifier.fit(inputs, labels, source.classes, seed, "judge", epochs)
    bare = classifier.make(inputs.shape[1:], source.classes, seed)  # without the optimizer, which would be saved
    bare.set_weights(judge.get_weights())
    return bare


def find_judge(source_name: str) -> Path | None:
    """Return the file of a source's judge; None if there is none."""
    path = judge_path(source_name)
    return path if path.is_file() else None


def judge_path(source_name: str) -> Path:
    """Return the path of a source's judge, existing or not."""
    return checkpoints_folder() / JUDGES_FOLDER / f"{source_name}.keras"


def save_judge(judge: keras.Model, path: Path) -> None:
    """Write a judge as a `.keras` file; make the folder, and replace an older judge atomically.

    Raises:
        InputError: if the path has another suffix.
    """
    _check_suffix(path)
    with stage_file(path) as draft:
        judge.save(draft)


def load_judge(path: Path) -> keras.Model:
    """Return the judge in a `.keras` file, read in safe mode.

    Raises:
        InputError: if the path has another suffix.
        IntegrityError: if Keras cannot read the file.
    """
    _check_suffix(path)
    try:
        return keras.saving.load_model(path, compile=False, safe_mode=True)
    except (ValueError, TypeError, KeyError, OSError, zipfile.BadZipFile) as error:
        raise IntegrityError(f"{path}: not a judge that Keras can load ({error}). Train it again.") from error


def measure_accuracy(judge: keras.Model, source: Source) -> float:
    """Return the share of a source's test inputs that a judge reads right."""
    return float((_read_classes(judge, to_unit_scale(source.inputs_test)) == source.label_test).mean())


def _read_classes(judge: keras.Model, inputs: Array) -> Integers:
    return judge.predict(inputs, batch_size=1000, verbose=0).argmax(axis=1)


def _check_suffix(path: Path) -> None:
    if path.suffix != ".keras":  # safe mode protects less in Keras' other formats
        raise InputError(f"a judge is a .keras file; received {path}.")


def _drop_components(signals: Floats, seed: int) -> Floats:
    """Return signals `(n, t)` rebuilt from their strongest principal components, t/2 to t of them, drawn by row."""
    t = signals.shape[1]
    kept = np.random.default_rng(seed).integers(t // 2, t, size=len(signals), endpoint=True)
    pca = PCA(random_state=seed).fit(signals)
    return pca.inverse_transform(pca.transform(signals) * (np.arange(t) < kept[:, None])).astype(np.float32)
