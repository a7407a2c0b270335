"""What foreign code leaves changed in a process is put back before the next call."""

import os
import signal
import sys

import pytest

from bench.running.aftermath import put_back
from bench.running.executor import Call
from bench.running.lane import Begin
from bench.running.processes import Processes

CHANGES = {
    "path": lambda: sys.path.clear(),
    "folder": lambda: os.chdir("/"),
    "umask": lambda: os.umask(0o777),
    "streams": lambda: setattr(sys, "stdout", None),
    "signals": lambda: (signal.signal(signal.SIGTERM, signal.SIG_IGN), signal.alarm(1)),
}


def state():
    mask = os.umask(0)
    os.umask(mask)
    handler, left = signal.getsignal(signal.SIGTERM), signal.alarm(0)
    return list(dict.fromkeys(sys.path)), os.getcwd(), mask, sys.stdout, handler, left


@pytest.mark.parametrize("name", CHANGES)
def test_it_is_put_back(name):
    before = state()
    with put_back():
        CHANGES[name]()
    assert state() == before


def test_it_is_put_back_after_an_error():
    before = state()

    @put_back()
    def fails():
        sys.path.clear()
        raise ValueError("own")

    with pytest.raises(ValueError, match="own"):
        fails()
    assert state() == before


def spoil(progress):
    sys.path.clear()
    os.umask(0o777)


def spoiled(progress):
    mask = os.umask(0)
    return not sys.path or mask == 0o777


def begin():
    pass


def test_the_next_call_in_the_process_meets_none_of_it():
    with Processes(1, Begin(begin)) as executor:
        executor.submit(Call(spoil))
        executor.submit(Call(spoiled))
        assert [done.value for done in executor.results()] == [None, False]
