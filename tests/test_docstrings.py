"""The public face and the contracts say shapes or units and errors, and show a use that runs."""

import doctest
import inspect
import re
from pathlib import Path

import pytest

import bench
import optimizers.registry
import tasks.base
from optimizers import shipped

CONTRACTS = {
    **{f"bench.{name}": getattr(bench, name) for name in bench.__all__},
    **{f"tasks.Task.{name}": getattr(tasks.Task, name) for name in ("sample", "loss", "batches", "evaluate")},
    **{f"tasks.{name}": getattr(tasks, name) for name in ("Task", "register", "get")},
    **{f"optimizers.{name}": getattr(optimizers, name) for name in ("Optimizer", "Entry", "register", "get")},
    "optimizers.load": shipped.load,
}
BY_NAME = (
    "tasks.register",
    "tasks.get",
    "optimizers.Entry",
    "optimizers.register",
    "optimizers.get",
    "optimizers.load",
)
"""What takes and gives no numbers."""
TOTAL = ("tasks.Task", "optimizers.Optimizer")
"""What raises nothing of its own: a class to derive from, a pair of functions. The methods of a task say so too."""


@pytest.fixture(autouse=True)
def _at_home_with_own_registries(monkeypatch):
    monkeypatch.chdir(Path(__file__).parents[1])
    for module in (tasks.base, optimizers.registry):
        monkeypatch.setattr(module, "_registry", dict(module._registry))
    monkeypatch.setattr(tasks.base, "_floors", list(tasks.base._floors))


@pytest.mark.parametrize("name", CONTRACTS)
def test_an_example_runs_and_prints_what_it_says(name):
    tests = [t for t in doctest.DocTestFinder(recurse=False).find(CONTRACTS[name], name, globs={}) if t.examples]
    assert tests, f"{name} shows no use"
    said = []
    for test in tests:
        result = doctest.DocTestRunner(verbose=False).run(test, out=said.append)
        assert result.failed == 0, "".join(said)


@pytest.mark.parametrize("name", [name for name in CONTRACTS if not name.startswith(TOTAL)])
def test_errors_are_said(name):
    said = inspect.getdoc(CONTRACTS[name])
    assert re.search(r"\b[Rr]aises\s+[A-Z]\w+Error", said), f"{name} does not say what it raises"


@pytest.mark.parametrize("name", [name for name in CONTRACTS if not name.startswith(BY_NAME)])
def test_shapes_units_and_what_comes_out_are_said(name):
    """By an arrow, a shape or a dtype, what is counted, or what a row is."""
    text = inspect.getdoc(CONTRACTS[name]).partition(">>>")[0]
    words = r"->|\(\d*,? ?…?\)|\bshapes?\b|\bunits?\b|\bfloat32\b|\bcounts\b|\bone row\b|\blist of\b"
    assert re.search(words, text, re.IGNORECASE), f"{name} says nothing of shapes or units"
