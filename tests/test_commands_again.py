"""A command that is kept, on a report page, in a run's folder or on a card, does the same again from its folder."""

import json
import shlex
import shutil
from pathlib import Path

import numpy as np
import pytest
from afresh import BOWL, bench, python

from bench.records.outcome import digest
from bench.records.record import Budget, Cell
from bench.records.store import Store
from bench.reports import origin
from bench.reports.html import commands, sections
from optimizers.shipped import FOLDER

RULE = """
from optimizers import Entry, Optimizer, register
from tasks import tf

def build(theta):
    return Optimizer(lambda p: (), lambda g, s, p, t: (tf.nest.map_structure(lambda x: -0.1 * tf.sign(x), g), s))

register(Entry("own-signs", "hand-designed", build))
"""
SUITE = """
import = ["a rule.py"]
tasks = ["rosenbrock", "own-bowl"]
optimizers = ["own-signs", "sgd"]
[budget]
steps = 5
seeds = 3
trials = 2
tuning_seeds = 2
finalists = 0
"""


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """A folder with two plug-ins, a suite that names one of them, weights, and what a run of all of it left."""
    folder = tmp_path_factory.mktemp("place")
    (folder / "a task.py").write_text(BOWL)
    (folder / "a rule.py").write_text(RULE)
    (folder / "own.toml").write_text(SUITE)
    for ending in ("npz", "json"):
        shutil.copy(FOLDER / f"lds-linear-regression.{ending}", folder / f"mine.{ending}")
    words = ["run", "own.toml", "--import", "a task.py", "--optimizers", "own-signs,sgd,mine.npz", "--workers", "1"]
    bench([*words, "--out", "first", "--cell-timeout", "300", "--cell-memory", "6000"], folder)
    return folder


@pytest.mark.slow
def test_the_command_of_a_run_makes_the_same_cells(place):
    (kept,) = origin.of(place / "first").commands
    words = shlex.split(kept)
    assert words[words.index("--cell-timeout") :][:2] == ["--cell-timeout", "300.0"]
    assert words[words.index("--cell-memory") :][:2] == ["--cell-memory", "6000.0"]
    bench(["second" if word == "first" else word for word in words[3:]], place)
    first, second = ([digest(r) for r in Store(place / name).records()] for name in ("first", "second"))
    assert len(first) == 6
    assert first == second


SHIPPED = pytest.param("rosenbrock", "mine", marks=pytest.mark.slow)


@pytest.mark.parametrize(("task", "optimizer"), [("own-bowl", "own-signs"), SHIPPED])
def test_the_command_of_a_cell_makes_that_cell(task, optimizer, place):
    cells = sections.sections([place / "first"])["data"]["cells"]["of"]
    (command,) = [line for name, line in cells[task][optimizer]["commands"] if name == "this cell again"]
    name, _, code = shlex.split(command)
    assert name == "python"
    shutil.rmtree(place / "again", ignore_errors=True)
    python(code, place)
    (made,) = Store(place / "again").records()
    (first,) = [r for r in Store(place / "first").records() if (r.cell.task, r.cell.optimizer) == (task, optimizer)]
    assert made.cell.id == first.cell.id
    assert digest(made) == digest(first)


def test_commands_name_files_and_weights_only_where_there_are_some():
    needs = origin.needs(["python -m bench run own.toml --optimizers 'sgd,far/mine.npz' --import 'a task.py'"])
    assert needs == (["a task.py", "own.toml"], {"mine": "far/mine.npz"})
    assert commands.probe("mine", "own-bowl", needs) == (
        "python -m bench probe far/mine.npz --task own-bowl --import 'a task.py' --import own.toml"
    )
    none = origin.needs(["python -m bench run quick --out x"])
    assert commands.probe("adam", "rosenbrock", none) == "python -m bench probe adam --task rosenbrock"
    tuned = commands.probe("adam", "rosenbrock", none, Path("my runs/core"))
    assert tuned == "python -m bench probe adam --task rosenbrock --out 'my runs/core'"
    assert "import_files" not in commands.cell(Cell("a", "b", Budget(), "", ""), none)


def test_a_suite_given_with_import_makes_its_files_known(place):
    assert "own-signs" in bench(["list", "optimizers", "--import", "own.toml", "--import", "a task.py"], place)


@pytest.mark.slow
def test_the_command_on_a_distilled_card_makes_the_same_weights(place):
    words = ["--refine", "0", "--trials", "0", "--problems", "4", "--steps", "20", "--import", "a task.py"]
    bench(["distill", "mine.npz", "--task", "own-bowl", "--out", "student.npz", *words], place)
    first, card = dict(np.load(place / "student.npz")), json.loads((place / "student.json").read_text())
    for path in place.glob("student*"):
        path.unlink()
    assert card["command"].startswith("python -m bench distill mine.npz ")
    bench(shlex.split(card["command"])[3:], place)
    again = dict(np.load(place / "student.npz"))
    assert first.keys() == again.keys()
    assert all(np.array_equal(first[name], again[name]) for name in first)
