"""Every executor: all calls are done once, progress is told, what a call raises is raised, a death is said."""

import ctypes
import os
import signal
import subprocess
import sys
import threading
import time

import pytest

from bench.running import lane
from bench.running.executor import Call
from bench.running.here import Here
from bench.running.lane import Begin
from bench.running.processes import Processes
from bench.suites.suite import Limits

EXECUTORS = {"here": Here, "processes": lambda: Processes(2, Begin(begin, ("ready",)))}
_begun = ""
_held = []


def begin(word):
    global _begun
    _begun = word


def square(progress, x):
    progress(0.5)
    progress(0.5)
    return x * x


def refuse(progress, text):
    raise ValueError(text)


def die(progress):
    os.kill(os.getpid(), signal.SIGKILL)


def about(progress):
    return _begun, os.getpid()


@pytest.mark.parametrize("make", EXECUTORS.values(), ids=EXECUTORS)
class TestContract:
    def test_every_call_is_done_once_and_says_how_far_it_is(self, make):
        told = {}
        with make() as executor:
            numbers = [executor.submit(Call(square, (x,))) for x in range(5)]
            assert numbers == list(range(5))
            found = {
                r.number: r.value for r in executor.results(lambda i, share: told.update({i: told.get(i, 0) + share}))
            }
        assert found == {x: x * x for x in range(5)}
        assert set(told) <= set(numbers)
        assert all(share in (0.5, 1.0) for share in told.values())

    def test_what_a_call_raises_is_raised(self, make):
        with make() as executor:
            executor.submit(Call(refuse, ("no such luck",)))
            with pytest.raises(ValueError, match="no such luck"):
                list(executor.results())

    def test_it_can_be_asked_again_after_results_and_after_an_error(self, make):
        with make() as executor:
            executor.submit(Call(square, (2,)))
            assert [r.value for r in executor.results()] == [4]
            executor.submit(Call(refuse, ("once",)))
            with pytest.raises(ValueError, match="once"):
                list(executor.results())
            number = executor.submit(Call(square, (3,)))
            assert [(r.number, r.value) for r in executor.results()] == [(number, 9)]

    def test_what_waits_is_dropped_at_the_end(self, make):
        with make() as executor:
            for _ in range(50):
                executor.submit(Call(square, (1,)))
            next(executor.results())
        assert list(executor.results()) == []


def test_nothing_submitted_gives_no_results():
    for make in EXECUTORS.values():
        with make() as executor:
            assert list(executor.results()) == []


def test_a_process_begins_as_told_and_is_another_one():
    with Processes(1, Begin(begin, ("ready",))) as executor:
        executor.submit(Call(about))
        ((_, (word, process), lost),) = executor.results()
    assert (word, lost) == ("ready", None)
    assert process != os.getpid()


def test_a_death_is_said_and_the_process_replaced():
    with Processes(1, Begin(begin, ("",))) as executor:
        executor.submit(Call(die))
        executor.submit(Call(square, (7,)))
        first, second = executor.results()
    assert (first.number, first.value, first.lost.how) == (0, None, "was ended by SIGKILL")
    assert tuple(second) == (1, 49, None)


def nap(progress, seconds):
    time.sleep(seconds)


def leave(progress, code):
    os._exit(code)


def crash(progress):
    ctypes.string_at(0)


def give_up(progress, problem):
    raise problem


def swell(progress):
    kept = [b"x" * 2**20 for _ in range(2**9)]  # written to: zeros would take no memory
    time.sleep(60)
    return kept


def linger(progress):
    threading.Thread(target=time.sleep, args=(10**5,)).start()
    return "done"


@pytest.mark.parametrize(
    ("call", "how", "its_own"),
    [
        (Call(leave, (0,)), "ended itself with exit code 0", True),
        (Call(leave, (3,)), "ended itself with exit code 3", True),
        (Call(crash), "died of a segmentation fault", True),
        (Call(die), "was ended by SIGKILL", False),
    ],
    ids=["exit 0", "exit 3", "segmentation fault", "killed"],
)
def test_how_a_process_ended_is_said(call, how, its_own):
    with Processes(1, Begin(begin, ("",))) as executor:
        executor.submit(call)
        (result,) = executor.results()
    assert (result.lost.how, result.lost.its_own) == (how, its_own)


