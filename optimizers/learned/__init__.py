"""Learned optimizers: architectures that turn weights θ into an optimizer. One architecture per file.

An architecture is a frozen dataclass of settings with `initial(seed) -> θ` (NumPy arrays by name) and
`build(θ) -> Optimizer`, differentiable in θ. `ARCHITECTURES["mine"] = Mine` makes another one known.
"""

from __future__ import annotations

import ast
import dataclasses
import re
from typing import Any

from optimizers.base import OptimizerError
from optimizers.learned.gru import Gru

__all__ = ["ARCHITECTURES", "describe", "get", "name_of"]

ARCHITECTURES: dict[str, type] = {"gru": Gru}
_TEXT = re.compile(r"(?P<name>[^\[\]]+)(\[(?P<settings>.*)\])?")


def get(text: str) -> Any:
    """The architecture that `text` describes: `gru`, `gru[units=64,input=raw]`. Raises OptimizerError."""
    match = _TEXT.fullmatch(text)
    if not match or match["name"] not in ARCHITECTURES:
        raise OptimizerError(f"unknown architecture {text!r}; known: {', '.join(ARCHITECTURES)}")
    kind = ARCHITECTURES[match["name"]]
    known = [field.name for field in dataclasses.fields(kind)]
    try:
        call: Any = ast.parse(f"f({match['settings'] or ''})", mode="eval").body
        settings = {word.arg: _literal(word.value) for word in call.keywords}
        if call.args or not set(settings) <= set(known):
            raise ValueError
    except (SyntaxError, ValueError):
        raise OptimizerError(
            f"cannot make architecture {text!r}; its settings are: {', '.join(known)}"
        ) from None
    return kind(**settings)


def describe(architecture: Any) -> str:
    """The text that `get` turns back into `architecture`, every setting spelled out."""
    settings = dataclasses.asdict(architecture)
    return f"{name_of(architecture)}[{','.join(f'{k}={v}' for k, v in settings.items())}]"


def name_of(architecture: Any) -> str:
    """The name it is known by. Raises OptimizerError when it has none."""
    for name, kind in ARCHITECTURES.items():
        if type(architecture) is kind:
            return name
    kind = type(architecture).__name__
    raise OptimizerError(
        f"architecture {kind} has no name; add it: optimizers.learned.ARCHITECTURES['…'] = {kind}"
    )


def _literal(node: ast.expr) -> Any:
    """The value of a setting; a bare word is a string."""
    return node.id if isinstance(node, ast.Name) else ast.literal_eval(node)
