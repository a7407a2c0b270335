"""Other people's tasks and optimizers: files given with --import, and installed plug-ins."""

from __future__ import annotations

import contextlib
import functools
import importlib.util
import os
import re
import sys
import traceback
import warnings
import zlib
from collections.abc import Iterable
from importlib.metadata import entry_points
from pathlib import Path
from types import ModuleType
from typing import NamedTuple

from bench import stops, waiting
from bench.errors import UserError
from bench.lookup import surroundings
from optimizers.keras2 import explain
from optimizers.registry import families
from tasks import source_files

GROUP = "optoscope.plugins"
_ROOT = Path(__file__).parents[2]
_LIBRARIES = (Path(os.__file__).parent, *(_ROOT / name for name in source_files.PROJECT))
_INSTALLED = {"site-packages", "dist-packages"}
_WORD = re.compile(r"[\w.-]+")
_loaded: dict[Path, Added] = {}
_installed: list[Added] = []


class Added(NamedTuple):
    """Names that a file registered."""

    tasks: tuple[str, ...]
    optimizers: tuple[str, ...]
    architectures: tuple[str, ...] = ()


def load_files(paths: Iterable[str | Path]) -> None:
    """Run each Python file once, as a module of its own; raises UserError for one that is missing or fails."""
    for path in paths:
        load_file(path)


def load_file(path: str | Path) -> Added:
    """Run one Python file, unless it has been run -> what it registered. Raises UserError."""
    given, path = path, Path(path).resolve()
    if path in _loaded:
        return _loaded[path]
    if not path.is_file():
        raise UserError(f"cannot import {given}: no such file")
    before = _registered()
    _run(path, given)
    _loaded[path] = _new(before)
    return _loaded[path]


def module(path: str | Path) -> ModuleType:
    """The module that a Python file is, run unless it has been; raises UserError."""
    load_file(path)
    return sys.modules[_name(Path(path))]


@functools.cache
def load_plugins() -> None:
    """Import every installed package's entry point in the group `optoscope.plugins`, once."""
    for point in entry_points(group=GROUP):
        before = _registered()
        try:
            point.load()
        except BaseException as problem:
            if stops.meant(problem):
                raise
            raise UserError(
                f"plug-in {point.name!r} ({point.value}) does not load: {_one_line(problem)}; repair or uninstall it"
            ) from problem
        _installed.append(_new(before))


def installed() -> list[str]:
    """Names of the installed packages' entry points in that group."""
    return [point.name for point in entry_points(group=GROUP)]


def _run(path: Path, given: str | Path) -> None:
    """Run a file; what it prints goes to standard error, and what it draws while loading is the same every time."""
    name = _name(path)
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise UserError(f"cannot import {given}: give a Python file, ending in .py")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    sys.path += [str(root) for root in source_files.roots(path) if str(root) not in sys.path]
    try:
        with (
            waiting.doing(f"running {path.name}"),
            surroundings.kept(seed=0),
            contextlib.redirect_stdout(sys.stderr),
            warnings.catch_warnings(),
        ):
            warnings.filterwarnings("error", message="Argument `decay` is no longer supported")
            spec.loader.exec_module(module)
    except BaseException as problem:
        del sys.modules[name]
        if stops.meant(problem):
            raise
        raise UserError(f"cannot import {given}{_line(problem, path)}: {_one_line(problem)}") from problem
    _check_neighbors(path)


def _check_neighbors(path: Path) -> None:
    """Raises UserError where Python found another module than the neighbor of that name."""
    for neighbor in source_files.files(path)[1:]:
        for root in source_files.roots(path):
            parts = neighbor.relative_to(root).with_suffix("").parts if root in neighbor.parents else ()
            name = ".".join(parts[:-1] if parts[-1:] == ("__init__",) else parts)
            other = getattr(sys.modules.get(name), "__file__", None)
            if other is not None and Path(other).resolve() != neighbor:
                raise UserError(
                    f"{path} imports {name!r}, which is {other} here and not {neighbor}; give your file another name"
                )


def _name(path: Path) -> str:
    """Another one for each file, though two may be called alike."""
    return f"optoscope_import_{path.stem}_{zlib.crc32(str(path.resolve()).encode()):08x}"


def _line(problem: BaseException, path: Path) -> str:
    """The last line of the file that ran, as `, line 3`; "" where none did: a syntax error says its own."""
    frames = reversed(traceback.extract_tb(problem.__traceback__))
    return next((f", line {f.lineno}" for f in frames if f.filename == str(path)), "")


def place(problem: BaseException) -> str:
    """Where an error came out of other people's code, as ` (belief.py, line 12)`; "" where it did not.

    The last line of the traceback, or of those of its causes, that is not this project's, Python's or a library's.
    """
    frames = reversed(list(traceback.walk_tb(problem.__traceback__)))
    theirs = ((Path(f.f_code.co_filename).name, n) for f, n in frames if _theirs(Path(f.f_code.co_filename)))
    if last := next(theirs, None):
        return f" ({last[0]}, line {last[1]})"
    cause = problem.__cause__ or (None if problem.__suppress_context__ else problem.__context__)
    return place(cause) if cause is not None else ""


def _theirs(path: Path) -> bool:
    """Whether code is of a file of the user's, which a notebook's cell counts as."""
    made_up = path.name.startswith(("<", "__autograph_generated_file"))
    return not (made_up or _INSTALLED & {*path.parts} or any(folder in path.parents for folder in _LIBRARIES))


def foreign(name: str) -> bool:
    """Whether the task or optimizer called `name` is other people's code; weights are numbers."""
    import optimizers
    import tasks

    ours = {*tasks.SHIPPED, *optimizers.SHIPPED, *families()}
    return name.partition("[")[0] not in ours and not name.endswith(".npz")


def only_here(task: str, optimizer: str) -> str:
    """The first of two names that only this process knows, as nothing shipped, installed or imported has it; or ""."""
    import optimizers
    import tasks

    added = [*_loaded.values(), *_installed]
    for name, shipped, of in ((task, tasks.SHIPPED, 0), (optimizer, optimizers.SHIPPED, 1)):
        base = name.partition("[")[0]
        known = base in (tasks.names(), optimizers.names())[of]
        if known and base not in shipped and not any(base in names[of] for names in added):
            return base
    return ""


def files_of(*texts: str) -> list[str]:
    """The files given with --import that registered what `texts` name, within brackets too; as a command names them."""
    words = {word for text in texts for word in _WORD.findall(text)}
    return [_spelled(path) for path, added in _loaded.items() if words & {name for names in added for name in names}]


def _spelled(path: Path) -> str:
    """From the folder that the process runs in where the file is below it."""
    here = Path.cwd()
    return str(path.relative_to(here) if here in path.parents else path)


def _new(before: tuple[list[str], ...]) -> Added:
    after = _registered()
    return Added(*(tuple(n for n in new if n not in old) for new, old in zip(after, before, strict=True)))


def _registered() -> tuple[list[str], ...]:
    import optimizers
    import tasks
    from optimizers import learned

    return tasks.names(), optimizers.names(), list(learned.ARCHITECTURES)


def _one_line(problem: BaseException) -> str:
    if keras2 := explain(problem):
        return keras2
    text = " ".join(str(problem).split())
    if isinstance(problem, ImportError) and (ours := (problem.name or "").partition(".")[0]) in source_files.PROJECT:
        text += f"; {ours!r} is always Optoscope's own: give your module of that name another one"
    return text if isinstance(problem, ValueError) and text else f"{type(problem).__name__}: {text}"
