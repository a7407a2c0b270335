"""The public face: all that `bench` offers, `tasks`, `optimizers` and `load`; and the command `optoscope`.

Importing it pins the names `bench`, `optimizers` and `tasks` to the packages beside this file, so that a folder of the
user's with one of these names is never taken for them. Nothing else is imported until it is asked for.
"""

from __future__ import annotations

import importlib
import sys
from importlib.machinery import ModuleSpec
from importlib.util import spec_from_file_location
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import optimizers
    import tasks
    from bench import (
        best,
        check,
        compare,
        curves,
        draw,
        evaluate,
        leaderboard,
        metatrain,
        probe,
        register,
        report,
        run,
        scores,
        scores_of,
        trials,
        tune,
    )
    from optimizers import load

__all__ = [
    "best",
    "check",
    "compare",
    "curves",
    "draw",
    "evaluate",
    "leaderboard",
    "load",
    "metatrain",
    "optimizers",
    "probe",
    "register",
    "report",
    "run",
    "scores",
    "scores_of",
    "tasks",
    "trials",
    "tune",
]

_HERE = Path(__file__).parent
_PACKAGES = ("bench", "optimizers", "tasks")


def main() -> None:
    """The command `optoscope`, which is `python -m bench`. Raises SystemExit."""
    from bench.commands import shell

    shell.run("optoscope")


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    if name in _PACKAGES:
        return importlib.import_module(name)
    return getattr(importlib.import_module("optimizers" if name == "load" else "bench"), name)


def __dir__() -> list[str]:
    return [*globals(), *__all__]


class _Siblings:
    """A finder that is asked before any folder is looked through."""

    @staticmethod
    def find_spec(name: str, path: Any = None, target: Any = None) -> ModuleSpec | None:
        if name in _PACKAGES:
            return spec_from_file_location(name, _HERE / name / "__init__.py")
        return spec_from_file_location(name, _HERE / "optoscope.py") if name == "optoscope" else None


def _pin() -> None:
    """Put the finder first. Raises ImportError where another module has taken one of the names already."""
    for name in _PACKAGES:
        taken = sys.modules.get(name)
        places = [getattr(taken, "__file__", None), *getattr(taken, "__path__", ())]
        if taken is not None and not any(place and _HERE / name in _with_parents(place) for place in places):
            other = next((place for place in places if place), "another module")
            raise ImportError(f"{name!r} is {other} here, imported before Optoscope; import optoscope before it")
    sys.meta_path.insert(0, _Siblings)


def _with_parents(place: str) -> list[Path]:
    path = Path(place)
    return [path, *path.parents]


_pin()
