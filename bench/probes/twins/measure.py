"""What the probes read of the twins of a network, on the gradients that the network met; kept in the cache folder.

Twins meet the network's own gradients, not those of runs of their own: most of them diverge on the task, and a knee, a
share of gradients or a rate is compared with what the same gradients do to other weights.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import tensorflow as tf

from bench.engine.program_cache import location
from bench.probes.catalog import PROBES, Probe
from bench.probes.dynamics.component import pack, system_of
from bench.probes.dynamics.runs import followed
from bench.probes.dynamics.subject import Subject, Visited
from bench.probes.dynamics.system import ProbeError
from bench.probes.reading import UNDECIDED, Reading
from bench.probes.twins.draw import aligned, untrained
from bench.probes.twins.family import systems
from bench.records.files import strict
from bench.records.memo import digest, held, keep


class Network(NamedTuple):
    """A network of a named architecture, and what it met."""

    spelled: str
    architecture: Any
    theta: Mapping[str, Any]
    visited: Visited

    @property
    def size(self) -> int:
        """Numbers in its state."""
        return len(pack(self.architecture.build(self.theta).init(tf.zeros((1,), tf.float64))))


def twins(
    network: Network, probes: Iterable[str], count: int, version: int, progress: Callable[[float], None]
) -> dict[str, list[dict[str, Any]]]:
    """{probe: [{"verdict", "values": {main number: value}} of each twin]}; `progress` is told of shares of it.

    Measured once for an architecture, the gradients, the sizes of what is drawn and the probes' `version`. Raises
    ProbeError where the network is no system.
    """
    names, identity = list(probes), _identity(network, count, version)
    known = {name: found for name in names if (found := _held(identity, name)) is not None}
    missing = [name for name in names if name not in known]
    made = _measured(network, missing, count, progress) if missing else {}
    if not missing:
        progress(1.0)
    return {name: known[name] if name in known else _kept(identity, name, made[name]) for name in names}


def _held(identity: str, name: str) -> list[dict[str, Any]] | None:
    path = _path(identity, name)
    known = held(path, identity) if path else None
    return None if known is None else known["twins"]


def _kept(identity: str, name: str, made: list) -> list[dict[str, Any]]:
    path, plain = _path(identity, name), strict(made)
    return keep(path, identity, {"twins": plain})["twins"] if path else plain


def _path(identity: str, name: str) -> Path | None:
    """None where nothing is kept: without a cache folder, and of a user's own probes, which have no version."""
    root = location() if type(PROBES[name]) is Probe else None
    return root / "twins" / f"{identity}-{name}.json" if root else None


def _identity(network: Network, count: int, version: int) -> str:
    material = hashlib.sha256(np.ascontiguousarray(network.visited.gradients, float).tobytes()).hexdigest()
    about = (network.visited.horizon, network.visited.curvature, network.visited.tuned)
    drawn = hashlib.sha256()
    for name, value in sorted(network.theta.items()):
        drawn.update(name.encode() + np.ascontiguousarray(value, float).tobytes())
    return digest((network.spelled, material, about, drawn.hexdigest(), count, version))


@np.errstate(all="ignore")
def _measured(network: Network, probes: list[str], count: int, progress: Callable[[float], None]):
    build = network.architecture.build
    make = systems(build, network.theta)
    own = system_of(build(network.theta))
    gradients = followed(Subject.of(own, network.visited))
    made: dict[str, list] = {name: [] for name in probes}
    for number in range(count):
        twin = aligned(make(untrained(network.architecture, network.theta, number)), own, gradients)
        for name, reading in _read(twin, network.visited, probes).items():
            made[name].append({"verdict": reading.verdict, "values": _main(name, reading)})
        progress(1 / count)
    return made


def _read(twin, visited: Visited, probes: list[str]) -> dict[str, Reading]:
    readings = {}
    subject = Subject.of(twin, visited, brief=True)
    for name in probes:
        try:
            readings[name] = PROBES[name](subject)
        except (ProbeError, np.linalg.LinAlgError) as error:
            readings[name] = Reading(UNDECIDED, {}, str(error))
    return readings


def _main(name: str, reading: Reading) -> dict[str, Any]:
    """The main numbers as plain ones."""
    known = reading.to_json()["values"]
    return {number: known[number]["value"] for number in PROBES[name].main if isinstance(known.get(number), Mapping)}
