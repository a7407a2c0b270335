"""The re-check: a lucky trial loses on fresh problems, a sound one stays, every metric by itself, and it is counted."""

from dataclasses import dataclass, replace

import pandas as pd
import pytest

import bench
from bench.lookup.named import NamedTask
from bench.lookup.resolve import named_task
from bench.records.record import Budget
from bench.records.store import Store
from bench.running import run as running
from bench.running.cell import evaluate_cell, planned_runs
from bench.running.tuning import search
from bench.scores.metrics import METRICS
from bench.scores.selection import best_trials
from bench.suites.jobs import job
from bench.suites.suite import Suite
from optimizers import Entry, Optimizer, Uniform
from tasks import Task, tf

BUDGET = Budget(steps=20, seeds=200, trials=12, tuning_seeds=16, finalists=6, recheck_seeds=128)


@dataclass(frozen=True)
class Trap(Task):
    """h x² / 2 from 1, h = 1 but for a share of problems where it is 3: rates above 2/3 diverge there."""

    share: float = 0.02

    def sample(self, key):
        return tf.ones([1]), tf.where(tf.random.stateless_uniform([], key, alg="philox") < self.share, 3.0, 1.0)

    def loss(self, params, data, batch):
        return 0.5 * data * tf.reduce_sum(tf.square(params))


def build(theta):
    def update(gradients, state, params, step):
        return tf.nest.map_structure(lambda g: -theta["learning_rate"] * g, gradients), state

    return Optimizer(lambda params: (), update)


DESCENT = Entry("descent", "hand-designed", build, {"learning_rate": Uniform(0.2, 1.0)}, {"learning_rate": 0.5})
TRAP = NamedTask("trap", Trap())


def test_a_lucky_trial_is_not_chosen():
    hasty, careful = (search(TRAP, DESCENT, budget) for budget in (replace(BUDGET, finalists=0), BUDGET))
    pd.testing.assert_frame_equal(hasty.trials, careful.trials)
    rates = careful.trials["learning_rate"]
    lucky, chosen = (found.thetas["mean_loss"]["learning_rate"] for found in (hasty, careful))
    assert lucky == rates.max() > 2 / 3  # none of the 16 tuning problems is one where it diverges
    assert chosen == rates[rates < 2 / 3].max()
    again = careful.recheck.set_index("trial")["mean_loss"]
    assert again[rates.idxmax()] > 1 > again[int(rates[rates == chosen].index[0])]
    assert (hasty.runs, hasty.runs_recheck) == (12 * 16, 0)
    assert careful.runs_recheck == len(careful.recheck) * 128


def test_where_problems_are_alike_nothing_changes():
    alike = NamedTask("trap-without-a-trap", Trap(share=0.0))
    hasty, careful = (search(alike, DESCENT, budget) for budget in (replace(BUDGET, finalists=0), BUDGET))
    assert hasty.thetas == careful.thetas
    again = careful.recheck["trial"].tolist()
    for metric in METRICS:  # equal problems, equal scores
        assert careful.recheck[metric].tolist() == pytest.approx(careful.trials[metric][again].tolist())


def test_a_metric_is_chosen_for_by_itself():
    every = search(TRAP, DESCENT, BUDGET).thetas
    for metric in METRICS:
        assert search(TRAP, DESCENT, BUDGET, metrics=[metric]).thetas == {metric: every[metric]}


def test_a_cell_counts_and_keeps_its_re_check(tmp_path):
    done = []
    made = job("cell", "rosenbrock", "momentum", Budget(5, 4, 8, 2, 2, 3))
    record = evaluate_cell(made, done.append)
    assert record.status == "ok", record.error
    raced = len(record.recheck["trial"])
    assert 2 <= raced <= 8
    assert record.ledger["gradients_recheck"] == raced * 3 * 5
    assert record.ledger["gradients_tuning"] == (8 * 2 + raced * 3) * 5
    assert planned_runs(made.entry, made.budget) == 8 * 2 + 8 * 3 + 4 * 6
    assert sum(done) == pytest.approx(1)
    store = Store(tmp_path)
    store.write(record)
    assert store.read(record.cell.id).recheck == record.recheck
    plain = evaluate_cell(job("cell", "rosenbrock", "momentum", Budget(5, 4, 8, 2, 0)))
    assert (plain.recheck, plain.trials) == ({}, record.trials)
    assert plain.cell.id != record.cell.id
    untuned = evaluate_cell(job("cell", "rosenbrock", "gru-rosenbrock", Budget(5, 4, 8, 2, 2, 3)))
    assert (untuned.recheck, untuned.ledger["gradients_tuning"]) == ({}, 0)


@pytest.mark.slow
def test_processes_choose_as_one_does(tmp_path):
    suite = Suite("two", ("rosenbrock",), ("sgd", "momentum"), Budget(5, 4, 8, 2, 3, 16))
    for workers, out in ((1, tmp_path / "one"), (2, tmp_path / "two")):
        running.run(suite, out, workers=workers, probes=False)
    alone, together = (Store(tmp_path / name).records() for name in ("one", "two"))
    for one, other in zip(alone, together, strict=True):
        assert (one.cell, one.thetas, one.trials, one.recheck) == (
            other.cell,
            other.thetas,
            other.trials,
            other.recheck,
        )


def test_tune_follows_the_rule():
    tuned = bench.tune("rosenbrock", "momentum", trials=8, seeds=2, steps=5, finalists=3, recheck_seeds=16)
    found = search(named_task("rosenbrock"), bench.lookup.resolve.entry("momentum"), Budget(5, 1, 8, 2, 3, 16))
    assert tuned.theta == found.thetas["mean_loss"]
    raced = tuned.trials["recheck"].dropna()
    assert raced.index.tolist() == best_trials(found.trials["mean_loss"], METRICS["mean_loss"], 3) or len(raced) == 3
    assert bench.tune("rosenbrock", "momentum", trials=8, seeds=2, steps=5, finalists=0).trials.columns[-1] == "best"
