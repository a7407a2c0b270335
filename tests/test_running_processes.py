"""Worker processes are renewed when they have compiled their share, and no job is lost or done twice."""

from collections import deque
from concurrent.futures import Future
from pathlib import Path

import pytest

from bench.records.record import Budget
from bench.running import processes
from bench.suites.jobs import Job

BUDGET = Budget(steps=1, seeds=1)


def job(task):
    return Job("cell", task, "sgd", BUDGET)


class Pool:
    """Does a job at once, and remembers it."""

    def __init__(self):
        self.done, self.open = [], True

    def submit(self, _, i, its_job, out):
        assert self.open
        self.done.append(i)
        future = Future()
        future.set_result(f"{its_job.optimizer} on {its_job.task}")
        return future

    def shutdown(self, **_):
        self.open = False


class Bar:
    def __init__(self):
        self.jobs = []

    def finished(self, i, name):
        self.jobs.append((i, name))


class Channel:
    def empty(self):
        return True


def lane(pools):
    made = processes._Lane.__new__(processes._Lane)
    made._make = lambda: pools.append(Pool()) or pools[-1]
    made._pool, made._spent = made._make(), 0
    return made


@pytest.mark.parametrize(
    ("tasks", "shares"),
    [
        (["rosenbrock"] * 13, [list(range(12)), [12]]),
        (["digits-autoencoder"] * 4, [[0, 1], [2, 3]]),
        (["rosenbrock"] * 9 + ["adding-gru"], [list(range(9)), [9]]),
    ],
)
def test_a_process_does_its_share_and_is_renewed(tasks, shares):
    pools, bar = [], Bar()
    jobs = [job(task) for task in tasks]
    processes._distribute(deque(enumerate(jobs)), Path("out"), [lane(pools)], Channel(), bar)
    assert [pool.done for pool in pools] == shares
    assert [pool.open for pool in pools] == [False] * (len(pools) - 1) + [True]
    assert bar.jobs == [(i, f"sgd on {task}") for i, task in enumerate(tasks)]


def test_two_lanes_share_the_jobs_and_none_is_done_twice():
    pools, bar = [], Bar()
    jobs = [job("rosenbrock")] * 30
    lanes = [lane(pools), lane(pools)]
    processes._distribute(deque(enumerate(jobs)), Path("out"), lanes, Channel(), bar)
    assert sorted(i for pool in pools for i in pool.done) == list(range(30))
    assert sorted(i for i, _ in bar.jobs) == list(range(30))
    assert max(len(pool.done) for pool in pools) <= processes.SHARE
