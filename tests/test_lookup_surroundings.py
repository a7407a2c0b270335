"""What a process shares is put back after foreign code ran, whether it ended well or not."""

import os
import signal
import sys

import pytest

from bench.lookup import surroundings

CHANGES = {
    "path": lambda: sys.path.clear(),
    "another path": lambda: setattr(sys, "path", []),
    "folder": lambda: os.chdir("/"),
    "umask": lambda: os.umask(0o777),
    "environment": lambda: os.environ.update(OPTOSCOPE_UNHEARD_OF="1"),
    "streams": lambda: setattr(sys, "stdout", None),
    "signals": lambda: signal.signal(signal.SIGTERM, signal.SIG_IGN),
    "alarm": lambda: signal.setitimer(signal.ITIMER_REAL, 3600),
}


def state():
    mask = os.umask(0)
    os.umask(mask)
    handler, alarm = signal.getsignal(signal.SIGTERM), signal.getitimer(signal.ITIMER_REAL)
    return list(dict.fromkeys(sys.path)), os.getcwd(), mask, dict(os.environ), sys.stdout, handler, alarm


@pytest.mark.parametrize("name", CHANGES)
@pytest.mark.parametrize("raises", [False, True])
def test_it_is_put_back(name, raises):
    before = state()

    @surroundings.kept()
    def foreign():
        CHANGES[name]()
        if raises:
            raise ValueError("own")

    if raises:
        with pytest.raises(ValueError, match="own"):
            foreign()
    else:
        foreign()
    assert state() == before


def test_an_alarm_that_was_set_before_is_not_prolonged():
    signal.setitimer(signal.ITIMER_REAL, 3600)
    with surroundings.kept():
        signal.setitimer(signal.ITIMER_REAL, 1800)
    left, _ = signal.setitimer(signal.ITIMER_REAL, 0)
    assert left < 1801
