"""The facts that an author submits beside predictions, and the form in which names compare."""

import re
import sys
import unicodedata
from dataclasses import dataclass, field

from ld_data.checks import check_integer, check_number, is_link
from ld_data.errors import InputError

MAX_CHARACTERS = {"name": 100, "url": 300, "description": 1000, "learning_rule": 100}
OWNER_HEADER = "LD-Data-Owner"  # of a request to submit: the secret that proves whose name it is
MAX_PARAMETERS = 2**53 - 1  # the largest whole number that canonical JSON can hold
# Characters that print as nothing or as a blank, though Unicode calls them letters, marks or symbols: fillers, joiners
# and variation selectors (Default_Ignorable_Code_Point), the Braille blank, the musical null note, the object's place.
BLANKS = re.compile(
    "[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2800\u3164\ufe00-\ufe0f\uffa0\ufffc\U0001d159\U000e0100-\U000e01ef]"
)
# Scripts whose letters pass for each other's (Unicode Technical Standard 39, section 5.2: moderately restrictive).
ALIKE = frozenset({"LATIN", "CYRILLIC", "GREEK", "CHEROKEE", "ARMENIAN", "COPTIC", "LISU"})
WORDS = re.compile(r"[^\W\d_]+")
SYMBOL = re.compile("[\u03b1-\u03b8\u03ba-\u03bc\u03be\u03c0-\u03c9]")  # small Greek letters, but iota, nu and omicron


@dataclass(frozen=True)
class Sender:
    """The sender of a submission, as a service sees it.

    Attributes:
        owner: the secret that proves whose name it is; empty if the request had none.
        client: an opaque key of the address from which it came.
    """

    owner: str = field(default="", repr=False)
    client: str = ""


ANONYMOUS = Sender()


@dataclass(frozen=True)
class Submission:
    """The facts that a leaderboard shows beside a score.

    Attributes:
        name: name of the model, 1 to 100 visible characters, not of scripts that look alike.
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
        """Raise `InputError` for a text that is missing, too long, not visible or no link, or a wrong number."""
        if not self.name.strip():
            raise InputError("a submission needs a name: `name`, on the command line --name.")
        for fact, limit in MAX_CHARACTERS.items():
            text = getattr(self, fact)
            if len(text) > limit:
                raise InputError(f"{fact} must have at most {limit} characters; received {len(text)}.")
            if hidden := next((character for character in text if not character.isprintable()), None):
                raise InputError(
                    f"{fact} must have only printable characters; received U+{ord(hidden):04X} as character "
                    f"{text.index(hidden) + 1}. Write it on one line, without joiners and direction marks."
                )
        _check_name(self.name)
        if self.url and not is_link(self.url):
            raise InputError(f"url must be an http or https address; received {self.url!r}.")
        if self.parameters is not None:
            check_integer("parameters", self.parameters, 0, MAX_PARAMETERS)
        if self.seconds is not None:
            check_number("seconds", self.seconds, sys.float_info.max)


def fold_name(name: str) -> str:
    """Return the form in which names compare: compatible characters, case and blanks make no difference."""
    return " ".join(unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", name).casefold()).split())


def _check_name(name: str) -> None:
    if blank := BLANKS.search(name):
        raise InputError(
            f"name must have only visible characters; received U+{ord(blank[0]):04X} as character {blank.start() + 1}."
        )
    if len(fold_name(name)) > MAX_CHARACTERS["name"]:
        raise InputError(f"name must have at most {MAX_CHARACTERS['name']} characters, ligatures written in full.")
    scripts = sorted(script.title() for script in _find_scripts(name) & ALIKE)
    if len(scripts) > 1:
        raise InputError(
            f"name must not mix scripts whose letters look alike; received {' and '.join(scripts)} "
            "letters. Write it in one script; a single small Greek letter may stand alone, as a symbol."
        )


def _find_scripts(name: str) -> set[str]:
    """Return the scripts of a name's letters, by the first word of their names in Unicode."""
    words = WORDS.findall(unicodedata.normalize("NFKC", name))
    letters = "".join(word for word in words if not SYMBOL.fullmatch(word))
    return {unicodedata.name(letter, "").partition(" ")[0] for letter in letters}
