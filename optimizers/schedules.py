"""Learning-rate schedules of Keras, their numbers in θ, and the ones laid out along a run's horizon."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from optimizers.base import OptimizerError


@dataclass(frozen=True)
class Schedule:
    """A `keras.optimizers.schedules` class, by name, or anybody's, and its constructor arguments.

    Lists of numbers are tuples here, and each number of one is a setting: `values_0`, `values_1`, …
    """

    source: Any
    config: tuple[tuple[str, Any], ...]

    @classmethod
    def of(cls, schedule: Any) -> Schedule:
        """What `schedule`, a LearningRateSchedule, says of itself; raises OptimizerError when it does not."""
        try:
            config = schedule.get_config()
        except NotImplementedError:
            raise OptimizerError(
                f"schedule {type(schedule).__name__} has no get_config(); define one that returns its arguments"
            ) from None
        config = {key: value for key, value in config.items() if key != "name"}
        return cls(type(schedule), tuple((key, _tupled(v)) for key, v in config.items()))

    def settings(self) -> dict[str, Any]:
        """Every argument by name, the numbers of lists one by one."""
        found: dict[str, Any] = {}
        for key, value in self.config:
            parts = enumerate(value) if isinstance(value, tuple) else ()
            found.update({f"{key}_{i}": part for i, part in parts} or {key: value})
        return found

    def make(self, values: Mapping[str, Any]) -> Any:
        """The live schedule, with `values` in place of what it says of itself."""
        import keras

        settings = {**self.settings(), **values}
        config = {
            key: [settings[f"{key}_{i}"] for i in range(len(value))]
            if isinstance(value, tuple) and value
            else settings[key]
            for key, value in self.config
        }
        source = self.source
        cls = getattr(keras.optimizers.schedules, source) if isinstance(source, str) else source
        return cls.from_config(config)


def _tupled(value: Any) -> Any:
    return tuple(value) if isinstance(value, (list, tuple)) else value


class Shape(NamedTuple):
    """A schedule laid out along the horizon: `steps(θ)` are arguments that count steps, from fractions in θ.

    `peak` is the argument that takes the place of an optimizer's learning rate.
    """

    schedule: Schedule
    peak: str
    fractions: Mapping[str, float]
    steps: Callable[[Mapping[str, Any]], dict[str, Any]]

    def numbers(self) -> dict[str, float]:
        """What it adds to θ, the horizon (in steps) included, and its values unless told otherwise."""
        own = {**self.fractions, "horizon": 200.0}
        counts = self.steps(own)
        settings = self.schedule.settings().items()
        return {k: v for k, v in settings if isinstance(v, float) and k not in counts} | own


def _schedule(name: str, **config: Any) -> Schedule:
    return Schedule(name, tuple(config.items()))


HORIZON = {
    "step": Shape(
        _schedule("ExponentialDecay", initial_learning_rate=0.01, decay_steps=100.0, decay_rate=0.1, staircase=True),
        "initial_learning_rate",
        {"decay_fraction": 0.4},
        lambda theta: {"decay_steps": theta["horizon"] * theta["decay_fraction"]},
    ),
    "cosine": Shape(
        _schedule("CosineDecay", initial_learning_rate=0.01, decay_steps=100.0, alpha=0.0),
        "initial_learning_rate",
        {},
        lambda theta: {"decay_steps": theta["horizon"]},
    ),
    "warmup-cosine": Shape(
        _schedule(
            "CosineDecay",
            initial_learning_rate=0.0,
            decay_steps=100.0,
            alpha=0.0,
            warmup_target=0.01,
            warmup_steps=10.0,
        ),
        "warmup_target",
        {"warmup_fraction": 0.1},
        lambda theta: {
            "warmup_steps": theta["horizon"] * theta["warmup_fraction"],
            "decay_steps": theta["horizon"] * (1.0 - theta["warmup_fraction"]),
        },
    ),
    "linear": Shape(
        _schedule("PolynomialDecay", initial_learning_rate=0.01, decay_steps=100.0, end_learning_rate=0.0, power=1.0),
        "initial_learning_rate",
        {},
        lambda theta: {"decay_steps": theta["horizon"]},
    ),
}
"""Schedules that know how long the run is (θ's `horizon`, in steps), by name."""
