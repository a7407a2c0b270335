"""Expected time: earlier runs first, then the table, then nothing; sums checked by hand."""

import dataclasses
import math

import pytest
import samples

from bench.lookup import resolve
from bench.records import sealed
from bench.records.record import Budget
from bench.records.store import Store
from bench.reports import dry_run
from bench.scores.numbers import duration
from bench.suites import find, schedule
from bench.suites import forecast as forecasts
from bench.suites.jobs import job, plan

TABLE = {
    "tasks": {"rosenbrock": {"step": 1e-8, "compile": 2.0, "parameters": 2}},
    "optimizers": {"sgd": {"step": 0.0, "compile": 0.0}, "adam": {"step": 5e-9, "compile": 1.0}},
    "processor": "a processor",
}
BUDGET = Budget(steps=100, seeds=10, trials=200, tuning_seeds=4, finalists=0)
RECHECKED = Budget(steps=100, seeds=10, trials=200, tuning_seeds=4, finalists=5, recheck_seeds=20)


@pytest.fixture(autouse=True)
def table(tmp_path, monkeypatch):
    sealed.write(tmp_path / "timings.json", TABLE)
    monkeypatch.setattr(forecasts, "TABLE", tmp_path / "timings.json")


def subjects(task="rosenbrock", optimizer="adam"):
    return resolve.named_task(task), resolve.entry(optimizer)


def forecast(out, optimizer="adam", task="rosenbrock", budget=BUDGET, folders=()):
    return forecasts.forecast([job("cell", task, optimizer, budget)], out, folders)[0]


def kept(folder, optimizer="adam", budget=BUDGET, **seconds):
    """A record of exactly the cell that would be planned, with a ledger of `seconds`."""
    cell = job("cell", "rosenbrock", optimizer, budget).cell
    ledger = {f"seconds_{name}": value for name, value in seconds.items()}
    record = samples.record("rosenbrock", optimizer, budget=budget, cell=cell, ledger=ledger)
    Store(folder).write(record)
    return folder


def test_steps_count_whole_tiles():
    # tuning 200 × 4 takes a tile of 256 × 8, and so does reporting: 6 → 256 rows on 10 → 16 columns
    assert forecasts.steps_computed(*subjects(), BUDGET) == 100 * (256 * 8 + 256 * 16)
    assert forecasts.steps_computed(*subjects(optimizer="gru-rosenbrock"), BUDGET) == 100 * 16
    # of five metrics five finalists each, 25 → 256 rows on 20 → 24 columns
    assert forecasts.steps_computed(*subjects(), RECHECKED) == 100 * 256 * (8 + 16 + 24)
    assert forecasts.steps_computed(*subjects(optimizer="gru-rosenbrock"), RECHECKED) == 100 * 16
    moons = subjects("two-moons-small")  # 16 × 16 whatever is asked for
    assert forecasts.steps_computed(*moons, BUDGET) == 100 * (208 * 16 + 16 * 16)


def test_the_table_adds_task_and_optimizer(tmp_path):
    steps = 100 * 256 * 24
    found = forecast(tmp_path / "new")
    assert found.source == "table"
    assert found.seconds == pytest.approx(3.0 + steps * (1e-8 + 2 * 5e-9))
    assert forecast(tmp_path / "new", "adam[beta_1=0.8]").source == "table"


@pytest.mark.parametrize(("task", "optimizer"), [("two-moons", "sgd"), ("rosenbrock", "lion")])
def test_what_was_never_measured_is_unknown(tmp_path, task, optimizer):
    found = forecast(tmp_path / "new", optimizer, task)
    assert found.source == "unknown"
    assert math.isnan(found.seconds)


def test_earlier_runs_go_before_the_table(tmp_path):
    other = Budget(steps=50, seeds=64, trials=128, tuning_seeds=64, finalists=0)
    folder = kept(tmp_path / "before", budget=other, compile=4.0, tuning=1.5, reporting=0.5)
    found = forecast(tmp_path / "new", folders=[folder])
    measured = 50 * 128 * 64  # tuning is one tile, in the seconds of compiling, and so is reporting
    assert found.source == "runs"
    assert found.seconds == pytest.approx(4.0 + 2.0 / measured * 100 * 256 * 24)


