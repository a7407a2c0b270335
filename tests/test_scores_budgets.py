"""Several budgets in one folder: problems nest, the rest is chosen, and what cannot be told apart is refused."""

import dataclasses

import numpy as np
import pytest
import samples

from bench.errors import UserError
from bench.records.record import Budget
from bench.records.store import Store
from bench.scores import budgets
from bench.scores.leaderboard import leaderboard
from bench.scores.results import load

FEWER = dataclasses.replace(samples.SMALL, seeds=4)
SHORTER = dataclasses.replace(samples.SMALL, steps=10)


def add(out, budget, names=("sgd",), task="bowl", **changes):
    for name in names:
        losses = samples.curves(samples.RATES[name], steps=budget.steps, seeds=16)[: budget.seeds]
        Store(out).write(samples.record(task, name, losses, budget=budget, **changes))


def test_fewer_problems_beside_more_change_nothing(tmp_path):
    """The third command of the README: 64 of 512 problems, in the folder of the first."""
    out = samples.folder(tmp_path / "out")
    before = leaderboard(out)
    add(out, FEWER)
    assert leaderboard(out).equals(before)


def test_an_entry_with_fewer_problems_is_compared_on_those(tmp_path, capsys):
    out = samples.folder(tmp_path / "out", {"sgd": 0.05}, tasks=("bowl",))
    add(out, FEWER, ["adam"])
    records = load(out).records
    assert {r.cell.budget.seeds for r in records.values()} == {4}
    whole = Store(out).records()[1].runs["default"].losses
    assert np.array_equal(records["bowl", "sgd"].runs["default"].losses, whole[:4])
    assert records["bowl", "sgd"].ledger["gradients_reporting"] == 4 * 20
    assert "first 4 of 16 problems" in capsys.readouterr().err


def test_cut_records_are_those_of_the_smaller_run(tmp_path):
    cut = budgets.first_problems(samples.record(measures={"default": {"accuracy": [0.5] * 16}}), 4)
    assert cut.cell.id == samples.record(budget=FEWER).cell.id
    assert cut.measures == {"default": {"accuracy": [0.5] * 4}}


def test_budgets_lie_side_by_side_and_are_chosen(tmp_path, capsys):
    out = samples.folder(tmp_path / "out", tasks=("bowl",))
    add(out, SHORTER, ["sgd", "adam"])
    assert sorted(load(out).optimizers) == ["adam", "gru-a", "sgd"]
    assert "steps=10,trials=4,tuning_seeds=2,finalists=0; choose with --budget" in capsys.readouterr().err
    chosen = load(out, {"steps": 10})
    assert chosen.optimizers == ["adam", "sgd"]
    assert chosen.records["bowl", "sgd"].cell.budget == SHORTER
    assert load(out, preferred={"bowl": SHORTER}).optimizers == ["adam", "sgd"]
    assert load(out, {"seeds": 3}).records["bowl", "adam"].cell.budget.seeds == 3


def test_a_budget_that_is_not_there_is_refused(tmp_path):
    out = samples.folder(tmp_path / "out")
    with pytest.raises(UserError, match=r"no cells of budget steps=7; there are.*steps=20,trials=4"):
        load(out, {"steps": 7})
    with pytest.raises(UserError, match="seeds=17; there are, with up to 16 problems"):
        load(out, {"seeds": 17})


@pytest.mark.parametrize("text", ["steps", "steps=", "step=5", "steps=0", "steps=-1", "steps=5,steps=6", ""])
def test_budgets_that_cannot_be_read(text):
    with pytest.raises(UserError, match="such as steps=200"):
        budgets.parse(text)


def test_budgets_are_read():
    assert budgets.parse("steps=200, trials=64") == {"steps": 200, "trials": 64}
    assert budgets.parse(None) == {}


def test_a_failed_cell_of_fewer_problems_does_not_shorten(tmp_path):
    out = samples.folder(tmp_path / "out", {"adam": 0.2}, tasks=("bowl",))
    Store(out).write(samples.failed(budget=FEWER))
    assert {r.cell.budget.seeds for r in load(out).records.values()} == {16}


def test_what_would_not_compare_is_refused_before_work():
    held = dataclasses.replace(samples.record().cell, versions={"engine": "1", "keras": "3"})
    engine = dataclasses.replace(held, optimizer="adam", versions={"engine": "2", "keras": "3"})
    for other, word in (
        (engine, "engine"),
        (dataclasses.replace(held, optimizer_definition="sgd(2)"), "definition of the optimizer"),
        (dataclasses.replace(held, optimizer="adam", task_definition="bowl(2)"), "definition of the task"),
        (dataclasses.replace(held, versions={"engine": "1", "keras": "4"}, budget=FEWER), "keras"),
    ):
        with pytest.raises(UserError, match=f"another {word}.*--out"):
            budgets.check_room([held], [other], "there")
    budgets.check_room([held], [held, dataclasses.replace(held, budget=SHORTER)], "there")
    assert budgets.covering([held], dataclasses.replace(held, budget=FEWER)) is held
    assert budgets.covering([held], dataclasses.replace(held, budget=Budget(20, 17, 4, 2))) is None
