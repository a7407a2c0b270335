"""Settings of meta-training that the loss and the choice of the best follow."""

import math

import numpy as np
import pytest

from bench.errors import UserError
from bench.metatraining import Settings, mixture
from bench.metatraining.metalosses import meta_loss
from tasks import tf


def test_log_weight_of_the_mixed_loss_by_hand():
    losses = tf.constant([[2.0, 4.0], [1.0, 1.0]])  # ratios 1, 1, 1/2, 1/4
    mean, log = (1 + 1 + 0.5 + 0.25) / 4, (math.log(0.5) + math.log(0.25)) / 4
    for weight in (0.005, 0.0, 0.3):
        value = meta_loss("mixed", log_weight=weight)(losses).numpy()
        np.testing.assert_allclose(value, mean + weight * log, rtol=1e-6)
    assert meta_loss("mixed")(losses).numpy() == meta_loss("mixed", 0.005)(losses).numpy()


@pytest.mark.parametrize(
    ("change", "text"),
    [
        ({"log_weight": -1.0}, "log_weight must be 0 or more, not -1.0"),
        ({"log_weight": math.nan}, "log_weight must be 0 or more, not nan"),
        ({"l2": -1.0}, "l2 must be 0 or more, not -1.0"),
        ({"beta_2": 1.0}, "beta_2 must be 0 or more and below 1, not 1.0"),
        ({"epsilon": 0.0}, "epsilon must be above 0, not 0.0"),
        ({"rate": float("inf")}, "rate must be finite, not inf"),
        ({"clip_each": 0.0}, "clip_each must be above 0, not 0.0"),
        ({"decay": 1.5}, "decay must be above 0 and at most 1, not 1.5"),
        ({"validation": 0}, "validation must be a whole number of at least 1, not 0"),
    ],
)
def test_mistaken_settings(change, text):
    with pytest.raises(UserError, match=text):
        Settings(steps=3, **change)


def test_drawn_lengths_are_log_uniform_in_whole_segments():
    """Of 20 segments of 50 steps, 50 to 1000: the median is at the geometric mean, 224 steps, and all is reached."""
    settings = Settings(steps=1, unroll=1000, unroll_least=50, seed=3)
    drawn = [mixture.segments(settings, 20, i) for i in range(2000)]
    assert (min(drawn), max(drawn)) == (1, 20)
    assert np.median(drawn) in (4, 5)
    assert drawn == [mixture.segments(settings, 20, i) for i in range(2000)]
    assert mixture.segments(Settings(steps=1), 20, 0) == 20
