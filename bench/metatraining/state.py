"""What an iteration changes, as one value: θ, Adam's moments, recent norms, the best so far, the curves."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from bench.errors import UserError
from bench.metatraining.settings import Settings
from bench.records import arrays as archive
from bench.records.files import note

Theta = Mapping[str, np.ndarray]
_GROUPS = ("theta", "first", "second", "best")


@dataclass(frozen=True)
class State:
    """Replaced, never written into: a stop in the middle of an iteration leaves the state before it.

    `history`: [iteration, meta-loss, mean, log10] of each validation. `curve`: [iteration, task, meta-loss, gradient
    norm, 1 if skipped] of each update. `means`: mean loss of every task when last validated. `baselines`: per task what
    tuned optimizers reach there.
    """

    theta: Theta
    first: Theta
    second: Theta
    best: Theta
    norms: list[float] = field(default_factory=list)
    iteration: int = 0
    updates: int = 0
    skipped: int = 0
    score: float = np.inf
    shown: dict[str, float] = field(default_factory=dict)
    seconds: float = 0.0
    gradients: int = 0
    history: list[list[float]] = field(default_factory=list)
    curve: list[list[float]] = field(default_factory=list)
    means: list[float] = field(default_factory=list)
    baselines: dict[str, Any] = field(default_factory=dict)


def start(theta: Theta) -> State:
    """Before the first iteration."""
    zeros = {name: np.zeros_like(value) for name, value in theta.items()}
    return State(dict(theta), zeros, dict(zeros), dict(theta))


def save(path: Path, state: State, identity: Mapping[str, Any]) -> None:
    """Everything the loop needs to go on to the same bits, in one file."""
    groups = {group: getattr(state, group) for group in _GROUPS}
    arrays: dict[str, Any] = {
        f"{group}.{name}": value for group, values in groups.items() for name, value in values.items()
    }
    arrays["card"] = np.array(json.dumps({"identity": identity, "state": _plain(state)}))
    archive.write(path, arrays)


def load(path: Path, fresh: State, identity: Mapping[str, Any]) -> State:
    """The checkpoint at `path`, if it is there and whole, else `fresh`, with a note where it is damaged.

    Raises UserError for one of another training.
    """
    if not path.exists():
        return fresh
    try:
        held = archive.read(path)
        card = json.loads(str(held["card"]))
    except Exception:  # whatever a damaged file makes NumPy, zlib or JSON raise
        note(f"{path} is damaged or of an older version; the training starts from the beginning")
        return fresh
    usual = dataclasses.asdict(Settings(steps=1))  # of settings that are younger than the file
    if {**usual, **card["identity"]} != json.loads(json.dumps(identity)):
        raise UserError(f"{path} belongs to a training with other settings; delete it, or choose another --out")
    groups: dict[str, Any] = {group: {name: held[f"{group}.{name}"] for name in fresh.theta} for group in _GROUPS}
    return dataclasses.replace(fresh, **groups, **card["state"])


def _plain(state: State) -> dict[str, Any]:
    names = (f.name for f in dataclasses.fields(state) if f.name not in _GROUPS)
    return {name: getattr(state, name) for name in names}
