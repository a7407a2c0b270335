"""What a process does before its first job: TensorFlow, installed plug-ins, the user's files."""

from __future__ import annotations

from collections.abc import Iterable

from bench.engine import process
from bench.lookup import plugins
from bench.suites import toml


def begin(import_files: Iterable[str] = ()) -> None:
    """Make this process know what the user's own knows; a suite's TOML file among `import_files` defines tasks."""
    process.load_tensorflow()
    plugins.load_plugins()
    plugins.load_files(path for path in import_files if not str(path).endswith(".toml"))
    for path in import_files:
        if str(path).endswith(".toml"):
            toml.read(path)
