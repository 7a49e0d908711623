"""Arguments and options that several commands share, as types of their parameters."""

from glob import escape, glob
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from ld_data.release.folder import list_releases
from ld_data.settings import DEFAULT_SERVICE, SERVICE_VARIABLE
from ld_data.sources.user_images import UserImages

if TYPE_CHECKING:
    from cyclopts.completion import CompletionContext

SERVICE_HELP = f"The service; by default {SERVICE_VARIABLE}, or {DEFAULT_SERVICE}."


def complete_releases(context: "CompletionContext") -> list[str]:
    """Return the names of the releases, and the folders whose paths begin like the typed word."""
    return [*list_releases(), *glob(f"{escape(context.incomplete)}*/")]


def complete_names(_context: "CompletionContext") -> list[str]:
    """Return the names of the releases."""
    return list_releases()


Release = Annotated[str, Parameter(metavar="RELEASE", help="A release's name or folder.", completer=complete_releases)]
ReleaseAtService = Annotated[str, Parameter(help="A release's name.", completer=complete_names)]
Json = Annotated[bool, Parameter(name="--json", help="Print JSON, and nothing else, on stdout.")]
Checkpoints = Annotated[
    Path | None,
    Parameter(metavar="DIR", help="The folder of releases; by default LD_DATA_CHECKPOINTS, or checkpoints/."),
]
Scores = Annotated[
    str | None,
    Parameter(
        metavar="PLACE",
        help="The leaderboard's file or database URL; by default LD_DATA_SCORES, or scores.sqlite beside checkpoints/.",
    ),
]
FromService = Annotated[str | None, Parameter(name="--from", metavar="URL", help=SERVICE_HELP)]
ToService = Annotated[str | None, Parameter(name="--to", metavar="URL", help=SERVICE_HELP)]
File = Annotated[Path, Parameter(metavar="FILE")]
Folder = Annotated[Path, Parameter(metavar="DIR")]
Predictions = Annotated[Path, Parameter(help=".npy of shape `(n_test, d)`.")]
OwnImages = Annotated[UserImages, Parameter(name="*")]
Replace = Annotated[bool, Parameter(help="Replace one of this name that is of another source.")]
Seed = Annotated[int, Parameter(help="The seed of all that is random.")]
Shift = Annotated[str | None, Parameter(help="A shifted test set in place of the test rows.")]
Epochs = Annotated[int | None, Parameter(help="Passes over the training rows.")]
AT_ONCE = Parameter(help="How many to work on at the same time.")
Jobs = Annotated[int, AT_ONCE]
Cluster = Annotated[
    str | None,
    Parameter(metavar="PLACE", help="A Dask scheduler: tcp://host:8786, a scheduler file, or local:2 to start one."),
]
TrainRows = Annotated[
    int | None, Parameter(name="--limit-train", metavar="ROWS", help="Train on the first rows alone.")
]
