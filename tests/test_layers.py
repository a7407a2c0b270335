"""Who may import whom: a folder imports those below it, itself and what stands alone; no circles among files."""

import ast
import graphlib
import tomllib
from pathlib import Path

import pytest

from bench.maintain.architecture import ORDER

ROOT = Path(__file__).parents[1]
TOPS = ("bench", "optimizers", "tasks")
ALONE = ("bench.errors", "bench.stops", "bench.terminal", "bench.waiting")
WITHOUT_TENSORFLOW = ("records", "lookup", "scores", "suites", "reports", "commands")


def modules():
    """{dotted name: path} of everything in the three packages."""
    paths = [path for top in TOPS for path in (ROOT / top).rglob("*.py")]
    dotted = [path.relative_to(ROOT).with_suffix("").parts for path in paths]
    return {
        ".".join(parts[:-1] if parts[-1] == "__init__" else parts): p for parts, p in zip(dotted, paths, strict=True)
    }


MODULES = modules()


def imported(path):
    """Dotted names that a file imports anywhere in it, functions included; submodules by their own names."""
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            for alias in node.names:
                full = f"{node.module}.{alias.name}"
                yield full if full in MODULES else node.module


def folder(module):
    return module.split(".")[1] if module.count(".") else ""


@pytest.mark.parametrize("package", ["tasks", "optimizers"])
def test_tasks_and_optimizers_import_neither_each_other_nor_bench(package):
    for path in (ROOT / package).rglob("*.py"):
        assert {name.partition(".")[0] for name in imported(path)} & set(TOPS) <= {package}, path


def test_every_folder_has_its_place():
    assert sorted(ORDER) == sorted(path.parent.name for path in (ROOT / "bench").glob("*/__init__.py"))


@pytest.mark.parametrize("name", ORDER)
def test_a_folder_imports_those_below_it_and_itself(name):
    allowed = {*ORDER[: ORDER.index(name) + 1]}
    for path in (ROOT / "bench" / name).rglob("*.py"):
        for module in imported(path):
            if module.partition(".")[0] == "bench":
                assert folder(module) in allowed or module in ALONE, f"{path} imports {module}"


def test_no_circle_among_files():
    graph = {name: {m for m in imported(path) if m in MODULES and m != name} for name, path in MODULES.items()}
    graph.pop("bench")  # the public face is imported by nobody, and stands above all
    graphlib.TopologicalSorter(graph).prepare()


def test_listed_packages_are_the_folders():
    listed = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["setuptools"]["packages"]
    found = [path.parent.relative_to(ROOT) for top in TOPS for path in (ROOT / top).rglob("__init__.py")]
    assert sorted(listed) == sorted(".".join(folder.parts) for folder in found)


@pytest.mark.parametrize("name", WITHOUT_TENSORFLOW)
def test_folders_that_import_no_tensorflow_when_loaded(name):
    for path in (ROOT / "bench" / name).rglob("*.py"):
        top = [
            node for node in ast.parse(path.read_text("utf-8")).body if isinstance(node, ast.Import | ast.ImportFrom)
        ]
        names = {alias.name for node in top if isinstance(node, ast.Import) for alias in node.names}
        names |= {node.module or "" for node in top if isinstance(node, ast.ImportFrom)}
        assert not {"tensorflow", "keras"} & {name.partition(".")[0] for name in names}, path
