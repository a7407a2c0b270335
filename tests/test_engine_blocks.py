"""Blocks of steps: the numbers of single steps, wherever a run, a piece or a recorded point ends."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import pytest

import optimizers
import tasks
from bench.engine import blocks, executor, program_cache, programs, purity, race
from bench.engine.blocks import LENGTH, Blocks
from bench.engine.problems import Problems
from bench.engine.unroll import Unroll
from bench.lookup.named import NamedTask
from bench.lookup.resolve import named_task
from optimizers.base import Asks
from tasks import Task, tf


@pytest.fixture
def raced(monkeypatch):
    """A function that races by an unroll, in programs made anew."""
    monkeypatch.setenv(program_cache.VARIABLE, "")

    def by(unroll, task, entry, steps, rates=(0.001, 0.01, 0.3), record="log"):
        monkeypatch.setattr(programs, "_unroll", unroll)
        programs.program.cache_clear()
        found = optimizers.get(entry)
        thetas = [{**found.defaults, "learning_rate": rate} for rate in rates]
        subject = task if isinstance(task, NamedTask) else named_task(task)
        return race.race(found, thetas, Problems(subject, "report", range(5), steps), record=record).runs

    yield by
    programs.program.cache_clear()


def assert_same(one, other):
    for field in one._fields:
        mine, theirs = getattr(one, field), getattr(other, field)
        assert mine.tobytes() == theirs.tobytes(), field


@pytest.mark.parametrize("steps", [0, 1, LENGTH - 1, LENGTH, LENGTH + 1, 50])
@pytest.mark.parametrize("record", ["log", "all"])
def test_a_run_of_any_length_has_the_bits_of_single_steps(steps, record, raced):
    ours, theirs = (raced(way, "rosenbrock", "momentum", steps, record=record) for way in (Blocks, Unroll))
    assert_same(ours, theirs)
    if steps == 50:
        assert {-1} < set(ours.diverged.flat), "some run diverges, some does not"


@dataclass(frozen=True)
class Shifted(Task):
    """A bowl at a place of each problem's own, number by number: seeds are the outer axis."""

    flexible: ClassVar[bool] = True
    floor: ClassVar[float] = -3.0

    def sample(self, key):
        place = tf.random.stateless_normal([3], key, alg="philox")
        return {"x": tf.zeros([3])}, {"place": place}

    def loss(self, params, data, batch):
        away = params["x"] - data["place"]
        return tf.square(away[0]) + 3.0 * tf.square(away[1]) + tf.abs(away[2]) - 3.0


@pytest.mark.parametrize("entry", ["adam", "adam-cosine", "rmsprop-centered"])
def test_problems_of_their_own_data_have_the_numbers_of_single_steps(entry, raced):
    """To the last digits: what is multiplied and added in one kernel is rounded once, in two kernels twice."""
    ours, theirs = (raced(way, NamedTask("shifted", Shifted()), entry, 30) for way in (Blocks, Unroll))
    for field in ours._fields:
        np.testing.assert_allclose(getattr(ours, field), getattr(theirs, field), rtol=1e-5, atol=1e-6, err_msg=field)


def test_a_run_in_pieces_has_the_bits_of_a_whole_one(raced, monkeypatch):
    whole = raced(Blocks, "rosenbrock", "adam", 40)
    monkeypatch.setattr(programs, "FIRST", {"light": 7, "medium": 7, "heavy": 7})
    monkeypatch.setattr(programs, "PIECE", 1e-9)
    assert_same(raced(Blocks, "rosenbrock", "adam", 40), whole)


@pytest.mark.parametrize(
    ("task", "entry", "change"),
    [
        ("rosenbrock", "adam", {"noisy": True}),
        ("rosenbrock", "adam", {"asks": Asks(losses=2)}),
        ("rosenbrock", "gru-rosenbrock", {}),
        ("linear-regression", "adam", {}),
    ],
    ids=["scored elsewhere", "evaluated elsewhere", "weights", "products of matrices"],
)
def test_what_does_not_suit_goes_step_by_step(task, entry, change):
    plain = purity.plan_of(tasks.get("rosenbrock"), optimizers.get("adam"))._replace(noisy=False)
    assert blocks.suit(plain)
    plan = purity.plan_of(tasks.get(task), optimizers.get(entry))._replace(**{"noisy": False, **change})
    assert not blocks.suit(plan)


@pytest.mark.skipif(len(executor.offered()) < 2, reason="jaxlib is not installed, or another one")
def test_only_jaxlib_is_handed_blocks(monkeypatch):
    plan = purity.plan_of(tasks.get("rosenbrock"), optimizers.get("adam"))._replace(noisy=False)
    for name, way in zip(executor.NAMES, (Unroll, Blocks), strict=True):
        monkeypatch.setenv(executor.VARIABLE, name)
        assert type(programs._unroll(plan)) is way
