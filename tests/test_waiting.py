"""Nothing is silent for long: what is shown when, by a clock of the test's own; and, once, on a real terminal."""

from pathlib import Path

import pytest

from bench import waiting
from bench.maintain.waits import on_terminal
from bench.waiting import Watch

ROOT = Path(__file__).parents[1]


class Clock:
    now = 100.0

    def __call__(self):
        return self.now


class Bar:
    shown = 0

    def refresh(self):
        self.shown += 1


@pytest.fixture
def clock():
    return Clock()


def watching(clock, terminal=True):
    said = []
    return Watch(said.append, terminal, clock), said


def test_a_terminal_hears_after_two_seconds_at_most_and_every_look_from_then_on(clock):
    watch, said = watching(clock)
    for _ in range(6):
        clock.now += waiting.TICK
        watch.tick()
    assert waiting.QUIET + waiting.TICK <= 2.0
    assert len(said) == 6 - round(waiting.QUIET / waiting.TICK) + 1
    assert said[0].startswith("\rworking … ")


def test_what_is_written_next_finds_the_line_empty(clock):
    watch, said = watching(clock)
    clock.now += 5
    watch.tick()
    watch.heard()
    assert said[-1] == f"\r{' ' * (len(said[0]) - 1)}\r"
    watch.heard()
    assert len(said) == 2


def test_a_bar_that_stands_still_is_shown_again_instead(clock):
    watch, said = watching(clock)
    bar = Bar()
    clock.now += 1
    watch.tick(lambda: [bar])
    assert bar.shown == 0
    clock.now += 1
    watch.tick(lambda: [bar])
    assert (bar.shown, said) == (1, [])


def test_a_log_gets_a_line_in_half_a_minute(clock):
    watch, said = watching(clock, terminal=False)
    for _ in range(70):
        clock.now += 1
        watch.tick()
    assert len(said) == 2
    assert said[0].startswith("note: working … ")
    assert said[0].endswith(" s\n")


def test_the_phase_is_named_and_gone_with_it(clock, monkeypatch):
    watch, said = watching(clock)
    with waiting.doing("drawing"), waiting.doing("drawing curves"):
        watch.say()
    watch.say()
    assert said[0].startswith("\rdrawing curves … ")
    assert said[1].startswith("\rworking … ")


def test_a_plug_in_that_takes_its_time_is_not_waited_for_in_silence(tmp_path):
    (tmp_path / "slow.py").write_text("import time\ntime.sleep(6)\n")
    words = ["list", "suites", "--import", str(tmp_path / "slow.py")]
    said = "".join(part.text for part in on_terminal(words, {}))
    assert said.count("running slow.py … ") >= 2
    assert said.rindex("running slow.py") < said.index("smoke")
