"""A network in training under watch: its suggestions are checked, its time is measured, and some steps are probed."""

import time
from collections.abc import Collection
from typing import Any, cast

import numpy as np

from eval.report.alignment import Probe, probe
from eval.report.loading import describe_error
from eval.rules.network import Network, RulePlan, fit_network
from ld_data.errors import InputError
from ld_data.release.dataset import LatentDataset
from ld_data.typing import Array, Floats


class DivergedError(InputError, error_type="diverged"):
    """A rule suggests values that are not finite."""


class Watched:
    """A network for `fit_network` that checks what the rule suggests.

    Attributes:
        name: of the rule, for messages.
        network: of the rule itself.
        seconds: of the processor from the start to the end of each epoch, without those that the checks take.
        probes: of the steps in `probed`; None for a network without a gradient.
    """

    def __init__(self, network: Any, name: str, probed: Collection[int] = ()) -> None:
        self.network, self.name, self.probed = network, name, probed
        self.seconds: list[float] = []
        self.probes: list[Probe | None] = []
        self.held_out_error, self.held_out_errors = np.inf, list[float]()
        self.step, self._start = 0, time.process_time()

    @property
    def weights(self) -> list[Array]:
        """The weights of the network."""
        return self.network.weights

    @weights.setter
    def weights(self, weights: list[Array]) -> None:
        self.network.weights = weights

    def suggest(self, x: Floats, y: Floats) -> list[Array]:
        """Return the rule's suggestion for a batch, checked; raises as `check_suggestion`."""
        self.step += 1
        suggestion = suggest_checked(self.network, self.name, x, y, self.step)
        if self.step in self.probed:
            before = time.process_time()
            try:
                self.probes.append(probe(self.network, suggestion, x, y, self.step))
            except Exception as error:
                reason = describe_error(error)
                raise InputError(f"{self.name}: no gradient to compare with at step {self.step}: {reason}.") from error
            self._start += time.process_time() - before
        return suggestion

    def predict(self, x: Floats) -> Floats:
        """Return the network's answer to the held-out rows, at the start and at the end of an epoch."""
        try:
            answer = self.network.predict(x)
        except Exception as error:
            raise InputError(f"{self.name}: predict raised after step {self.step}: {describe_error(error)}.") from error
        if np.shape(answer) != x.shape:
            raise InputError(
                f"{self.name}: predict must return an array {x.shape} for x {x.shape}; it returned {_describe(answer)} "
                f"after step {self.step}."
            )
        if self.step:
            self.seconds.append(time.process_time() - self._start)
        return answer


def fit_watched(network: Watched, data: LatentDataset, plan: RulePlan, seed: int) -> Any:
    """Return the network of a rule, trained by `fit_network`.

    Raises:
        InputError: the rule suggests something else than it must; the message names rule, layer and step.
        DivergedError: what it suggests, or answers after every epoch, is not finite.
    """
    fit_network(cast(Network, network), data, plan, seed, network.name)
    if not np.isfinite(network.held_out_errors).any():
        raise DivergedError(f"{network.name}: predict returned nothing finite after any epoch.")
    return network.network


def suggest_checked(network: Any, name: str, x: Floats, y: Floats, step: int) -> list[Array]:
    """Return a network's suggestion for a batch of x and y `(n, d)`, if it is one array for each of its weights.

    Raises:
        InputError: it raises, suggests something else, or changes the batch; the message names rule, layer and step.
        DivergedError: values are not finite.
    """
    kept = x.copy(), y.copy()
    try:
        suggestion = network.suggest(x, y)
    except Exception as error:
        raise InputError(f"{name}: suggest raised at step {step}: {describe_error(error)}.") from error
    for letter, array, old in zip("xy", (x, y), kept, strict=True):
        if not np.array_equal(array, old):
            raise InputError(f"{name}: suggest changes its input {letter} at step {step}. Work on a copy.")
    return check_suggestion(suggestion, network.weights, name, step)


def check_suggestion(suggestion: object, weights: list[Array], name: str, step: int) -> list[Array]:
    """Return a suggestion if it has a finite array in the shape of each of the weights.

    Raises:
        InputError: it has another form; the message names rule, layer and step.
        DivergedError: values are not finite.
    """
    if not isinstance(suggestion, list | tuple) or len(suggestion) != len(weights):
        count = f" of {len(suggestion)}" if isinstance(suggestion, list | tuple) else ""
        raise InputError(
            f"{name}: suggest must return a list of {len(weights)} arrays, one for each of `weights`; at step {step} "
            f"it returned {'nothing' if suggestion is None else type(suggestion).__name__}{count}."
        )
    for layer, (own, weight) in enumerate(zip(suggestion, weights, strict=True), 1):
        if not isinstance(own, np.ndarray) or own.shape != weight.shape or own.dtype.kind != "f":
            raise InputError(
                f"{name}: the suggestion for layer {layer} at step {step} must be an array of floats {weight.shape}, "
                f"as its weights are; received {_describe(own)}."
            )
        if not np.isfinite(own).all():
            bad = int((~np.isfinite(own)).sum())
            raise DivergedError(
                f"{name}: {bad} of {own.size} values of the suggestion for layer {layer} at step {step} are not "
                "finite. Check divisions and logarithms, or take smaller steps."
            )
    return list(suggestion)


def _describe(value: object) -> str:
    return f"{value.dtype} {value.shape}" if isinstance(value, np.ndarray) else type(value).__name__
