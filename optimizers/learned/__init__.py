"""Architectures of learned optimizers by name. No TensorFlow until one is built."""

from __future__ import annotations

import dataclasses
import re
from typing import Any

from optimizers import syntax
from optimizers.base import OptimizerError
from optimizers.learned.aggmo import Aggmo
from optimizers.learned.borrowed import Borrowed
from optimizers.learned.closed_form import ClosedForm
from optimizers.learned.hyperparameters import Hyperparameters
from optimizers.learned.l2l import L2l
from optimizers.learned.lds import Lds
from optimizers.learned.linear import Linear
from optimizers.learned.mlp import Mlp
from optimizers.learned.rnn import Gru, Lstm, Ugrnn, Vanilla
from optimizers.learned.rnnprop import Rnnprop
from optimizers.learned.stride import Stride

ARCHITECTURES: dict[str, Any] = {
    "gru": Gru,
    "lstm": Lstm,
    "vanilla": Vanilla,
    "ugrnn": Ugrnn,
    "l2l": L2l,
    "rnnprop": Rnnprop,
    "stride": Stride,
    "mlp": Mlp,
    "lds": Lds,
    "aggmo": Aggmo,
    "linear": Linear,
    "hyperparameters": Hyperparameters,
    "closed-form": ClosedForm,
    "borrowed": Borrowed,
}
_WORD = re.compile(r"[A-Za-z_]\w*")


def get(text: str) -> Any:
    """The architecture meant by `gru` or `gru[units=64,input=asinh]`; raises OptimizerError."""
    try:
        name, settings = syntax.split(text)
    except ValueError as problem:
        raise OptimizerError(f"no architecture: {problem}") from None
    if name not in ARCHITECTURES:
        raise OptimizerError(
            f"unknown architecture {text!r}; known: {', '.join(ARCHITECTURES)}{syntax.nearest(name, ARCHITECTURES)}"
        )
    cls = ARCHITECTURES[name]
    try:
        given = syntax.keywords(settings or "", words=True)
        if unknown := set(given) - {field.name for field in dataclasses.fields(cls)}:
            raise ValueError(f"it has no setting {min(unknown)!r}")
        return cls(**given)
    except (ValueError, TypeError) as problem:
        fields = ", ".join(f"{field.name}={field.default}" for field in dataclasses.fields(cls))
        raise OptimizerError(f"cannot make {text!r} ({problem}); settings: {fields}") from None


def spell(architecture: Any) -> str:
    """The text that `get` turns into `architecture`, without defaults. Raises OptimizerError."""
    name = next((name for name, cls in ARCHITECTURES.items() if type(architecture) is cls), None)
    if name is None:
        cls = type(architecture).__name__
        remedy = f"learned.ARCHITECTURES['mine'] = {cls}"
        raise OptimizerError(f"architecture {cls} has no name; give it one: {remedy}")
    values = ((f.name, getattr(architecture, f.name), f.default) for f in dataclasses.fields(architecture))
    changed = ",".join(f"{field}={_spelled(value)}" for field, value, default in values if value != default)
    return f"{name}[{changed}]" if changed else name


def _spelled(value: Any) -> str:
    """Words bare, other text in quotes."""
    bare = not isinstance(value, str) or _WORD.fullmatch(value)
    return str(value) if bare else f'"{value}"'
