"""How the log of the service may be written, and what of it."""

from typing import Literal

Form = Literal["text", "json"]
Level = Literal["debug", "info", "warning", "error"]
