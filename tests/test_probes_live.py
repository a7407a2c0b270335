"""Questions are asked where an optimizer still moves, not where its schedule has ended."""

import numpy as np
import pytest
import tensorflow as tf

import optimizers
from bench.probes.catalog import PROBES
from bench.probes.controls import planted
from bench.probes.controls.catalog import visited
from bench.probes.dynamics.component import system_of
from bench.probes.dynamics.live import faint, last_step, left
from bench.probes.dynamics.subject import Subject
from bench.studies.ablation import entries

BY_HAND = {
    "constant": (planted.sgd(0.1), 200),
    "nothing": (planted.still(), 200),
    "Adam, its bias corrected": (planted.adam(), 200),
    "half a cosine": (planted.cosine(0.2, 200), 100),
    "half of 1 / (1 + t)": (planted.one_over_t(0.3), 1),
    "the first of ten": (planted.step_decay(0.2, 0.1, 50), 49),
    "Adam, half a line": (planted.adam(horizon=200), 100),
    "from a warm-up on": (planted.warm_up(0.2, 20), 200),
}


@pytest.mark.parametrize("name", BY_HAND)
def test_the_last_step_with_half_the_largest_update(name):
    optimizer, expected = BY_HAND[name]
    assert last_step(system_of(optimizer), 2.0, 200) == expected


def test_what_rests_without_a_schedule_still_answers():
    """The row of rest is that of the last live step: momentum under a cosine keeps a quarter of its rate or more."""
    entry = optimizers.get("momentum-cosine")
    frozen = entries.frozen(entries.build(entry, {}, 100))
    assert 50 < frozen.settled < 90
    left = 0.5 * (1 + np.cos(np.pi * frozen.settled / 100))
    assert left > 0.25
    np.testing.assert_allclose(-frozen.tables["D"][-1], entry.defaults["initial_learning_rate"] * left, rtol=1e-4)


def state_schedule(least):
    """Momentum and a clip at 1.5 under a rate that the state lets fall from 1 to `least`."""

    def rule(g, h, step):
        v, s = h
        v = 0.9 * v - 0.05 * (least + (1 - least) * s) * tf.clip_by_value(g, -1.5, 1.5)
        return v, (v, 0.9 * s)

    return planted.optimizer(lambda x: (tf.zeros_like(x), tf.ones_like(x)), rule)


@pytest.mark.parametrize("least", [0.002, 0.05])
def test_below_a_hundredth_of_the_largest_answer_nothing_is_claimed(least):
    subject = Subject.of(system_of(state_schedule(least)), visited())
    readings = {name: PROBES[name](subject) for name in ("momentum", "clipping", "adaptation", "schedule")}
    assert readings["schedule"].verdict == "present"
    for name in ("momentum", "clipping", "adaptation"):
        said = readings[name].sentence
        if least < 0.01:
            assert readings[name].verdict == "undecided"
            assert said.startswith(f"{name}: undecided; at rest it answers with at most 0.")
            assert said.endswith(" % of its largest update: a schedule has ended")
        else:
            assert "a schedule has ended" not in said
    if least > 0.01:
        assert readings["momentum"].values["beta"]["value"] == pytest.approx(0.9, rel=1e-3)
        assert readings["clipping"].values["knee"]["value"] == pytest.approx(1.5, rel=1e-3)


def test_a_constant_answer_is_not_an_answer():
    """What moves on by itself without answering gradients has nothing left either."""

    def rule(g, s, step):
        return 1.0 - s * g, 0.5 * s

    system = system_of(planted.optimizer(tf.ones_like, rule))
    assert left(system, np.zeros(1), 2.0, 10, 50) == 0.0
    assert left(system, np.full(1, 0.25), 2.0, 10, 50) == pytest.approx(0.25)


def test_an_ablation_that_leaves_nothing_claims_nothing():
    frozen = entries.frozen(entries.build(planted_entry(0.002), {}, 60))
    assert frozen.left < 0.01
    assert faint(frozen.left).startswith("at rest it answers with at most 0.")
    assert faint(entries.frozen(entries.build(optimizers.get("momentum-cosine"), {}, 60)).left) == ""


def planted_entry(least):
    return optimizers.Entry("state-schedule", "hand-designed", lambda theta: state_schedule(least))
