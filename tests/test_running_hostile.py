"""Tasks that end the process or Python, and a machine that fails: each is said of whom it is, the others go on."""

import sys

import pytest
from click.testing import CliRunner

from bench.commands.group import main
from bench.errors import UserError
from bench.records.record import Budget
from bench.records.store import Store
from bench.running import run as running
from bench.running.executor import Done, Executor, Means
from bench.running.job import run_job
from bench.running.loss import Loss, of_exit
from bench.running.progress import Bar
from bench.suites.jobs import job

BAD = """
import os
import sys
from dataclasses import dataclass

from tasks import Task, register, tf


@dataclass(frozen=True)
class Bowl(Task):
    ends: str = ""

    def sample(self, key):
        return tf.random.stateless_uniform([2], key, -5.0, 5.0, alg="philox"), ()

    def loss(self, params, data, batch):
        if self.ends == "process":
            os._exit(3)
        if self.ends == "python":
            sys.exit(0)
        return tf.reduce_sum(tf.square(params))


for ends in ("", "process", "python"):
    register(f"ends-{ends}" if ends else "fine", Bowl(ends))
"""
BUDGET = Budget(steps=3, seeds=2, trials=2, tuning_seeds=2, finalists=0, recheck_seeds=0)


def test_a_run_with_them_finishes_everything_else(tmp_path):
    (tmp_path / "bad.py").write_text(BAD)
    arguments = ["run", "smoke", "--import", tmp_path / "bad.py", "--tasks", "fine,ends-process,ends-python"]
    arguments += ["--optimizers", "sgd", "--steps", "3", "--seeds", "2", "--trials", "2", "--workers", "2"]
    result = CliRunner().invoke(main, [*map(str, arguments), "--out", str(tmp_path / "out")], catch_exceptions=False)
    assert result.exit_code == 0, result.output
    found = {r.cell.task: (r.status, r.error) for r in Store(tmp_path / "out").records()}
    assert found == {
        "fine": ("ok", ""),
        "ends-process": ("failed", "its process ended itself with exit code 3, twice"),
        "ends-python": ("failed", "SystemExit: 0 (bad.py, line 20)"),
    }


class Losing(Executor):
    """Loses the jobs of some optimizers, in the ways given, one a time it is asked."""

    far = False

    def __init__(self, losses):
        self._losses, self._jobs = losses, []

    def submit(self, call):
        self._jobs.append(call.arguments[0])
        return len(self._jobs) - 1

    def results(self, progress=lambda number, share: None):
        for number, one in enumerate(self._jobs):
            ways = self._losses.get(one.entry.name, [])
            yield Done(number, lost=ways.pop(0)) if ways else Done(number, one.entry.name)
        self._jobs = []

    def close(self):
        self._jobs = []


OWN, MACHINE = Loss("died of a segmentation fault", its_own=True), Loss("was ended by SIGKILL", its_own=False)


def finished(monkeypatch, losses):
    """{optimizer: what was kept of it}, and what was raised."""
    jobs, kept = [job("cell", "rosenbrock", name, BUDGET) for name in ("sgd", "adam", "momentum")], {}
    for name in ("executor_for", "alone"):
        monkeypatch.setattr(running, name, lambda jobs, means: Losing(losses))
    with Bar("cells", len(jobs), 0) as bar:
        try:
            running.finish(jobs, lambda one, value: kept.update({one.entry.name: value}), Means(), bar)
        except UserError as problem:
            return kept, str(problem)
    return kept, ""


def test_once_lost_is_tried_again(monkeypatch):
    kept, said = finished(monkeypatch, {"adam": [OWN]})
    assert kept == {"sgd": "sgd", "adam": "adam", "momentum": "momentum"}
    assert said == ""


def test_lost_twice_by_itself_is_a_failed_cell(monkeypatch):
    kept, said = finished(monkeypatch, {"adam": [OWN, OWN]})
    assert said == ""
    assert (kept["adam"].status, kept["adam"].error) == ("failed", "its process died of a segmentation fault, twice")
    assert kept["adam"].cell.optimizer == "adam"


def test_what_the_machine_did_is_recorded_against_nobody(monkeypatch):
    kept, said = finished(monkeypatch, {"adam": [MACHINE, OWN], "sgd": [MACHINE, MACHINE]})
    assert kept == {"momentum": "momentum"}
    assert said == (
        "sgd on rosenbrock: its process was ended by SIGKILL (and 1 more); everything else is finished and kept: "
        "run the same command again"
    )


@pytest.mark.parametrize(
    ("code", "starved", "how", "its_own"),
    [
        (0, False, "ended itself with exit code 0", True),
        (-9, True, "was killed by the system, which had run out of memory", False),
        (-9, False, "was ended by SIGKILL", False),
        (-15, True, "was ended by SIGTERM", False),
        (-11, True, "died of a segmentation fault", True),
        (-4, False, "was ended by SIGILL", True),
        (-6, False, "aborted", True),
    ],
)
def test_whose_an_exit_is(code, starved, how, its_own):
    assert of_exit(code, starved) == (how, its_own)


def test_a_machine_that_fails_is_no_score(monkeypatch):
    def starved(*_, **__):
        raise MemoryError("cannot allocate")

    monkeypatch.setattr("bench.running.cell._measure", starved)
    found = run_job(lambda share: None, job("cell", "rosenbrock", "sgd", BUDGET))
    assert found.how.startswith("came to an end: MemoryError: cannot allocate (test_running_hostile.py, line ")
    assert not found.its_own


def test_a_plug_in_that_leaves_is_refused(tmp_path):
    (tmp_path / "gone.py").write_text("import sys\nsys.exit(0)\n")
    result = CliRunner().invoke(main, ["list", "tasks", "--import", str(tmp_path / "gone.py")])
    assert isinstance(result.exception, UserError)
    assert "gone.py, line 2: SystemExit: 0" in str(result.exception)
    assert not any(name.startswith("optoscope_import_gone") for name in sys.modules)
