"""What a task becomes when one thing of it is changed: a name that `tasks.get` makes, and a number of steps.

No TensorFlow. What is changed follows from the task's own settings, so anybody's task has changes too.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any, NamedTuple

from bench.lookup import resolve
from optimizers import syntax

SIZES = (2, 20, 50)
SPECTRA = ((-0.3, 0.0), (-1.0, 0.0), (-5.0, 0.0))
CONDITIONS = (5.0, 1e4)
LOSS_SCALES = (0.01, 100.0)
PARAMETER_SCALES = (0.1, 10.0)
HORIZONS = (5, 20)
LONG_TOO = {"light": HORIZONS, "medium": HORIZONS[:1], "heavy": ()}
"""Horizons raced on by the task's cost: a step of a medium task takes a hundred times one of a light task."""
NOISE = {"least-squares": 0.2, "rosenbrock": 50.0, "rosenbrock-10": 150.0, "two-moons-small": 0.005}
"""Standard deviation of gradient noise: a tenth of the root mean square of the first gradient."""
_NOISE = 0.1
"""Where nobody has measured that; right for `linear-regression`."""
_LARGER = {"rosenbrock": (5, 10, 50)}
"""Dimensions of the family of a function of two variables."""


class Change(NamedTuple):
    """One column of the matrix: `task` for `steps`: `origin` with its `change` as `label` says."""

    origin: str
    change: str
    label: str
    task: str
    steps: int


def unchanged(origin: str, steps: int) -> Change:
    return Change(origin, "as it is", "", origin, steps)


def changes(origin: str, steps: int) -> list[Change]:
    """Every change of the task `origin`, itself first; raises TaskError for a name that does not exist."""
    task = resolve.named_task(origin).task
    columns = [unchanged(origin, steps)]
    for times in LONG_TOO[task.cost]:
        columns.append(Change(origin, "horizon", f"×{times}", origin, times * steps))
    settings: dict[str, Any] = {}
    if dataclasses.is_dataclass(task):
        settings = {field.name: getattr(task, field.name) for field in dataclasses.fields(task)}
    for kind, label, name in (*_within(origin, settings), *_around(origin)):
        columns.append(Change(origin, kind, label, name, steps))
    return columns


def _within(origin: str, settings: dict[str, Any]) -> list[tuple[str, str, str]]:
    """(kind, label, task) of changes to the task's own settings."""
    found = [("dimension", f"n = {n}", _dimension(n)) for n in _LARGER.get(origin, ())]
    for setting, change in _SETTINGS.items():
        if setting in settings:
            found += [
                (kind, label, _with(origin, setting, value))
                for kind, label, value in change(settings[setting])
                if value != settings[setting]
            ]
    return found


def _around(origin: str) -> list[tuple[str, str, str]]:
    """(kind, label, task) of what wrappers change of any task."""
    scales = [
        ("loss scale", f"×{factor:g}", f"scaled-loss[task={origin!r}, factor={factor}]") for factor in LOSS_SCALES
    ]
    units = [
        ("parameters", f"×{1 / scale:g}", f"rescaled[task={origin!r}, parameters={scale}]")
        for scale in reversed(PARAMETER_SCALES)
    ]
    deviation = NOISE.get(origin, _NOISE)
    noisy = f"noisy[task={origin!r}, deviation={deviation}]"
    return [*scales, *units, ("noise", f"σ {deviation:g}", noisy)]


def _dimension(n: int) -> str:
    return "rosenbrock-10" if n == 10 else f"rosenbrock-10[dimension={n}]"


def _with(origin: str, setting: str, value: Any) -> str:
    """`origin` with a setting: among those it is named with already, in place of its own, or as its only one."""
    name, within = syntax.split(origin)
    given = syntax.pairs(within or "")
    words = ", ".join(f"{key}={text}" for key, text in {**given, setting: value}.items())
    return f"{name}[{words}]" if setting in given or not given else f"{origin[:-1]}, {setting}={value}]"


def _widths(hidden: tuple[int, ...]) -> list[tuple[str, str, Any]]:
    narrow, wide = tuple(max(1, n // 2) for n in hidden), tuple(2 * n for n in hidden)
    return [("width", "×0.5", narrow), ("width", "×2", wide)]


_SETTINGS: dict[str, Callable[[Any], list[tuple[str, str, Any]]]] = {
    "dimension": lambda own: [("dimension", f"n = {n}", n) for n in SIZES],
    "log10_spectrum": lambda own: [
        ("spectrum", f"λ ≥ {10**low:.1g}".replace("e-0", "e−"), (low, high)) for low, high in SPECTRA
    ],
    "condition": lambda own: [("spectrum", f"κ = {value:g}", value) for value in CONDITIONS],
    "hidden": _widths,
}
