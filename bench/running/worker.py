"""What a process does before its first job: TensorFlow, installed plug-ins, the user's files."""

from __future__ import annotations

from collections.abc import Iterable

from bench.engine import process
from bench.lookup import plugins


def begin(import_files: Iterable[str] = ()) -> None:
    """Make this process know what the user's own knows."""
    process.load_tensorflow()
    plugins.load_plugins()
    plugins.load_files(import_files)
