"""Untrained twins: what the probes read of networks of the same architecture that nobody trained.

`draw` makes them, `family` runs them without compiling each, `measure` reads them and keeps what it read, `compare`
says what they are beside a reading. No TensorFlow until something is measured.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from bench.probes.reading import Reading
from optimizers import Entry

if TYPE_CHECKING:
    from bench.probes.dynamics.subject import Visited


COUNT = 39
"""Untrained twins of a network: with so many, one may reach it at the level of 5 %."""
FEWEST = 19
"""Twins below which a network that none of them reaches is not yet beyond them."""
LARGE = 128
"""Size of a state beyond which there are none unless they are asked for: minutes each."""


def add(
    readings: Mapping[str, Reading],
    entry: Entry,
    theta: Mapping[str, Any],
    visited: Visited,
    count: int | None,
    version: int,
    progress: Callable[[float], None] = lambda share: None,
) -> dict[str, Reading]:
    """The readings with what `count` twins of a learned entry say; or why there are none.

    `count` None: COUNT, none of a large network. `progress` is told of shares of the work.
    """
    if entry.kind != "learned" or count == 0 or not readings:
        return dict(readings)
    from bench.probes.dynamics.system import ProbeError
    from bench.probes.twins.compare import beside
    from bench.probes.twins.measure import twins

    network = network_of(entry, theta, visited)
    why = _why_not(entry, network, count)
    try:
        found = {} if why else twins(network, readings, count or COUNT, version, progress)
    except ProbeError as error:
        why = str(error)
    if why:
        return {name: replace(reading, no_twins=f"no untrained twins: {why}") for name, reading in readings.items()}
    return {name: replace(reading, twins=beside(name, reading, found[name])) for name, reading in readings.items()}


def _why_not(entry: Entry, network: Any, count: int | None) -> str:
    if network is None:
        return f"{entry.name!r} is not made of a named architecture; `metatrain` makes those"
    if count is None and (size := network.size) > LARGE:
        return f"its state of {size} numbers makes them slow; ask for them with --twins {COUNT}"
    return ""


def network_of(entry: Entry, theta: Mapping[str, Any], visited: Visited) -> Any:
    """The network of an entry whose build names its architecture; else None."""
    from bench.probes.twins.measure import Network
    from optimizers import learned

    spelled = getattr(entry.build, "architecture", None)
    if entry.kind != "learned" or not isinstance(spelled, str):
        return None
    weights = {name: np.asarray(value) for name, value in theta.items()}
    return Network(spelled, learned.get(spelled), weights, visited)
