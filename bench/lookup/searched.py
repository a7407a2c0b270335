"""What tuning searches: the space that is given, the entry's own, or the one registered for a Keras class.

Never nothing: tuning that has nothing to search is refused.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, get_args

import optimizers
from bench.errors import UserError
from bench.lookup import resolve
from bench.records.files import note
from optimizers import Entry
from optimizers.keras import keras_entry
from optimizers.keras_build import KerasBuild
from optimizers.spaces import Distribution

_EXAMPLE = 'space={"learning_rate": optimizers.LogUniform(1e-5, 10.0)}'


def searched(optimizer: Any, space: Mapping[str, Distribution] | None = None) -> Entry:
    """The entry meant by a name, an Entry, or a Keras class or instance, with a space that is not empty.

    Of a Keras class or instance without `space` it is that of the first registered entry of its class; a note says
    which. Raises UserError where there is none, and for a `space` that is none or has unknown names; OptimizerError.
    """
    if space is not None:
        return _with(optimizer, _checked(space))
    entry = resolve.entry(optimizer)
    if entry.space:
        return entry
    known = None if isinstance(optimizer, (str, Entry)) else _of_class(entry)
    if known is None or not set(known.space) <= set(entry.defaults):
        raise UserError(
            f"optimizer {entry.name!r} has no space to search; give one, such as {_EXAMPLE}, "
            "or race it as it comes: bench.evaluate"
        )
    note(
        f"{entry.name}: {', '.join(known.space)} searched as in the registered {known.name!r}; space={{…}} says others"
    )
    return replace(entry, space=known.space)


def _with(optimizer: Any, space: Mapping[str, Distribution]) -> Entry:
    if not isinstance(optimizer, (str, Entry)):
        return keras_entry(resolve.keras_name(optimizer), optimizer, space=space, defaults={})
    entry = resolve.entry(optimizer)
    if unknown := ", ".join(sorted(set(space) - set(entry.defaults))):
        known = ", ".join(entry.defaults)
        raise UserError(f"optimizer {entry.name!r} has no setting {unknown} to search; it has: {known}")
    return replace(entry, space=dict(space))


def _checked(space: Any) -> Mapping[str, Distribution]:
    known = [kind.__name__ for kind in get_args(Distribution)]
    if not isinstance(space, Mapping) or not space:
        raise UserError(f"space is {space!r}; give what to search, such as {_EXAMPLE}")
    for name, values in space.items():
        if not isinstance(values, Distribution):
            raise UserError(f"space of {name!r} is {values!r}; give one of optimizers.{', '.join(known)}")
    return space


def _of_class(entry: Entry) -> Entry | None:
    """The first registered entry with a space that is made by the same Keras class."""
    if not isinstance(entry.build, KerasBuild):
        return None
    for known in map(optimizers.get, optimizers.names()):
        build = known.build
        if known.space and isinstance(build, KerasBuild) and build.cls is entry.build.cls:
            return known
    return None
