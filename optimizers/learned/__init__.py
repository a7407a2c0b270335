"""Architectures of learned optimizers by name. No TensorFlow until one is built."""

from __future__ import annotations

import ast
import dataclasses
import re
from typing import Any

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

ARCHITECTURES: dict[str, Any] = {
    "gru": Gru,
    "lstm": Lstm,
    "vanilla": Vanilla,
    "ugrnn": Ugrnn,
    "l2l": L2l,
    "rnnprop": Rnnprop,
    "mlp": Mlp,
    "lds": Lds,
    "aggmo": Aggmo,
    "linear": Linear,
    "hyperparameters": Hyperparameters,
    "closed-form": ClosedForm,
    "borrowed": Borrowed,
}
_NAME = re.compile(r"(?P<name>[^\[\]]+)(\[(?P<settings>.*)\])?")
_WORD = re.compile(r"[A-Za-z_]\w*")


def get(text: str) -> Any:
    """The architecture meant by `gru` or `gru[units=64,input=asinh]`; raises OptimizerError."""
    match = _NAME.fullmatch(text)
    if not match or match["name"] not in ARCHITECTURES:
        raise OptimizerError(f"unknown architecture {text!r}; known: {', '.join(ARCHITECTURES)}")
    cls = ARCHITECTURES[match["name"]]
    try:
        return cls(**_settings(match["settings"] or "", dataclasses.fields(cls)))
    except (SyntaxError, ValueError, TypeError) as problem:
        said = "it is not name=value,…" if isinstance(problem, SyntaxError) else problem
        fields = ", ".join(f"{field.name}={field.default}" for field in dataclasses.fields(cls))
        raise OptimizerError(f"cannot make {text!r} ({said}); settings: {fields}") from None


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


def _settings(text: str, fields: Any) -> dict[str, Any]:
    """`units=64,input=asinh` as a mapping; raises SyntaxError or ValueError."""
    call: Any = ast.parse(f"f({text})", mode="eval").body
    words = [word.arg for word in call.keywords]
    if call.args or len(set(words) - {None}) < len(words):
        raise ValueError("settings are name=value, each name once")
    for word in words:
        if word not in {field.name for field in fields}:
            raise ValueError(f"it has no setting {word!r}")
    return {word.arg: _literal(word.value) for word in call.keywords}


def _literal(node: ast.expr) -> Any:
    """A number or a word, quoted or not."""
    if isinstance(node, ast.Name):
        return node.id
    try:
        return ast.literal_eval(node)
    except ValueError:
        raise ValueError(f"{ast.unparse(node)} is no number or word; quote other text") from None


def _spelled(value: Any) -> str:
    """Words bare, other text in quotes."""
    bare = not isinstance(value, str) or _WORD.fullmatch(value)
    return str(value) if bare else f'"{value}"'
