"""The registry of entries: what is known by name, and variants of it by `name[setting=value]`."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from optimizers import syntax
from optimizers.base import Entry, OptimizerError
from optimizers.keras import keras_entry
from optimizers.spaces import Distribution, LogUniform, fault

_BOUNDS = ("clipnorm", "clipvalue", "global_clipnorm")
_registry: dict[str, Entry] = {}
_families: dict[str, Callable[[str], Entry]] = {}


def register(
    entry: Entry | str,
    optimizer: Any = None,
    *,
    space: Mapping[str, Distribution] | None = None,
    defaults: Mapping[str, Any] | None = None,
    **about: Any,
) -> Entry:
    """Make an entry known: `register(Entry(…))`, or `register("name", keras_class_or_instance, space={…})`.

    `defaults` adds to what the Keras class or instance itself says; `about` are further fields of Entry, and
    `schedule`: "step", "cosine", "warmup-cosine" or "linear", laid out along the run's horizon. Raises OptimizerError
    for a bad or taken name.

    >>> import keras, optimizers
    >>> space = {"learning_rate": optimizers.LogUniform(1e-5, 1.0)}
    >>> entry = optimizers.register("my-sgd", keras.optimizers.SGD, space=space)
    >>> optimizers.get("my-sgd") is entry
    True
    """
    if isinstance(entry, str):
        entry = keras_entry(entry, optimizer, space=space or {}, defaults=defaults or {}, **about)
    if not isinstance(entry, Entry):
        raise OptimizerError(f"cannot register a {type(entry).__name__}; give an Entry, or a name and a Keras class")
    _check_space(entry)
    if entry.name in _registry and _registry[entry.name] != entry:
        raise OptimizerError(f"optimizer {entry.name!r} is already registered; choose another name")
    _registry[entry.name] = entry
    return entry


def _check_space(entry: Entry) -> None:
    """Raise OptimizerError for settings that are no words, and for a space that nothing can be drawn from."""
    if odd := [key for key in (*entry.space, *entry.defaults) if not isinstance(key, str)]:
        raise OptimizerError(f"optimizer {entry.name!r} has a setting called {odd[0]!r}; settings have names, in words")
    if said := fault(entry.space):
        raise OptimizerError(f"optimizer {entry.name!r}: {said}")


def register_family(word: str, make: Callable[[str], Entry]) -> None:
    """Let `get` make every `word[…]` by `make(name)`: entries that are made of other entries."""
    _families[word] = make


def families() -> list[str]:
    """Words of `register_family`."""
    return list(_families)


def names() -> list[str]:
    """Registered names in order of registration."""
    return list(_registry)


def get(name: str) -> Entry:
    """The entry registered as `name`, or one with other defaults: `adam[beta_1=0.8]`. Raises OptimizerError.

    >>> import optimizers
    >>> optimizers.get("adam[beta_1=0.8]").defaults["beta_1"]
    0.8
    """
    try:
        base, settings = syntax.split(name)
    except ValueError as problem:
        raise OptimizerError(f"no optimizer: {problem}") from None
    if settings is not None:
        return _families[base](name) if base in _families else _variant(name, get(base), settings)
    if name not in _registry:
        raise OptimizerError(syntax.unknown(name, _registry, "optimizer"))
    return _registry[name]


def _variant(name: str, entry: Entry, settings: str) -> Entry:
    """`entry` with other defaults; what a setting fixes is no longer tuned.

    A build may have `settings`, names it takes beyond the defaults: `adam[clipnorm=1.0]`.
    """
    changes = _parsed(name, settings)
    known = tuple(entry.defaults)
    if not set(changes) <= set(known):
        known = tuple(dict.fromkeys((*known, *getattr(entry.build, "settings", ()))))
    if not set(changes) <= set(known):
        raise OptimizerError(f"cannot make optimizer {name!r}; its settings are: {', '.join(known) or 'none'}")
    changes = {key: _alike(value, entry.defaults.get(key)) for key, value in changes.items()}
    for key, value in changes.items():
        _check_number(name, key, value, signed=not isinstance(entry.space.get(key), LogUniform))
    space = {key: value for key, value in entry.space.items() if key not in changes}
    defaults = {**entry.defaults, **changes}
    renamed = replace(entry, space=space, defaults=defaults, discloses=_disclosed(entry, defaults, space))
    object.__setattr__(renamed, "name", name)
    return renamed


def _disclosed(entry: Entry, defaults: dict[str, Any], space: dict[str, Any]) -> dict[str, Any]:
    """What the entry discloses, and what it scores with these defaults where its build says so."""
    told = {key: value for key, value in entry.discloses.items() if key != "scores"}
    says = getattr(entry.build, "scores", None)
    scores = says(defaults, space) if says else entry.discloses.get("scores")
    return {**told, "scores": scores} if scores else told


def _parsed(name: str, settings: str) -> dict[str, Any]:
    """`a=1, b=0.5` as a mapping; raises OptimizerError naming what is not that."""
    try:
        return syntax.keywords(settings)
    except ValueError as problem:
        raise OptimizerError(f"cannot make optimizer {name!r}; {problem}") from None


def _check_number(name: str, key: str, value: Any, *, signed: bool) -> None:
    """Raise OptimizerError for a number that is not finite, negative where none is searched, or no bound at all."""
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return
    if not math.isfinite(value):
        raise OptimizerError(f"cannot make optimizer {name!r}; {key} is finite, not {value}")
    if key in _BOUNDS and value <= 0:
        raise OptimizerError(f"cannot make optimizer {name!r}; {key} is above 0, not {value}")
    if value < 0 and not signed:
        raise OptimizerError(f"cannot make optimizer {name!r}; {key} is 0 or more, not {value}")


def _alike(value: Any, default: Any) -> Any:
    """An integer given where a float stands is that float."""
    whole = isinstance(value, int) and not isinstance(value, bool)
    return float(value) if whole and isinstance(default, float) else value
