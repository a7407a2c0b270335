"""What competes: the contract of an optimizer and the registry of entries.

Imports nothing else in this project but the spaces, and no TensorFlow.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple

from optimizers.spaces import Distribution

_NAME = re.compile(r"[a-z0-9]+([-._][a-z0-9]+)*")
_PARAMETRIZED = re.compile(r"(?P<name>[^\[\]]+)\[(?P<settings>.*)\]")
KINDS = ("hand-designed", "learned", "oracle")
_registry: dict[str, Entry] = {}


class OptimizerError(ValueError):
    """A mistake in naming, setting or registering an optimizer; its text names the value and the remedy."""


class Optimizer(NamedTuple):
    """Two pure functions over nested tensors of one problem, hyper-parameters already bound."""

    init: Callable[[Any], Any]
    """params -> state."""
    update: Callable[[Any, Any, Any, Any], tuple[Any, Any]]
    """(gradients, state, params, step) -> (updates, state); params + updates are the new parameters.

    `step` counts from 0, a scalar int32 tensor, the same for every problem.
    """


@dataclass(frozen=True)
class Entry:
    """One competitor: how θ becomes an optimizer, and what tuning may do to θ.

    θ is a mapping from name to number, tensor or switch. Floats in it may be swept as tensors; booleans,
    integers and strings are structure and choose the program.
    """

    name: str
    kind: str
    build: Callable[[Mapping[str, Any]], Optimizer]
    space: Mapping[str, Distribution] = field(default_factory=dict)
    defaults: Mapping[str, Any] = field(default_factory=dict)
    discloses: Mapping[str, Any] = field(default_factory=dict)
    reference: str = ""
    version: int = 1

    def __post_init__(self):
        if not isinstance(self.name, str) or not _NAME.fullmatch(self.name):
            raise OptimizerError(
                f"optimizer name {self.name!r} is not valid; use lower-case words joined by '-' or '_'"
            )
        if self.kind not in KINDS:
            raise OptimizerError(f"optimizer {self.name!r}: kind {self.kind!r} is none of {KINDS}")


def register(
    entry: Entry | str, optimizer: Any = None, *, space=None, defaults=None, **about
) -> Entry:
    """Make an entry known: `register(Entry(…))`, or `register("name", keras_class_or_instance, space={…})`.

    `defaults` adds to what the Keras class or instance itself says; `about` are further fields of Entry.
    Raises OptimizerError for a bad or taken name.
    """
    if isinstance(entry, str):
        from optimizers.keras import keras_entry

        entry = keras_entry(entry, optimizer, space=space or {}, defaults=defaults or {}, **about)
    if not isinstance(entry, Entry):
        raise OptimizerError(
            f"cannot register a {type(entry).__name__}; give an Entry, or a name and a Keras class"
        )
    if entry.name in _registry and _registry[entry.name] != entry:
        raise OptimizerError(f"optimizer {entry.name!r} is already registered; choose another name")
    _registry[entry.name] = entry
    return entry


def names() -> list[str]:
    """Registered names in order of registration."""
    return list(_registry)


def get(name: str) -> Entry:
    """The entry registered as `name`, or one with other defaults: `adam[beta_1=0.8]`. Raises OptimizerError."""
    if match := _PARAMETRIZED.fullmatch(name):
        return _variant(name, get(match["name"]), match["settings"])
    if name not in _registry:
        raise OptimizerError(f"unknown optimizer {name!r}; known: {', '.join(_registry)}")
    return _registry[name]


def _variant(name: str, entry: Entry, settings: str) -> Entry:
    """`entry` with other defaults; what a setting fixes is no longer tuned."""
    try:
        call: Any = ast.parse(f"f({settings})", mode="eval").body
        changes = {word.arg: ast.literal_eval(word.value) for word in call.keywords}
        if call.args or not set(changes) <= set(entry.defaults):
            raise ValueError
    except (SyntaxError, ValueError):
        known = ", ".join(entry.defaults) or "none"
        raise OptimizerError(f"cannot make optimizer {name!r}; its settings are: {known}") from None
    space = {key: value for key, value in entry.space.items() if key not in changes}
    renamed = replace(entry, space=space, defaults={**entry.defaults, **changes})
    object.__setattr__(renamed, "name", name)
    return renamed
