"""The facts that an author submits beside predictions."""

import math
from dataclasses import dataclass

from ld_data.checks import is_link
from ld_data.errors import InputError

MAX_CHARACTERS = {"name": 100, "url": 300, "description": 1000, "learning_rule": 100}
MAX_PARAMETERS = 2**53 - 1  # the largest whole number that canonical JSON can hold


@dataclass(frozen=True)
class Submission:
    """The facts that a leaderboard shows beside a score.

    Attributes:
        name: name of the model, 1 to 100 printable characters.
        url: http or https link to the model, or empty.
        description: up to 1000 characters, or empty.
        parameters: number of learned parameters, or None.
        seconds: training time in seconds, or None.
        learning_rule: how the model was trained, up to 100 characters, or empty.
    """

    name: str
    url: str = ""
    description: str = ""
    parameters: int | None = None
    seconds: float | None = None
    learning_rule: str = ""

    def __post_init__(self) -> None:
        """Raise `InputError` for a text that is missing, too long, not printable or no link, or a wrong number."""
        if not self.name.strip():
            raise InputError("a submission needs a name: `name`, on the command line --name.")
        for field, limit in MAX_CHARACTERS.items():
            text = getattr(self, field)
            if len(text) > limit:
                raise InputError(f"{field} must have at most {limit} characters; received {len(text)}.")
            if hidden := next((character for character in text if not character.isprintable()), None):
                raise InputError(
                    f"{field} must have only printable characters; received U+{ord(hidden):04X} as character "
                    f"{text.index(hidden) + 1}. Write it on one line, without joiners and direction marks."
                )
        if self.url and not is_link(self.url):
            raise InputError(f"url must be an http or https address; received {self.url!r}.")
        if self.parameters is not None and not 0 <= self.parameters <= MAX_PARAMETERS:
            raise InputError(
                f"parameters must be a whole number from 0 to {MAX_PARAMETERS}; received {self.parameters}."
            )
        if self.seconds is not None and not 0 <= self.seconds < math.inf:
            raise InputError(f"seconds must be a finite number of 0 or more; received {self.seconds}.")