def test_a_run_of_one_tile_says_nothing_of_steps(tmp_path):
    folder = kept(tmp_path / "before", "gru-rosenbrock", compile=4.0, tuning=0.0, reporting=0.1)
    assert forecast(tmp_path / "new", "gru-rosenbrock", folders=[folder]).source == "unknown"


def test_a_cell_that_is_there_is_done(tmp_path):
    out = kept(tmp_path / "out", compile=4.0, tuning=1.0, reporting=1.0)
    assert forecast(out).source == "done"
    assert forecast(out, budget=Budget(steps=100, seeds=11)).source == "runs"


def test_a_damaged_cell_is_left_out(tmp_path):
    out = kept(tmp_path / "out", compile=4.0, tuning=1.0, reporting=1.0)
    (out / "cells" / "0000000000000000.parquet").write_bytes(b"PAR1 no")
    assert len(Store(out).ledgers()) == 1
    assert Store(out).ledgers()[0][1]["seconds_compile"] == 4.0


def test_cells_of_another_engine_are_not_done(tmp_path):
    out = kept(tmp_path / "out", compile=4.0, tuning=1.0, reporting=1.0)
    assert forecast(out).source == "done"
    (record,) = Store(out).records()
    older = dataclasses.replace(record.cell, versions={**record.cell.versions, "engine": "1"})
    Store(tmp_path / "older").write(record._replace(cell=older))
    assert forecast(tmp_path / "older").source != "done"


def test_workers_take_cells_in_turn():
    start = schedule.START
    assert schedule.finish_time([3.0, 1.0, 1.0, 4.0], 2) == start + 6.0
    assert schedule.finish_time([3.0, 1.0], 1) == start + 4.0
    assert schedule.finish_time([], 2) == 0.0


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0.42, "0.4 s"),
        (12.4, "12 s"),
        (59.7, "1 min 00 s"),
        (200, "3 min 20 s"),
        (7500, "2 h 05 min"),
        (math.nan, "unknown"),
    ],
)
def test_durations(seconds, text):
    assert duration(seconds) == text


def test_the_description_has_every_cell_and_says_where_it_is_from(tmp_path):
    suite = find.override(find.get("quick"), tasks=["rosenbrock", "two-moons"], optimizers=["sgd", "adam"])
    text = dry_run.describe(suite, tmp_path / "new", 2, [])
    lines = [line.split() for line in text.splitlines()]
    assert lines[2][:6] == ["rosenbrock", "sgd", "200", "512", "1024", "×"]
    assert [line[:2] for line in lines[2:6]] == [[j.task, j.optimizer] for j in plan(suite)]
    assert lines[4][-2:] == ["unknown", "unknown"]
    assert "4 cells, 0 of them done" in text
    assert "at least" in text
    assert "and 2 cells of unknown cost" in text
    assert "measured on a processor" in text


def test_of_many_cells_there_is_a_line_for_each_task(tmp_path, monkeypatch):
    suite = find.override(find.get("quick"), tasks=["rosenbrock", "two-moons"], optimizers=["sgd", "adam"])
    monkeypatch.setattr(dry_run, "MANY_CELLS", 3)
    lines = dry_run.describe(suite, tmp_path / "new", 2, []).splitlines()
    assert lines[0].split() == ["task", "cells", "done", "unknown", "steps", "problems", "tuning", "expected"]
    assert lines[2].split()[:7] == ["rosenbrock", "2", "0", "0", "200", "512", "1024"]
    assert lines[3].split()[:5] == ["two-moons", "2", "0", "2", "200"]
    assert lines[3].split()[-1] == "–"
    assert lines[4].endswith("--tasks NAME lists the cells.")


def test_the_shipped_table_names_its_machine_and_what_quick_needs(monkeypatch):
    monkeypatch.undo()
    quick = plan(find.override(find.get("quick")))
    found = forecasts.forecast(quick, forecasts.TABLE.parent / "nowhere", [])
    assert {cell.source for cell in found} == {"table"}
    assert forecasts.costs()["processor"]
