"""The page of scale is made from what was measured; and a small measurement of jobs counts all of them."""

import dataclasses

import pytest

from bench.maintain import scale, scale_page
from bench.maintain.scale_page import Disk, Measured, PerJob, Speedup, Yardstick
from bench.records import sealed
from bench.running.cluster import check
from bench.running.executor import Call, Done, Executor
from bench.suites.schedule import START

MADE_UP = Measured(
    PerJob(100_000, 2, 0.0025, 3 * 2**20),
    [Speedup("processes", 21.0, 14.0, 1.11), Speedup("workers of a cluster", 30.0, 24.0, 1.08)],
    seconds_per_cell=65.0,
    share_compiling=0.25,
    cells=24,
    disk=Disk(51200.0, 120.0, 400.0),
    processor="a processor",
    time="2026-01-01T00:00:00",
    commit="abc",
    trials=2048,
    yardsticks=[Yardstick("only count", 1.85), Yardstick("race apart", 1.5)],
)


def test_the_page_is_that_of_the_numbers_that_are_kept():
    assert scale_page.PAGE.read_text("utf-8") == scale_page.page(scale_page.measured())


def test_without_numbers_it_says_so_and_with_them_every_one_is_there(tmp_path, monkeypatch):
    monkeypatch.setattr(scale_page, "NUMBERS", tmp_path / "scale.json")
    assert scale_page.measured() is None
    assert "Not measured yet" in scale_page.page(None)
    sealed.write(tmp_path / "scale.json", MADE_UP.plain())
    assert scale_page.measured() == MADE_UP
    page = scale_page.page(MADE_UP)
    assert "Not measured" not in page
    for cell in (
        "2.50 ms",
        "of 100,000 jobs on 2 workers",
        "3 MiB",
        "1 min 05 s",
        "25%",
        "1.50 × | one takes 21.0 s for 24 cells of 2,048 trials; 1.11 cores busy; 100% of the limit; target: 1.8",
        "1.25 × | one takes 30.0 s for 24 cells of 2,048 trials; 1.08 cores busy; 83% of the limit; target: 1.8",
        "two processes that only count | 1.85 ×",
        "50 KiB",
        "120 bytes",
    ):
        assert cell in page, cell
    assert "On a processor, 2026-01-01T00:00:00, commit abc." in page


def test_what_a_thousand_cores_take_is_bounded_by_all_and_by_the_longest():
    core = scale_page.extrapolate()
    assert core.cells > core.unknown >= 0
    assert core.finished >= max(core.longest, core.total / scale_page.CORES)
    assert core.finished <= START + core.longest + core.total / scale_page.CORES


def test_numbers_without_yardsticks_make_a_page(tmp_path, monkeypatch):
    monkeypatch.setattr(scale_page, "NUMBERS", tmp_path / "scale.json")
    older = MADE_UP.plain()
    del older["trials"], older["yardsticks"]
    sealed.write(tmp_path / "scale.json", {**older, "speedups": [{"name": "processes", "one": 20.0, "two": 10.0}]})
    page = scale_page.page(scale_page.measured())
    assert "| two processes | 2.00 × | one takes 20.0 s for 24 cells; target: 1.8 |" in page


def test_a_cell_of_many_trials_is_that_of_the_protocol_otherwise():
    usual, long = (scale.cells_measured(*given) for given in ((), (scale.TRIALS,)))
    assert len(usual) == len(long) == len(scale.TASKS) * len(scale.OPTIMIZERS)
    for one, other in zip(usual, long, strict=True):
        assert other.budget == dataclasses.replace(one.budget, trials=scale.TRIALS)
        assert (one.task, one.optimizer) == (other.task, other.optimizer)


class Clocked(Executor):
    """Answers calls at once; the process of its calls is busy for a second and a half a call."""

    def __init__(self):
        self._calls, self.spent = [], 0.0

    def submit(self, call):
        self._calls.append(call)
        self.spent += 1.5 * (call.function is not scale.spent)
        return len(self._calls) - 1

    def results(self, progress=None):
        for number, call in enumerate(self._calls):
            yield Done(number, self.spent if call.function is scale.spent else "a record")
        self._calls = []

    def close(self):
        pass


def test_what_a_process_spends_is_counted_over_the_cells_alone():
    cells = scale.cells_measured()[:4]
    timed = scale._timed(Clocked(), cells)
    assert timed.processor == 1.5 * 4  # not of the two before
    assert timed.answers == ["a record"] * 4
    assert timed.seconds < 1


@pytest.mark.slow
def test_two_that_count_are_compared_with_one():
    found = scale.yardstick("only count", Call(scale.count, (1000,)), rounds=1)
    assert found.name == "only count"
    assert found.ratio > 0


def test_workers_are_waited_for_without_a_word(capfd):
    pytest.importorskip("distributed")
    with scale.cluster(1) as address:
        assert check(address) == 1
    assert "no workers yet" not in capfd.readouterr().err


@pytest.mark.slow
def test_all_empty_jobs_come_back_from_a_cluster_of_processes():
    pytest.importorskip("distributed")
    found = scale.overhead(500, workers=1)
    assert (found.jobs, found.workers) == (500, 1)
    assert 0 < found.seconds < 0.5
    assert found.growth < 2**26
