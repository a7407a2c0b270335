"""Estimators of the meta-gradient by name: `get("pes[length=20]")`. No TensorFlow until one is compiled."""

from __future__ import annotations

import dataclasses
from typing import Any

from bench.errors import UserError
from bench.metatraining.estimators.memory import refuse_if_too_large
from bench.metatraining.estimators.settings import (
    EvolutionStrategies,
    FullBackprop,
    PersistentEvolutionStrategies,
    TruncatedBackprop,
    TruncatedEvolutionStrategies,
)
from optimizers import syntax

ESTIMATORS: dict[str, Any] = {
    "backprop": FullBackprop,
    "truncated": TruncatedBackprop,
    "es": EvolutionStrategies,
    "truncated-es": TruncatedEvolutionStrategies,
    "pes": PersistentEvolutionStrategies,
}
"""The first is the default of meta-training."""
__all__ = ["ESTIMATORS", "get", "refuse_if_too_large", "spell"]


def get(text: str):
    """The estimator meant by `pes` or `pes[length=20,deviation=0.01]`; raises UserError."""
    try:
        name, settings = syntax.split(text)
    except ValueError as problem:
        raise UserError(f"no estimator: {problem}") from None
    if name not in ESTIMATORS:
        raise UserError(f"unknown estimator {text!r}; known: {', '.join(ESTIMATORS)}{syntax.nearest(name, ESTIMATORS)}")
    cls = ESTIMATORS[name]
    try:
        return cls(**syntax.keywords(settings or ""))
    except (ValueError, TypeError) as problem:
        known = ", ".join(f"{f.name}={f.default}" for f in dataclasses.fields(cls)) or "none"
        raise UserError(f"cannot make {text!r} ({problem}); settings: {known}") from None


def spell(estimator) -> str:
    """The text that `get` turns into `estimator`, without defaults."""
    name = next(name for name, cls in ESTIMATORS.items() if type(estimator) is cls)
    values = ((f.name, getattr(estimator, f.name), f.default) for f in dataclasses.fields(estimator))
    changed = ",".join(f"{field}={value!r}" for field, value, default in values if value != default)
    return f"{name}[{changed}]" if changed else name
