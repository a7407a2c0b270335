"""Estimators of the meta-gradient by name: `get("pes[length=20]")`. No TensorFlow until one is compiled."""

from __future__ import annotations

import ast
import dataclasses
import re
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

ESTIMATORS: dict[str, Any] = {
    "backprop": FullBackprop,
    "truncated": TruncatedBackprop,
    "es": EvolutionStrategies,
    "truncated-es": TruncatedEvolutionStrategies,
    "pes": PersistentEvolutionStrategies,
}
"""The first is the default of meta-training."""
__all__ = ["ESTIMATORS", "get", "refuse_if_too_large", "spell"]
_NAME = re.compile(r"(?P<name>[^\[\]]+)(\[(?P<settings>.*)\])?")


def get(text: str):
    """The estimator meant by `pes` or `pes[length=20,deviation=0.01]`; raises UserError."""
    match = _NAME.fullmatch(text)
    if not match or match["name"] not in ESTIMATORS:
        raise UserError(f"unknown estimator {text!r}; known: {', '.join(ESTIMATORS)}")
    cls = ESTIMATORS[match["name"]]
    try:
        call = ast.parse(f"f({match['settings'] or ''})", mode="eval").body
        if not isinstance(call, ast.Call) or call.args:
            raise ValueError("settings are name=value")
        settings = {str(word.arg): ast.literal_eval(word.value) for word in call.keywords}
        if len(settings) < len(call.keywords):
            raise ValueError("a setting is given twice")
        return cls(**settings)
    except (SyntaxError, ValueError, TypeError) as problem:
        known = ", ".join(f"{f.name}={f.default}" for f in dataclasses.fields(cls)) or "none"
        raise UserError(f"cannot make {text!r} ({problem}); settings: {known}") from None


def spell(estimator) -> str:
    """The text that `get` turns into `estimator`, without defaults."""
    name = next(name for name, cls in ESTIMATORS.items() if type(estimator) is cls)
    values = ((f.name, getattr(estimator, f.name), f.default) for f in dataclasses.fields(estimator))
    changed = ",".join(f"{field}={value!r}" for field, value, default in values if value != default)
    return f"{name}[{changed}]" if changed else name
