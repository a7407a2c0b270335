"""Other people's tasks and optimizers: files given with --import, and installed plug-ins."""

from __future__ import annotations

import importlib.util
import sys
from importlib.metadata import entry_points
from pathlib import Path

from bench.errors import UserError

GROUP = "optoscope.plugins"


def load_files(paths) -> None:
    """Run each Python file once, as a module of its own; raises UserError for one that is missing or fails."""
    for path in map(Path, paths):
        name = "optoscope_import_" + path.stem
        if name in sys.modules and sys.modules[name].__file__ == str(path.resolve()):
            continue
        if not path.is_file():
            raise UserError(f"cannot import {path}: no such file")
        spec = importlib.util.spec_from_file_location(name, path.resolve())
        if spec is None or spec.loader is None:
            raise UserError(f"cannot import {path}: give a Python file, ending in .py")
        module = importlib.util.module_from_spec(spec)
        sys.modules[name] = module
        try:
            spec.loader.exec_module(module)
        except Exception as problem:
            del sys.modules[name]
            raise UserError(
                f"cannot import {path}: {type(problem).__name__}: {problem}"
            ) from problem


def load_plugins() -> None:
    """Import every installed package's entry point in the group `optoscope.plugins`."""
    for point in entry_points(group=GROUP):
        try:
            point.load()
        except Exception as problem:
            raise UserError(
                f"plug-in {point.name!r} ({point.value}) does not load: {problem}"
            ) from problem
