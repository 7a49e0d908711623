"""A small codec and source without a training framework: 2x2 images in d = 4, three classes."""

from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

import numpy as np

from ld_data.checks import check_finite, check_labels, check_numbers, check_vectors
from ld_data.errors import InputError
from ld_data.noise import X_STREAM, Y_STREAM, make_normals
from ld_data.protocols import LatentCodec, YKind
from ld_data.release.examples import Examples
from ld_data.release.folder import load_verified
from ld_data.release.manifest import RecipeRecord
from ld_data.release.report import make_report
from ld_data.release.writer import BuildPlan, make_dataset, write_release, write_shifts
from ld_data.sources.source import Source

D, K = 4, 3
SPREAD = 0.5


@dataclass(frozen=True)
class FakeX:
    """Latents are pixels plus noise."""

    latent_dim: int = D
    input_shape: tuple[int, ...] = (2, 2)

    def encode(self, inputs, mode="sample", seed=0, first_row=0):
        return self.run_encoder(*self.prepare_encoding(inputs, mode, seed, first_row))

    def prepare_encoding(self, inputs, mode="sample", seed=0, first_row=0):
        with np.errstate(over="ignore"):  # values beyond float32 become infinite and are refused
            inputs = check_finite(check_numbers(inputs, "inputs").astype(np.float32), "inputs")
        if inputs.shape[1:] != self.input_shape:
            raise InputError(f"inputs must have shape (n, 2, 2); received {inputs.shape}.")
        noise = make_normals(seed, X_STREAM, first_row, len(inputs), D)
        return inputs, noise if mode == "sample" else np.zeros_like(noise)

    def run_encoder(self, inputs, noise):
        return (inputs.reshape(-1, D) + noise).astype(np.float32)

    def measure_rate(self, inputs, seed=0):
        return 0.5 * np.square(inputs.reshape(-1, D)).sum(axis=1)

    def decode(self, latents):
        return self.run_decoder(*self.prepare_decoding(latents))

    def prepare_decoding(self, latents):
        return (check_vectors(latents, D),)

    def run_decoder(self, latents):
        return latents.reshape(-1, 2, 2)


@dataclass(frozen=True)
class FakeY:
    """Each class is a Gaussian around a corner of a simplex."""

    latent_dim: int = D
    kind: YKind = "gaussian"

    @cached_property
    def class_mean(self):
        return np.eye(K, D, dtype=np.float32) * 4

    @cached_property
    def class_weight(self):
        return self.class_mean.T.copy()

    @cached_property
    def class_bias(self):
        return np.zeros(K, np.float32)

    null = 1.0
    floor = SPREAD**2

    def encode(self, labels, mode="sample", seed=0, first_row=0):
        labels = check_labels(labels, K)
        noise = make_normals(seed, Y_STREAM, first_row, len(labels), D) * SPREAD if mode == "sample" else 0.0
        return (self.class_mean[labels] + noise).astype(np.float32)

    def decode(self, latents):
        scores = check_vectors(latents, D) @ self.class_weight
        return np.eye(K, dtype=np.float32)[scores.argmax(axis=1)]


@dataclass(frozen=True)
class FakeCodec:
    """Both spaces; its only file is `model.json`."""

    x: FakeX = field(default_factory=FakeX)
    y: FakeY = field(default_factory=FakeY)

    def save(self, folder: Path) -> None:
        (folder / "model.json").write_text('{"fake": true}\n')


def make_inputs(labels, random):
    """Return images that show their labels."""
    inputs = np.eye(K, D)[labels].reshape(-1, 2, 2) * 3 + random.normal(size=(len(labels), 2, 2)) * 0.1
    return inputs.astype(np.float32)


def generate(seed, rows):
    """Return that many generated images and their labels."""
    random = np.random.default_rng(seed)
    labels = random.integers(K, size=rows)
    return make_inputs(labels, random), labels.astype(np.uint8)


def guess_classes(x):
    """Return the answers of an honest model of x: the mean of the class with the brightest pixel."""
    return FakeY().class_mean[x[:, :K].argmax(axis=1)]


def make_source(train: int = 60, test: int = 30) -> Source:
    """A source whose first three pixels show the label."""
    labels = np.arange(train + test) % K
    inputs = make_inputs(labels, np.random.default_rng(0))
    labels = labels.astype(np.uint8)
    return Source(
        "fake",
        inputs[:train],
        labels[:train],
        inputs[train:],
        labels[train:],
        lambda seed: (inputs[:train], labels[:train]),
        "Apache-2.0",
    )


def make_plan(release: str = "fake-4", seed: int = 0) -> BuildPlan:
    return BuildPlan(release, seed, "a test", RecipeRecord("fake", 1, 0, has_goals=False), {})


def build_release(
    source: Source, codec: LatentCodec, plan: BuildPlan, checkpoints: Path, examples: Examples | None = None
) -> Path:
    """A release whose health report holds only moments, without goals."""
    from ld_data.health.gaussianity import measure_moments  # late: worker processes import this module, and not SciPy

    data = make_dataset(source, codec, plan.release, plan.seed)
    splits = {"train": data.train, "test": data.test}
    groups = {
        f"{space}_{name}": measure_moments(getattr(split, space)) for name, split in splits.items() for space in "xy"
    }
    return write_release(source, codec, plan, data, make_report(groups, {}, {}), checkpoints, examples)


def add_shifts(release: Path) -> Path:
    """The release with two shifted test sets, whose x are those of the test rows plus 1 and times 2."""
    manifest, data = load_verified(release)
    shifts = {"noise": {"std": 0.5, "seed": 0}, "scale": {"factor": 2}}
    return write_shifts(release, manifest.files, shifts, {"noise": data.test.x + 1, "scale": data.test.x * 2})
