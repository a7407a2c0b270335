"""Architectures of learned optimizers by name. No TensorFlow until one is built."""

from __future__ import annotations

import ast
import dataclasses
import re
from typing import Any

from optimizers.base import OptimizerError
from optimizers.learned.borrowed import Borrowed
from optimizers.learned.closed_form import ClosedForm
from optimizers.learned.gru import Gru

ARCHITECTURES: dict[str, Any] = {"gru": Gru, "closed-form": ClosedForm, "borrowed": Borrowed}
_NAME = re.compile(r"(?P<name>[^\[\]]+)(\[(?P<settings>.*)\])?")


def get(text: str) -> Any:
    """The architecture meant by `gru` or `gru[units=64,input=asinh]`; raises OptimizerError."""
    match = _NAME.fullmatch(text)
    if not match or match["name"] not in ARCHITECTURES:
        raise OptimizerError(f"unknown architecture {text!r}; known: {', '.join(ARCHITECTURES)}")
    cls = ARCHITECTURES[match["name"]]
    try:
        call: Any = ast.parse(f"f({match['settings'] or ''})", mode="eval").body
        if call.args or len({word.arg for word in call.keywords} - {None}) < len(call.keywords):
            raise ValueError("settings are name=value, each name once")
        return cls(**{word.arg: _literal(word.value) for word in call.keywords})
    except (SyntaxError, ValueError, TypeError) as problem:
        fields = ", ".join(f"{field.name}={field.default}" for field in dataclasses.fields(cls))
        raise OptimizerError(f"cannot make {text!r} ({problem}); settings: {fields}") from None


def spell(architecture: Any) -> str:
    """The text that `get` turns into `architecture`, without defaults. Raises OptimizerError."""
    name = next((name for name, cls in ARCHITECTURES.items() if type(architecture) is cls), None)
    if name is None:
        cls = type(architecture).__name__
        remedy = f"learned.ARCHITECTURES['mine'] = {cls}"
        raise OptimizerError(f"architecture {cls} has no name; give it one: {remedy}")
    values = (
        (f.name, getattr(architecture, f.name), f.default) for f in dataclasses.fields(architecture)
    )
    changed = ",".join(f"{field}={value}" for field, value, default in values if value != default)
    return f"{name}[{changed}]" if changed else name


def _literal(node: ast.expr) -> Any:
    return node.id if isinstance(node, ast.Name) else ast.literal_eval(node)
