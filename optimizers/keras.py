"""Every `keras.optimizers` class, anybody's subclass, or an instance, unmodified, as an entry.

Floats in θ are swept as tensors: constructor arguments of the class, and of its learning-rate schedule under their own
names. Integers, booleans, strings and None are given to the constructor and choose the program. What Python code does
with a swept value is explained in `hyper.py`, what happens before the first step in `keras_state.py`; tests compare
every entry with plain Keras.
"""

from __future__ import annotations

import numbers
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from optimizers.base import Entry, OptimizerError
from optimizers.keras_build import KerasBuild, ScheduledBuild
from optimizers.keras_instances import described, scaling_of
from optimizers.loss_scaling import LossScaledBuild
from optimizers.schedules import HORIZON
from optimizers.spaces import Choice, Integer


def keras_entry(name: str, source: Any, *, space, defaults, schedule="", kind="hand-designed", **about) -> Entry:
    """Entry for `source`: a class of keras.optimizers by name, any optimizer class, or an instance.

    Its float settings become θ and can be swept, and so do those of an instance's schedule, and integers that `space`
    names; what an instance fixes otherwise stays fixed. `schedule`: one of schedules.HORIZON, laid out along the run.
    Raises OptimizerError for anything else and for a space over unknown names.
    """
    about = {"kind": kind, **about}
    if scaling := scaling_of(source):
        if schedule:
            raise OptimizerError(f"optimizer {name!r}: lay a schedule out for the optimizer that {source!r} holds")
        inner = keras_entry(name, scaling.inner, space=space, defaults=defaults, **about)
        return replace(inner, build=LossScaledBuild(inner.build, scaling.initial, scaling.growth))
    if isinstance(source, str):
        build, theta = KerasBuild(source), dict(defaults)
    else:
        fixed, settings = described(name, source)
        swept = {k for k, v in settings.items() if isinstance(v, float) or k in space or k in defaults}
        build = KerasBuild(
            source if isinstance(source, type) else type(source), tuple((k, v) for k, v in fixed if k not in swept)
        )
        theta = {k: _default(settings[k], space.get(k)) for k in settings if k in swept} | defaults
    made: Any = build
    if schedule:
        made, theta = ScheduledBuild(build, schedule), _along(name, schedule, theta)
        about["discloses"] = {**about.get("discloses", {}), "knows_horizon": True}
    if unknown := set(space) - set(theta):
        raise OptimizerError(
            f"optimizer {name!r}: cannot sweep {', '.join(sorted(unknown))}; its float settings are: {', '.join(theta)}"
        )
    if scores := made.scores(theta, space):
        about["discloses"] = {**about.get("discloses", {}), "scores": scores}
    return Entry(name, build=made, space=space, defaults=theta, **about)


def _along(name: str, schedule: str, theta: Mapping[str, Any]) -> dict[str, Any]:
    """θ with the learning rate replaced by the numbers of a schedule, whose peak it is."""
    if schedule not in HORIZON:
        raise OptimizerError(f"optimizer {name!r}: unknown schedule {schedule!r}; known: {', '.join(HORIZON)}")
    shape, rest = HORIZON[schedule], dict(theta)
    numbers = shape.numbers()
    numbers[shape.peak] = rest.pop("learning_rate", numbers[shape.peak])
    return {**numbers, **rest}


def _default(value: Any, distribution: Any) -> Any:
    """A number as a float, unless what is searched are whole numbers."""
    number = isinstance(value, numbers.Real) and not isinstance(value, bool)
    listed = isinstance(distribution, Choice) and not any(isinstance(option, float) for option in distribution.options)
    whole = isinstance(value, numbers.Integral) and (listed or isinstance(distribution, Integer))
    return float(value) if number and not whole else value
