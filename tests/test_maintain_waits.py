"""What is read off a terminal: what was announced, what it took, the longest silence, how far the bar was off."""

import math

import pytest

from bench.maintain.waits import Said, read, seconds


@pytest.mark.parametrize(
    ("words", "value"), [("0.4 s", 0.4), ("1 min 20 s", 80), ("2 h 05 min", 7500), ("?", math.nan)]
)
def test_durations(words, value):
    assert seconds(words) == pytest.approx(value, nan_ok=True)


def test_a_run_is_read_off_its_terminal():
    said = [
        Said(1.0, "loading TensorFlow … 1 s"),
        Said(3.0, "note: 4 cells to run on 2 processes: about 30 s, then 1 to probe: about 40 s\r\n"),
        Said(4.0, "\rcells:   0%|          | 0.0/4 [00:00<30 s]"),
        Said(6.5, "\rcells:  10%|#         | 0.4/4 [00:02<2 min 00 s]"),
        Said(14.0, "\rcells:  50%|#####     | 2.0/4 [00:10<20 s, sgd on rosenbrock]"),
        Said(20.0, "\rcells:  75%|#######   | 3.0/4 [00:16<4.0 s, adam on rosenbrock]"),
        Said(24.0, "\rcells: 100%|##########| 4.0/4 [00:20<0.0 s, sgd on wine]\r\n"),
        Said(25.0, "All tasks"),
    ]
    found = read(said)
    assert (found.announced, found.took, found.silence) == (30.0, 20.0, 7.5)
    assert found.worst == pytest.approx(30 / 20)


def test_a_run_without_cells_says_nothing():
    found = read([Said(0.0, "All tasks"), Said(2.0, "")])
    assert math.isnan(found.took)
    assert found.silence == 2.0
