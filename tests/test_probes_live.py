"""Questions are asked where an optimizer still moves, not where its schedule has ended."""

import numpy as np
import pytest

import optimizers
from bench.probes.controls import planted
from bench.probes.dynamics.component import system_of
from bench.probes.dynamics.live import last_step
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
