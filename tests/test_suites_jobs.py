"""Jobs: looked up once, found again elsewhere by their address, and refused where they mean something else."""

import dataclasses

import pytest

from bench.engine import VERSION
from bench.errors import UserError
from bench.lookup import plugins
from bench.records.record import Budget
from bench.running import run
from bench.running.executor import Means
from bench.running.here import Here
from bench.running.processes import Processes
from bench.running.progress import Bar
from bench.running.run import executor_for
from bench.suites import schedule
from bench.suites.jobs import found, job, plan
from bench.suites.suite import Limits, Suite
from optimizers import get

BUDGET = Budget(steps=1, seeds=1)


def test_a_job_is_found_again_by_its_address():
    there = job("cell", "rosenbrock", "adam", BUDGET)
    here = found(there.address)
    assert here == there
    assert here.cell == there.cell
    assert here.cell.versions["engine"] == VERSION
    assert str(here) == "adam on rosenbrock"


def test_a_job_that_means_something_else_is_refused():
    address = job("cell", "rosenbrock", "adam", BUDGET).address
    with pytest.raises(UserError, match="adam on rosenbrock is another cell here"):
        found(address._replace(id="0123456789abcdef"))


def test_names_are_looked_up_once_for_a_whole_suite(monkeypatch):
    from bench.lookup import resolve

    asked = []
    real = resolve.entry
    monkeypatch.setattr(resolve, "entry", lambda name: asked.append(name) or real(name))
    cells = plan(Suite("s", ("rosenbrock", "booth", "beale"), ("sgd", "adam")))
    assert len(cells) == 6
    assert asked == ["sgd", "adam"]


def test_objects_stay_in_this_process():
    named, held = job("cell", "rosenbrock", "adam", BUDGET), job("cell", "rosenbrock", get("adam"), BUDGET)
    assert named.portable
    assert not held.portable
    with executor_for([named, named], Means(2)) as executor:
        assert isinstance(executor, Processes)
    with executor_for([named, held], Means(2)) as executor:
        assert isinstance(executor, Here)


def test_few_light_jobs_of_one_worker_are_done_here():
    one = job("cell", "rosenbrock", "adam", BUDGET)
    few = schedule.FEW // schedule.weight(one)
    with executor_for([one] * few, Means(1)) as executor:
        assert isinstance(executor, Here)
    with executor_for([one] * (few + 1), Means(1)) as executor:
        assert isinstance(executor, Processes)


def test_other_peoples_code_and_limited_cells_are_done_in_processes(monkeypatch):
    monkeypatch.setattr(plugins, "only_here", lambda task, optimizer: "")
    shipped = [job("cell", "rosenbrock", name, BUDGET) for name in ("adam[beta_1=0.8]", "gru-rosenbrock")]
    with executor_for(shipped, Means(1)) as executor:
        assert isinstance(executor, Here)
    with executor_for(shipped, Means(1, limits=Limits(seconds=9.0))) as executor:
        assert isinstance(executor, Processes)
    theirs = dataclasses.replace(shipped[0], task="mine")
    with executor_for([theirs], Means(1)) as executor:
        assert isinstance(executor, Processes)
    held = dataclasses.replace(shipped[0], optimizer=get("adam"))
    with pytest.raises(UserError, match="limits of time and memory need processes"):
        executor_for([held], Means(1, limits=Limits(seconds=9.0)))


def test_one_executor_does_several_lots_of_jobs_and_stays_open(monkeypatch):
    monkeypatch.setattr(run, "run_job", lambda progress, one: str(one))
    monkeypatch.setattr(run, "executor_for", None)
    kept, shared = [], Here()
    for names in (("sgd", "adam"), ("momentum",)):
        jobs = [job("cell", "rosenbrock", name, BUDGET) for name in names]
        with Bar("cells", len(jobs), 0) as bar:
            run.finish(jobs, lambda one, value: kept.append((str(one), value)), Means(1), bar, shared)
    assert kept == [(f"{name} on rosenbrock",) * 2 for name in ("sgd", "adam", "momentum")]


def test_weights_by_cost():
    jobs = [job(kind, task, "sgd", BUDGET) for kind in ("cell", "reading") for task in ("rosenbrock", "adding-gru")]
    assert [schedule.weight(each) for each in jobs] == [15, 165, 60, 60]


def test_processes_together_leave_behind_at_most_a_third_of_the_memory(monkeypatch):
    pages = {"SC_PHYS_PAGES": 4 * 2**20, "SC_PAGE_SIZE": 4096}  # 16 GiB
    monkeypatch.setattr(schedule.os, "sysconf", pages.__getitem__)
    assert [schedule.life(workers) for workers in (1, 5, 16)] == [1024, 1024, 341]
    assert schedule.life(16, limited=True) == 341 // 4


def test_the_budget_is_part_of_a_job_and_of_its_cell():
    one = job("cell", "rosenbrock", "adam", BUDGET)
    other = job("cell", "rosenbrock", "adam", dataclasses.replace(BUDGET, steps=2))
    assert one != other
    assert one.cell.id != other.cell.id


def test_what_a_folder_held_besides_is_said_and_nothing_else(capsys, tmp_path):
    """Other entries and more problems are; the same cells, done before, are not."""
    job_of = {seeds: job("cell", "rosenbrock", "adam", Budget(steps=1, seeds=seeds)) for seeds in (1, 2)}
    other = job("cell", "booth", "adam", BUDGET).cell

    def said(finished):
        run._say_others([job_of[1]], finished, tmp_path)
        return capsys.readouterr().err

    assert said([job_of[1].cell]) == ""
    assert "had 1 other cell from earlier runs" in said([job_of[1].cell, other])
    assert "had more problems than these from earlier runs" in said([job_of[2].cell])
