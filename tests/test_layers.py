"""Who may import whom, and what never imports TensorFlow."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
ALLOWED = {
    "tasks": {"tasks"},
    "optimizers": {"optimizers"},
    "bench": {"bench", "tasks", "optimizers"},
}
WITHOUT_TENSORFLOW = (
    "records", "errors", "metrics", "statistics", "store", "files", "gather", "leaderboard", "report", "costs",
    "suites", "cells", "running", "runtime", "cli", "selection", "suite_files", "planning", "estimates", "dry_run",
    "listing", "cache", "names", "brief", "figures", "tables", "verdicts", "probing", "calibrate",
)  # fmt: skip


def imported(path, top_level=False):
    tree = ast.parse(path.read_text())
    nodes = tree.body if top_level else ast.walk(tree)
    for node in nodes:
        if isinstance(node, ast.Import):
            yield from (alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module.partition(".")[0]


@pytest.mark.parametrize("package", ALLOWED)
def test_packages_import_downwards_only(package):
    for path in (ROOT / package).rglob("*.py"):
        assert set(imported(path)) & set(ALLOWED) <= ALLOWED[package], path


def test_listed_packages_are_the_folders():
    import tomllib

    listed = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["setuptools"]["packages"]
    found = [
        path.parent.relative_to(ROOT)
        for top in ALLOWED
        for path in (ROOT / top).rglob("__init__.py")
    ]
    assert sorted(listed) == sorted(".".join(folder.parts) for folder in found)


@pytest.mark.parametrize("module", WITHOUT_TENSORFLOW)
def test_tables_need_no_tensorflow(module):
    assert not {"tensorflow", "keras"} & set(
        imported(ROOT / "bench" / f"{module}.py", top_level=True)
    )
