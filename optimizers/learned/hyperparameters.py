"""The hyper-parameters of a hand-designed entry, learned by gradient descent instead of searched.

θ holds each float that tuning may set, in a coordinate that may take any value: log x where the search space is
logarithmic, logit x for decays, the logit of the place between the bounds where the space is uniform; divided by
`gain`, 10: a change of θ by 0.01 is one of 10 %. It starts at the entry's defaults. Choices and switches stay at them.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from optimizers import registry
from optimizers.base import Entry, Optimizer, OptimizerError
from optimizers.learned.settings import check_positive
from optimizers.spaces import Choice, Distribution, Integer, LogUniform, Uniform

_EDGE = 1e-3
"""Where a default on the edge of its range starts, as a share of the range: its logit would be infinite."""


@dataclass(frozen=True)
class Hyperparameters:
    """`optimizer`: a hand-designed entry by name. `gain`: units of log or logit per unit of θ."""

    optimizer: str = "adam"
    gain: float = 10.0

    def __post_init__(self):
        check_positive("gain", self.gain)
        if not isinstance(self.optimizer, str):
            raise OptimizerError(f"optimizer must be a name, not {self.optimizer!r}")
        self._learned(registry.get(self.optimizer))

    def initial(self, seed: int) -> dict[str, np.ndarray]:
        """θ at the entry's defaults, float32, each of shape (1,), whatever the seed."""
        entry = registry.get(self.optimizer)
        return {
            name: np.array([_coordinate(space, entry.defaults[name]) / self.gain], "float32")
            for name, space in self._learned(entry).items()
        }

    def build(self, theta: Mapping[str, Any]) -> Optimizer:
        """The entry's optimizer at the values that θ stands for, differentiable in θ."""
        import tensorflow as tf

        entry = registry.get(self.optimizer)
        learned = self._learned(entry)
        values = {
            name: _value(space, self.gain * tf.reshape(tf.convert_to_tensor(theta[name]), []))
            for name, space in learned.items()
        }
        return entry.build({**entry.defaults, **values})

    def _learned(self, entry: Entry) -> Mapping[str, Distribution]:
        """What θ holds: the entry's floats with a continuous space. Raises OptimizerError when there is none."""
        found = {
            name: space
            for name, space in entry.space.items()
            if not isinstance(space, (Choice, Integer)) and isinstance(entry.defaults.get(name), float)
        }
        if entry.kind != "hand-designed" or not entry.told_gradients_only or not found:
            raise OptimizerError(
                f"optimizer {self.optimizer!r} has no hyper-parameters to learn; "
                "name a hand-designed one with a search space, e.g. adam"
            )
        return found


def _coordinate(space: Distribution, value: float) -> float:
    """Where `value` lies on the whole line."""
    if isinstance(space, LogUniform) and not space.complement:
        return math.log(max(value, space.low * _EDGE))
    low, high = _bounds(space)
    place = min(max((value - low) / (high - low), _EDGE), 1 - 1e-6)
    return math.log(place / (1 - place))


def _value(space: Distribution, coordinate):
    """The way back, a tensor."""
    import tensorflow as tf

    if isinstance(space, LogUniform) and not space.complement:
        return tf.exp(coordinate)
    low, high = _bounds(space)
    return low + (high - low) * tf.sigmoid(coordinate)


def _bounds(space: Distribution) -> tuple[float, float]:
    """A decay, searched as 1 − log-uniform, may be anything in (0, 1)."""
    return (space.low, space.high) if isinstance(space, Uniform) else (0.0, 1.0)
