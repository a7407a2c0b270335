"""Ablations as entries: raced, recorded and ranked like any other, and disclosed as what they are."""

from __future__ import annotations

import functools
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from bench.lookup import identity, resolve
from bench.probes.dynamics.system import ProbeError
from bench.studies.ablation.naming import TUNED, Spec, parse
from bench.studies.ablation.plan import check_entry
from optimizers import Entry, LogUniform, Optimizer, OptimizerError
from optimizers.base import with_horizon

if TYPE_CHECKING:
    from bench.studies.ablation.ablated import Frozen

VERSION = 2
"""Raised whenever the numbers of an ablation can move."""
STEPS = LogUniform(2.0**-10, 2.0**3)
"""Where `step=tuned` is searched."""


@dataclass(frozen=True)
class Build:
    """θ -> Optimizer: `base`, known by `identity`, with the switches `fixed`; θ holds the others.

    Several switches in θ make one program that races them side by side (bench.studies.ablation.measure).
    """

    name: str
    identity: str
    fixed: tuple[tuple[str, float], ...]
    horizon: int
    base: Entry = field(repr=False, compare=False)

    def __call__(self, theta: Mapping[str, Any]) -> Optimizer:
        from bench.studies.ablation import ablated

        return ablated.optimizer(frozen(self), {**dict(self.fixed), **theta})


def named(name: str) -> Entry:
    """The entry of `ablated[…]` or `linearised[…]`; raises OptimizerError."""
    optimizer, spec = parse(name)
    return entry(resolve.entry(optimizer), spec)


def entry(base: Entry, spec: Spec) -> Entry:
    """`base` without what `spec` takes away; raises OptimizerError when it is no system of single parameters."""
    flags = spec.flags()
    swept = {"step": flags.pop("step")} if spec.step == TUNED else {}
    made = replace(
        base,
        name="ablated",
        build=build(base, flags, spec.horizon),
        space={"step": STEPS} if swept else {},
        defaults=swept,
        discloses=_disclosed(base, spec),
        reference=f"an ablation of {base.name}",
        version=VERSION,
    )
    object.__setattr__(made, "name", spec.name(base.name))
    return made


def build(base: Entry, fixed: Mapping[str, float], horizon: int) -> Build:
    """The build of all ablations of `base` that share the switches `fixed`; raises OptimizerError as `entry` does."""
    check_entry(base)
    digest = hashlib.sha256(identity.optimizer_definition(base).encode()).hexdigest()[:16]
    return Build(base.name, digest, tuple(sorted(fixed.items())), horizon, base)


def _disclosed(base: Entry, spec: Spec) -> dict[str, Any]:
    done = [f"without {' and '.join(spec.without)}"] if spec.without else []
    done += [f"linearised at {spec.linear}{', saturating' * spec.saturating}"] if spec.linear else []
    done += ["random direction of equal size"] if spec.control >= 0 else []
    return {**base.discloses, "ablation": True, "of": base.name, "done": "; ".join(done)}


def frozen(build: Build) -> Frozen:
    """Path, rest and Jacobians of what `build` ablates; computed once in a process."""
    return _frozen(build.identity, build.horizon, _Held(build.base))


class _Held:
    """An entry that does not take part in telling cached results apart: its identity does."""

    def __init__(self, entry: Entry):
        self.entry = entry

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Held)

    def __hash__(self) -> int:
        return 0


@functools.lru_cache(maxsize=16)
def _frozen(identity: str, horizon: int, held: _Held) -> Frozen:
    import tensorflow as tf

    from bench.studies.ablation import reference
    from bench.studies.ablation.ablated import Frozen
    from bench.studies.ablation.layout import RowLayout

    base = held.entry
    try:
        with tf.init_scope():  # as tensors made outside a program, weights are arguments of it
            weights = {n: tf.constant(v) for n, v in base.defaults.items() if np.ndim(v) > 0}
            made = base.build({**with_horizon(base.defaults, horizon), **weights})
            return Frozen.of(RowLayout.of(made), reference.of(made, horizon))
    except ProbeError as problem:
        raise OptimizerError(f"cannot ablate {base.name!r}: {problem}") from problem
