"""Any task in random units: what an optimizer has to be trained on that is to work in all of them."""

from __future__ import annotations

from dataclasses import dataclass

from tasks.base import TaskError, tf
from tasks.wrappers import Wrapper


@dataclass(frozen=True)
class RandomlyScaled(Wrapper):
    """Every problem in units of its own: loss times a, parameters divided by b, both 10^U(−decades, decades).

    One draw of each per problem, not per parameter (`Rescaled` with a spread does that). The loss is scaled from
    min(floor, 0) on, so that loss / initial loss as the metrics take it is the inner task's. Lv, Jiang and Li, Learning
    gradient descent, 2017, train under random scales.
    """

    loss_decades: float = 1.0
    parameter_decades: float = 1.0

    def __post_init__(self):
        super().__post_init__()
        for name in ("loss_decades", "parameter_decades"):
            if not 0 <= getattr(self, name) <= 10:
                raise TaskError(f"{name}={getattr(self, name)!r}: it is from 0 to 10")

    @property
    def floor(self):
        """A bound: the inner floor under the smallest scale when that is positive, else itself."""
        floor = self.task.floor
        return floor * 10.0**-self.loss_decades if floor > 0 else floor

    def sample(self, key):
        params, data = self.task.sample(key)
        exponents = tf.random.stateless_uniform([2], self.own(key), -1, 1, alg="philox")
        loss_scale = 10.0 ** (self.loss_decades * exponents[0])
        unit = 10.0 ** (self.parameter_decades * exponents[1])
        scaled = tf.nest.map_structure(lambda leaf: leaf / unit, params)
        return scaled, {"inner": data, "loss": loss_scale, "unit": unit}

    def loss(self, params, data, batch):
        return self._scaled(self.task.loss(self._inner(params, data), data["inner"], batch), data)

    def evaluate(self, params, data):
        return self._scaled(self.task.evaluate(self._inner(params, data), data["inner"]), data)

    def _scaled(self, loss, data):
        least = min(self.task.floor, 0.0)
        return loss * data["loss"] if least == 0 else least + (loss - least) * data["loss"]

    def _inner(self, params, data):
        return tf.nest.map_structure(lambda leaf: leaf * data["unit"], params)
