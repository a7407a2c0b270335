"""The public face: all that `bench` offers, `tasks`, `optimizers` and `load`; and the command `optoscope`.

Importing it pins the names `bench`, `optimizers` and `tasks` to the packages beside this file, so that a folder of the
user's with one of these names is never taken for them, and lets TensorFlow, whoever imports it later, load without its
lines of log. Nothing else is imported until it is asked for; each of the three packages imports this file first.
"""

from __future__ import annotations

import contextlib
import faulthandler
import importlib
import os
import re
import sys
import tempfile
from collections.abc import Iterator
from importlib.machinery import ModuleSpec
from importlib.util import spec_from_file_location
from pathlib import Path
from types import ModuleType
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
commanded = False
"""Whether this process runs the command."""
_LATER = frozenset(
    f"{place}.{name}"
    for name, places in {
        "lite": ("tensorflow._api.v2", "tensorflow._api.v2.compat.v1", "tensorflow._api.v2.compat.v2"),
        "visualization": ("keras.src", "keras", "keras._tf_keras.keras"),
        "wrappers": ("keras", "keras._tf_keras.keras"),
    }.items()
    for place in places
)
"""Parts of TensorFlow and Keras that are loaded when they are asked for: they bring Matplotlib and scikit-learn."""
_LOG = re.compile(
    rb"WARNING: All log messages before absl::InitializeLog"  # what native code logs has a level, a time and a line
    rb"|(?:[IWE]\d{4} |\d{4}-\d\d-\d\d )\d\d:\d\d:\d+\.\d+.* \S+\.(?:cc|h):\d+\] "
    rb"|To enable the following instructions: "
)


def main() -> None:
    """The command `optoscope`, which is `python -m bench`. Raises SystemExit."""
    global commanded
    commanded = True
    from bench import __main__ as command

    command.main("optoscope")


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    if name in _PACKAGES:
        return importlib.import_module(name)
    return getattr(importlib.import_module("optimizers" if name == "load" else "bench"), name)


def __dir__() -> list[str]:
    return [*globals(), *__all__]


@contextlib.contextmanager
def quiet() -> Iterator[None]:
    """While native code of TensorFlow runs: lines of its log are not written to standard error, everything else is.

    Where it raises an error, everything is; where it ends the process, Python says what it was doing.
    """
    try:
        kept = os.dup(2)
    except OSError:  # there is no standard error
        yield
        return
    crashes = not faulthandler.is_enabled()
    with tempfile.TemporaryFile() as held, os.fdopen(kept, "wb", buffering=0) as shown:
        _flush()
        os.dup2(held.fileno(), 2)
        if crashes:
            faulthandler.enable(shown)
        hidden = True
        try:
            yield
        except Exception:
            hidden = False
            raise
        finally:
            if crashes:
                faulthandler.disable()
            _flush()
            os.dup2(kept, 2)
            held.seek(0)
            shown.write(b"".join(line for line in held if not (hidden and _LOG.match(line))))


def _flush() -> None:
    if sys.stderr is not None:
        sys.stderr.flush()


class _Finder:
    """Asked before any folder is looked through."""

    @staticmethod
    def find_spec(name: str, path: Any = None, target: Any = None) -> ModuleSpec | None:
        if name in _PACKAGES:
            return spec_from_file_location(name, _HERE / name / "__init__.py")
        if name == "optoscope":
            return spec_from_file_location(name, _HERE / "optoscope.py")
        if name in _LATER:
            return _later(_found_by_others(name, path))
        return _quiet_tensorflow() if name == "tensorflow" else None


def _found_by_others(name: str, path: Any = None) -> ModuleSpec | None:
    """A module as the other finders find it."""
    others = (finder for finder in sys.meta_path if getattr(finder, "__name__", "") != _Finder.__name__)
    return next(filter(None, (finder.find_spec(name, path) for finder in others)), None)


class _Later(ModuleType):
    """A module whose code runs when something is asked of it that it does not have yet.

    `importlib.util.LazyLoader` runs it for any name: for `__file__` too, which `inspect` asks of every module.
    """

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__") and name != "__all__":  # whoever looks through all modules asks for these
            raise AttributeError(name)
        self._load()
        return getattr(self, name)

    def __dir__(self) -> list[str]:
        self._load()
        return dir(self)

    def _load(self) -> None:
        self.__class__ = ModuleType  # type: ignore[assignment]
        self.__spec__.loader.exec_module(self)  # type: ignore[union-attr]


def _later(spec: ModuleSpec | None) -> ModuleSpec | None:
    if spec is not None and spec.loader is not None:
        load = spec.loader.exec_module

        def begin(module: ModuleType) -> None:
            vars(spec.loader)["exec_module"] = load
            module.__class__ = _Later

        vars(spec.loader)["exec_module"] = begin
    return spec


def _quiet_tensorflow() -> ModuleSpec | None:
    """TensorFlow as the other finders find it, loaded in `quiet`."""
    spec = _found_by_others("tensorflow")
    if spec is None or spec.loader is None:
        return spec
    load = spec.loader.exec_module

    def load_quietly(module: ModuleType) -> None:
        os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")  # read once, when it is loaded
        with quiet():
            load(module)

    vars(spec.loader)["exec_module"] = load_quietly
    return spec


def _pin() -> None:
    """Put the finder first. Raises ImportError where another module has taken one of the names already."""
    for name in _PACKAGES:
        taken = sys.modules.get(name)
        places = [getattr(taken, "__file__", None), *getattr(taken, "__path__", ())]
        if taken is not None and not any(place and _HERE / name in _with_parents(place) for place in places):
            other = next((place for place in places if place), "another module")
            raise ImportError(f"{name!r} is {other} here, imported before Optoscope; import optoscope before it")
    sys.meta_path.insert(0, _Finder)


def _with_parents(place: str) -> list[Path]:
    path = Path(place)
    return [path, *path.parents]


_pin()
