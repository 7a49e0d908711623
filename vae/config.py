"""The configuration of a VAE and its training: frozen, written to and read from JSON."""

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any

from ld_data.errors import InputError
from ld_data.noise import check_seed

LIKELIHOODS = ("bernoulli", "pixel", "gaussian", "categorical")
ACTIVATIONS = ("relu", "silu")
WEIGHTS = (
    "posterior_std",
    "beta",
    "normality",
    "divergence",
    "class_loss",
    "class_linear",
    "flow_class_loss",
    "augmentation",
    "averaging",
)
ADDED_FIELDS = {
    "class_units": (),
    "class_linear": 0.0,
    "flow_class_loss": 0.0,
}  # since the first release, and the values of its models
LEAST_VALUES = dict.fromkeys(WEIGHTS, 0.0) | {"flow_couplings": 0, "flow_epochs": 0, "epochs": 1, "batch_size": 1}
LEAST_VALUES |= {"noise_std": 1e-6, "learning_rate": 1e-12, "flow_learning_rate": 1e-12}


@dataclass(frozen=True)
class VaeConfig:
    """A VAE and its training.

    Attributes:
        input_shape: `(h, w)` of a grey image, `(h, w, 3)` of one in colour, `(t,)` of a signal, or `(k,)` of a one-hot
            class.
        latent_dim: d, 2 or more.
        encoder_filters: channels of the stride-2 convolutions, first to last; empty for none.
        encoder_units: widths of the dense layers after them; empty for none.
        decoder_units: widths of the hidden dense layers, first to last; empty for a linear decoder.
        flow_couplings, flow_units: of the flow between inner and published latents: its couplings (0: no flow) and the
            hidden widths of their networks.
        activation: of the hidden layers of encoder and decoder, "relu" or "silu".
        likelihood: "bernoulli" for pixels in [0, 1], "pixel" for a Gaussian around a mean in [0, 1], "gaussian" for
            signals, "categorical" for classes.
        noise_std: standard deviation of the Gaussian likelihoods, in units of the pixel or signal.
        posterior_std: the standard deviation of every posterior; 0 for one that is learned for each input.
        beta: weight of the rate against the reconstruction, both summed (1 is the evidence lower bound).
        normality: weight of the sliced Epps-Pulley distance of the aggregate posterior from N(0, I).
        divergence: weight of the flow's estimate of KL(aggregate posterior || N(0, I)) in nats.
        class_loss: weight of the cross-entropy of a classifier of the latents, for the encoder.
        class_units: hidden widths of that classifier; empty for a linear one.
        class_linear: share of the weight that a linear classifier beside that one takes, less than 1; 0 for none.
        flow_class_loss: weight of the cross-entropy for the flow: then the classifier reads the published latents, and
            1 is the weight of the joint likelihood of latents and classes. 0 for a classifier of the inner latents.
        slip: whether the rate takes the standard deviation as the variance, as the predecessor's did.
        augmentation: strength of the slight changes to images while training; 0 for none.
        epochs, batch_size: passes over the training inputs, and rows a step.
        learning_rate: the peak of a cosine schedule that ends at 0.
        averaging: momentum of the running average of the weights, which replaces them at the end; 0 for none.
        flow_epochs, flow_learning_rate: of the flow alone, afterwards, on fresh draws.
        seed: of the weights, the order of the rows, and the noise of training.
    """

    input_shape: tuple[int, ...]
    latent_dim: int = 32
    encoder_filters: tuple[int, ...] = (32, 64, 128)
    encoder_units: tuple[int, ...] = ()
    decoder_units: tuple[int, ...] = (512, 1024)
    flow_couplings: int = 0
    flow_units: tuple[int, ...] = (128,)
    activation: str = "relu"
    likelihood: str = "bernoulli"
    noise_std: float = 0.1
    posterior_std: float = 0.0
    beta: float = 1.0
    normality: float = 0.0
    divergence: float = 0.0
    class_loss: float = 0.0
    class_units: tuple[int, ...] = ()
    class_linear: float = 0.0
    flow_class_loss: float = 0.0
    slip: bool = False
    augmentation: float = 0.0
    epochs: int = 30
    batch_size: int = 256
    learning_rate: float = 1e-3
    averaging: float = 0.0
    flow_epochs: int = 0
    flow_learning_rate: float = 3e-3
    seed: int = 0

    def __post_init__(self) -> None:
        """Convert numpy's numbers; raise `InputError` for values that are out of range, or that exclude each other."""
        for field in fields(self):
            object.__setattr__(self, field.name, _convert(getattr(self, field.name)))
        if min(self.input_shape, default=0) < 1 or self.input_shape[2:] not in ((), (3,)):
            raise InputError(f"input_shape must be (h, w), (h, w, 3), (t,) or (k,); received {self.input_shape}.")
        if self.latent_dim < 2:
            raise InputError(f"latent_dim must be 2 or more; received {self.latent_dim}.")
        for name, choices in (("likelihood", LIKELIHOODS), ("activation", ACTIVATIONS)):
            if getattr(self, name) not in choices:
                raise InputError(f"{name} must be one of {', '.join(choices)}; received {getattr(self, name)!r}.")
        check_seed(self.seed)
        for name, least in LEAST_VALUES.items():
            if not (math.isfinite(getattr(self, name)) and getattr(self, name) >= least):
                raise InputError(f"{name} must be {least} or more; received {getattr(self, name)}.")
        for name in ("averaging", "class_linear"):
            if getattr(self, name) >= 1:
                raise InputError(f"{name} must be less than 1; received {getattr(self, name)}.")
        self._check_combinations()

    def _check_combinations(self) -> None:
        if self.augmentation and len(self.input_shape) == 1:
            raise InputError(f"only images can be augmented; received the input_shape {self.input_shape}.")
        if (self.divergence or self.flow_epochs or self.flow_class_loss) and not self.flow_couplings:
            needing = "divergence, flow_epochs and flow_class_loss"
            raise InputError(f"{needing} need a flow: set flow_couplings to 1 or more.")
        if self.flow_class_loss and not self.class_loss:
            raise InputError("flow_class_loss needs a classifier: set class_loss above 0.")

    @property
    def has_pixels(self) -> bool:
        """Whether inputs are pixels, numbers in [0, 1]."""
        return self.likelihood in ("bernoulli", "pixel")

    def to_json(self) -> dict[str, Any]:
        """Return the fields as JSON values; a model as those of the first release has only their fields."""
        added = {name for name, value in ADDED_FIELDS.items() if getattr(self, name) == value}
        return {name: value for name, value in asdict(self).items() if name not in added}

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> "VaeConfig":
        """Return the configuration that `to_json` wrote; raise `InputError` for another field or value.

        Fields that were added since it was written have their defaults.
        """
        known = {field.name for field in fields(cls)}
        if odd := sorted((set(values) ^ known) - ADDED_FIELDS.keys()):
            raise InputError(f"a VAE configuration has the fields {', '.join(sorted(known))}; check {', '.join(odd)}.")
        tuples = {name: tuple(value) for name, value in values.items() if isinstance(value, list)}
        return cls(**{**values, **tuples})


def _convert(value: Any) -> Any:
    """Return a value with Python's numbers, as JSON holds them, in the place of numpy's."""
    return tuple(map(_convert, value)) if isinstance(value, tuple) else getattr(value, "item", lambda: value)()
