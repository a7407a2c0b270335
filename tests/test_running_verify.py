"""Verifying: an untouched run comes out the same; a changed number is found, and what has changed since is said."""

from dataclasses import replace

import numpy as np
import pytest
from click.testing import CliRunner

import optimizers.registry
import tasks.base
from bench.commands.group import main
from bench.errors import UserError
from bench.lookup import plugins
from bench.records.record import Budget
from bench.records.store import Store
from bench.running import run as running
from bench.running.verify import verify
from bench.suites.suite import Suite

TINY = Budget(steps=5, seeds=4, trials=2, tuning_seeds=2, finalists=0, recheck_seeds=0)
SUITE = Suite("tiny", ("rosenbrock",), ("sgd", "gru-rosenbrock"), TINY)


@pytest.fixture(scope="module")
def records(tmp_path_factory):
    out = tmp_path_factory.mktemp("runs") / "tiny"
    running.run(SUITE, out, probes=False)
    return Store(out).records()


@pytest.fixture
def store(records, tmp_path):
    made = Store(tmp_path / "run")
    for record in records:
        made.write(record)
    return made


def command(store, *arguments):
    return CliRunner().invoke(main, ["verify", str(store.root), "--workers", "1", *arguments], catch_exceptions=False)


def of(records, optimizer):
    return next(record for record in records if record.cell.optimizer == optimizer)


def test_an_untouched_run_verifies(store, records):
    done = command(store)
    assert done.exit_code == 0, done.output
    lines = [f"{r.cell.optimizer} on rosenbrock ({r.cell.id}): the same" for r in records]
    assert done.stdout.splitlines() == [*lines, "run again: 2 cells, the same: 2, different: 0"]


def test_a_changed_number_with_a_right_checksum_is_found(store, records):
    whole = of(records, "sgd")
    runs = whole.runs["final"]
    losses = runs.losses.copy()
    losses[2, -1] = np.nextafter(losses[2, -1], np.float32(np.inf))
    store.write(whole._replace(runs={**whole.runs, "final": runs._replace(losses=losses)}))
    done = command(store)
    assert done.exit_code == 1
    line = next(line for line in done.stdout.splitlines() if line.startswith("sgd"))
    assert f"sgd on rosenbrock ({whole.cell.id}): differs in runs tuned for final (1 of 4 problems, by up to " in line
    assert line.endswith("Why: no known cause: the file itself may have been changed")
    assert done.stdout.splitlines()[-1] == "run again: 2 cells, the same: 1, different: 1"


@pytest.mark.parametrize(
    ("change", "differs"),
    [
        (lambda r: {"thetas": {**r.thetas, "default": {"learning_rate": 0.5}}}, ["θ tuned for default"]),
        (lambda r: {"trials": {**r.trials, "learning_rate": [1.0, 2.0]}}, ["table of trials"]),
        (lambda r: {"measures": {"default": {"accuracy": [1.0] * 4}}}, ["measures tuned for default"]),
        (lambda r: {"floor": -1.0}, ["floor"]),
        (lambda r: {"ledger": {}, "provenance": {}}, []),
    ],
    ids=["theta", "trials", "measures", "floor", "where and what it took"],
)
def test_what_a_cell_determines_is_compared(change, differs, store, records):
    whole = of(records, "sgd")
    store.write(whole._replace(**change(whole)))
    found = {verified.record.cell.optimizer: verified.differs for verified in verify(store.root).cells}
    assert found == {"sgd": differs, "gru-rosenbrock": []}


def test_what_has_changed_since_is_said(store, records):
    whole = of(records, "sgd")
    store.path(whole.cell.id).unlink()
    older = replace(whole.cell, versions={**whole.cell.versions, "scipy": "1.0"}, task_definition="Other()")
    elsewhere = {**whole.provenance, "numerics": "x86_64 sse9", "commit": "abc"}
    store.write(whole._replace(cell=older, provenance=elsewhere))
    (verified,) = (v for v in verify(store.root).cells if v.record.cell.optimizer == "sgd")
    assert verified.differs == []
    said = str(verified)
    assert "its task is defined otherwise now, scipy was 1.0 and is " in said
    assert "it was made on another kind of machine (there sse9, here " in said
    assert "it was made by abc of this project" in said


def test_a_sample_is_the_same_for_the_same_seed(store):
    picked = [[v.record.cell.optimizer for v in verify(store.root, 1, seed=seed).cells] for seed in (0, 0, 1, 2, 3)]
    assert picked[0] == picked[1]
    assert all(len(names) == 1 for names in picked)
    assert len({name for names in picked for name in names}) == 2


def test_a_damaged_file_does_not_hold(store, records):
    path = store.path(of(records, "sgd").cell.id)
    path.write_bytes(path.read_bytes()[:-9])
    done = command(store)
    assert done.exit_code == 1
    assert done.stdout.splitlines()[-1] == "run again: 1 cell, the same: 1, different: 0, damaged files: 1"


def test_a_cell_whose_names_are_not_known_is_refused_before_work(store, records):
    whole = of(records, "sgd")
    store.write(whole._replace(cell=replace(whole.cell, optimizer="mine")))
    with pytest.raises(UserError, match=r"mine on rosenbrock cannot be run again: .*--import, weights with --weights"):
        verify(store.root)


def test_nothing_to_verify(tmp_path):
    with pytest.raises(UserError, match="no finished cells in"):
        verify(tmp_path / "none")


PLUGIN = """
from dataclasses import dataclass
from tasks import Task, register, tf
from edited_slope import SLOPE

@dataclass(frozen=True)
class Bowl(Task):
    def sample(self, key):
        return tf.random.stateless_uniform([2], key, -5.0, 5.0, alg="philox"), ()

    def loss(self, params, data, batch):
        return SLOPE * tf.reduce_sum(tf.square(params))

register("edited-bowl", Bowl())
"""


def test_an_edited_neighbor_of_a_plug_in_is_named(tmp_path):
    (tmp_path / "bowl.py").write_text(PLUGIN)
    given = ["--import", str(tmp_path / "bowl.py")]
    out = tmp_path / "run"
    with pytest.MonkeyPatch.context() as patch:
        for module in (tasks.base, optimizers.registry):
            patch.setattr(module, "_registry", dict(module._registry))
        for slope, code in ((1.0, 0), (2.0, 1)):
            patch.setattr(plugins, "_loaded", {})
            patch.setattr(
                tasks.base, "_registry", {k: v for k, v in tasks.base._registry.items() if k != "edited-bowl"}
            )
            patch.delitem("sys.modules", "edited_slope", raising=False)
            (tmp_path / "edited_slope.py").write_text(f"SLOPE = {slope}  # {'edited' * int(slope)}\n")
            if not out.exists():
                plugins.load_file(tmp_path / "bowl.py")
                running.run(Suite("own", ("edited-bowl",), ("sgd",), TINY), out, import_files=given[1:], probes=False)
            done = command(Store(out), *given)
            assert done.exit_code == code, done.output
    assert "Why: the source of its task has changed" in done.stdout
