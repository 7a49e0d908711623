"""The options that choose the inputs of a classifier."""

from dataclasses import dataclass
from typing import Annotated

from cyclopts import Parameter
from cyclopts.completion import CompletionContext

from eval.names import CLASSIFIERS
from ld_data.cli.options import complete_releases
from ld_data.sources.catalogue import SOURCES


def complete_inputs(context: CompletionContext) -> list[str]:
    """Return the names of the sources and of the releases, and folders."""
    return [*SOURCES, *complete_releases(context)]


Classifier = Annotated[str, Parameter(choices=CLASSIFIERS, help="The classifier.")]
Inputs = Annotated[str, Parameter(completer=complete_inputs, help="A source, or a release, for its x.")]


@dataclass(frozen=True)
class InputOptions:
    """Changes to the inputs of a classifier.

    Attributes:
        decoded: Use the decoded x of the release.
        shuffled: Put pixels or points into another order.
        limit_train: Train on the first rows alone.
    """

    decoded: bool = False
    shuffled: bool = False
    limit_train: Annotated[int | None, Parameter(metavar="ROWS")] = None
