"""Kinds of arguments: what cannot be meant is refused while the command line is read, before work and before folders.

Each refuses in one line that names option, value and what would do. None makes anything.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from bench.errors import UserError, check_count
from bench.lookup.canvas import FORMATS
from bench.lookup.folders import nearest_folder
from bench.records.files import check_file, check_folder
from optimizers.syntax import short

if TYPE_CHECKING:
    Kind = click.ParamType[Any]
else:  # before click 8.2 it takes no parameters
    Kind = click.ParamType


class Count(Kind):
    """A whole number of at least `least`."""

    name = "integer"

    def __init__(self, least: int = 1):
        self.least = least

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        try:
            number = int(value)
        except ValueError:
            said = short(str(value))
            raise UserError(f"{label(param)} must be a whole number of at least {self.least}, not {said}") from None
        return check_count(label(param), number, self.least)


class Number(Kind):
    """A number above `above` or of at least `least`, and below `below` or of at most `most`; never NaN.

    Infinite only where `infinite`.
    """

    name = "float"

    def __init__(
        self,
        *,
        above: float | None = None,
        least: float | None = None,
        below: float | None = None,
        most: float | None = None,
        infinite: bool = False,
    ):
        self.bounds = {"above": above, "of at least": least, "below": below, "of at most": most}
        self.infinite = infinite

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        try:
            number = float(value)
        except ValueError:
            number = math.nan
        if not self._holds(number):
            words = " and ".join(f"{word} {bound:g}" for word, bound in self.bounds.items() if bound is not None)
            kind = "number" if self.infinite else "finite number"
            raise UserError(f"{label(param)} must be a {kind} {words}, not {short(str(value))}".replace("  ", " "))
        return number

    def _holds(self, number: float) -> bool:
        above, least, below, most = self.bounds.values()
        return (
            (math.isfinite(number) or (self.infinite and not math.isnan(number)))
            and (above is None or number > above)
            and (least is None or number >= least)
            and (below is None or number < below)
            and (most is None or number <= most)
        )


class Listed(Kind):
    """Values of another kind between commas, as a tuple."""

    def __init__(self, kind: Kind):
        self.kind = kind
        self.name = kind.name

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> tuple[Any, ...]:
        if isinstance(value, tuple):
            return value
        return tuple(self.kind.convert(part, param, ctx) for part in str(value).split(","))


class _Place(Kind):
    """A path; what it must be is said by `check`, which raises UserError."""

    name = "path"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Path:
        text = str(value)
        if not text or "\0" in text:
            raise UserError(f"{label(param)} is {text!r}, which names no {self.name}")
        try:
            self.check(Path(text), param)
        except OSError as error:  # names that are too long, loops of links
            raise UserError(f"{label(param)} is {short(text)}: {error.strerror}") from None
        return Path(text)

    def check(self, path: Path, param: click.Parameter | None) -> None:
        """Raise UserError for a path that will not do; kinds of places say which."""


class OutFolder(_Place):
    """A folder to write into, there already or not."""

    name = "folder"

    def check(self, path: Path, param: click.Parameter | None) -> None:
        check_folder(path)


class OutFile(_Place):
    """A file to write, there already or not; its name ends in one of `endings`, or in what it likes."""

    name = "file"

    def __init__(self, *endings: str):
        self.endings = endings

    def check(self, path: Path, param: click.Parameter | None) -> None:
        if self.endings and path.suffix.lower() not in self.endings:
            raise UserError(f"{label(param)} {path} must end in {' or '.join(self.endings)}")
        check_file(path)


class InFile(_Place):
    """A file that is there."""

    name = "file"

    def check(self, path: Path, param: click.Parameter | None) -> None:
        if not path.is_file():
            raise UserError(f"{label(param)} {path} is {'a folder' if path.is_dir() else 'not there'}; give a file")


class InFolder(_Place):
    """A folder that is there, or one of `defaults`, which may be missing."""

    name = "folder"

    def __init__(self, defaults: Iterable[Path] = ()):
        self.defaults = tuple(defaults)

    def check(self, path: Path, param: click.Parameter | None) -> None:
        if not path.is_dir() and path not in self.defaults:
            remedy = nearest_folder(path) or "; give a folder"
            raise UserError(f"{label(param)} {path} is {'a file' if path.exists() else 'not there'}{remedy}")


def label(param: click.Parameter | None) -> str:
    """How the user writes the option; of an argument, its name."""
    if isinstance(param, click.Option):
        return param.opts[0]
    return str(param.name).upper() if param is not None else "a value"


COUNT, NATURAL = Count(), Count(0)
POSITIVE, NOT_NEGATIVE, BOUND = Number(above=0), Number(least=0), Number(above=0, infinite=True)
SHARE, DECAY = Number(above=0, most=1), Number(least=0, below=1)
PICTURE, OUT_FOLDER = OutFile(*(f".{form}" for form in FORMATS)), OutFolder()