@pytest.mark.parametrize(
    "problem", [SystemExit(0), KeyboardInterrupt(), GeneratorExit()], ids=lambda p: type(p).__name__
)
def test_what_only_looks_like_an_end_is_an_error_of_the_call(problem):
    with Processes(1, Begin(begin, ("",))) as executor:
        executor.submit(Call(give_up, (problem,)))
        with pytest.raises(RuntimeError, match=type(problem).__name__):
            list(executor.results())
        executor.submit(Call(square, (3,)))
        assert [result.value for result in executor.results()] == [9]


@pytest.mark.parametrize(
    ("call", "limits", "how"),
    [
        (Call(nap, (60,)), Limits(seconds=0.5), "took longer than the limit of 0.5 s"),
        (Call(swell), Limits(memory=2**28), "used more memory than the limit of 256 MiB"),
    ],
    ids=["time", "memory"],
)
def test_a_call_beyond_its_limits_is_ended_and_the_next_one_done(call, limits, how):
    with Processes(1, Begin(begin, ("",)), limits=limits) as executor:
        for one in (call, Call(square, (7,))):
            executor.submit(one)
        first, second = executor.results()
    assert (first.lost.how, first.lost.its_own) == (how, True)
    assert second.value == 49


def test_neither_a_thread_left_behind_nor_a_call_under_way_keeps_the_executor_open():
    began = time.monotonic()
    with Processes(2, Begin(begin, ("",))) as executor:
        executor.submit(Call(linger))
        executor.submit(Call(nap, (60,)))
        assert next(executor.results()).value == "done"
    assert time.monotonic() - began < 30


@pytest.mark.parametrize(
    ("weights", "shares"), [([1] * 5, [3, 2]), ([2, 2, 2], [1, 1, 1]), ([1, 1, 2], [2, 1]), ([9, 1], [1, 1])]
)
def test_a_process_does_its_share_and_is_renewed(weights, shares, monkeypatch):
    monkeypatch.setattr(lane, "_resident", lambda pid: 0)  # where the system does not tell
    with Processes(1, Begin(begin, ("",)), life=3) as executor:
        for weight in weights:
            executor.submit(Call(about, weight=weight))
        processes = [result.value[1] for result in executor.results()]
    assert [processes.count(process) for process in dict.fromkeys(processes)] == shares


def test_a_process_is_renewed_when_it_has_grown_by_its_life():
    with Processes(1, Begin(begin, ("",)), life=40) as executor:
        for size in (1, 1, 60, 1, 1):
            executor.submit(Call(hold, (size,), weight=1))
        processes = [result.value for result in executor.results()]
    assert [processes.count(process) for process in dict.fromkeys(processes)] == [3, 2]


def hold(progress, mebibytes):
    _held.append(b"1" * (mebibytes * 2**20))
    return os.getpid()


def test_two_processes_work_side_by_side():
    with Processes(2, Begin(begin, ("",))) as executor:
        for _ in range(2):
            executor.submit(Call(meet))
        times = [result.value for result in executor.results()]
    (start, end), (other_start, other_end) = times
    assert start < other_end
    assert other_start < end


def meet(progress):
    start = time.time()
    time.sleep(1.5)
    return start, time.time()


UNGUARDED = """
from bench.running.executor import Call
from bench.running.lane import Begin
from bench.running.processes import Processes
print("top level")
with Processes(2, Begin(str)) as executor:
    executor.submit(Call(isinstance, (object,)))
    print([result.value for result in executor.results()])
"""


@pytest.mark.parametrize("piped", [False, True], ids=["of a file", "piped, as a notebook has no file"])
def test_a_script_without_a_guard_is_not_run_again_by_its_workers(piped, tmp_path):
    path = tmp_path / "mine.py"
    path.write_text(UNGUARDED)
    how = [sys.executable, "-"] if piped else [sys.executable, str(path)]
    result = subprocess.run(how, input=UNGUARDED if piped else "", capture_output=True, text=True, timeout=60)
    assert result.stdout.split("\n") == ["top level", "[True]", ""], result.stderr
