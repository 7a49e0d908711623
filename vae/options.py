"""The options of commands that train models."""

from dataclasses import dataclass
from typing import Annotated, Any

from cyclopts import Parameter

from ld_data.protocols import YKind
from vae.recipes import RECIPES


@dataclass(frozen=True)
class ModelOptions:
    """How a command trains models: a recipe, and changes of it.

    Attributes:
        recipe: How to train; by default as the source's recipe says, or as the predecessor did: ld-mnist-v3.
        latent_dim: d, 2 or more; 32 by default.
        y: Exact cells, or a trained class VAE.
        epochs: Passes over the training rows.
        flow_epochs: Passes of the flow alone.
        seed: The seed of all that is random.
    """

    recipe: Annotated[str | None, Parameter(choices=tuple(RECIPES))] = None
    latent_dim: int | None = None
    y: YKind | None = None
    epochs: int | None = None
    flow_epochs: int | None = None
    seed: int = 0

    @property
    def changes(self) -> dict[str, Any]:
        """The settings of the recipe that are changed; None leaves a setting alone."""
        return {name: value for name, value in vars(self).items() if name != "recipe"}
