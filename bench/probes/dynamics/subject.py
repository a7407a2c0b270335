"""What is probed: a system with the gradients and states it met, its resting state, and its dynamics."""

from __future__ import annotations

from functools import cached_property

from bench.probes.dynamics.met import Met, Visited
from bench.probes.dynamics.summary import Dynamics

__all__ = ["Subject", "Visited"]


class Subject(Met):
    """What a system met, and the dynamics that follow from it."""

    @cached_property
    def dynamics(self) -> Dynamics:
        """Jacobians, modes, kernels and the state space, each computed when asked for."""
        return Dynamics(self)
