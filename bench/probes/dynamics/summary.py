"""The dynamics of an optimizer in one place: fixed points by gradient, Jacobians, modes, kernels, the state space.

`subject.dynamics` computes each part when it is first asked for and keeps it, so probes and figures share them.
Everything is float64 NumPy. n: size of the state, T: horizon, L: lags, G: gradients, p ≤ 5: principal axes.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from bench.probes.dynamics.eigenmodes import Eigenmodes, eigenmodes
from bench.probes.dynamics.fixed_points import FixedPoint, hold, slowest
from bench.probes.dynamics.kernel import jacobians_along, kernel_of, kernels_along
from bench.probes.dynamics.system import Jacobian

if TYPE_CHECKING:
    from bench.probes.dynamics.met import Met

DECADES, PER_SIGN = 5, 16
STARTS = 4
"""Visited states, besides the resting one, from which fixed points under a gradient are searched."""
LARGE = 64
"""Size of state from which they are searched from the resting state alone."""


class Arms(NamedTuple):
    """One fixed point h*(g) for every constant gradient, the one reached from rest; rows of G gradients, ascending.

    gradients, speeds, updates (dx at h*(g), g), rates (−∂dx/∂g at h*(g) and g = 0, the effective learning rate there),
    radii: (G,); states: (G, n); stability: G words, "none" where the row is only the slowest state found.
    """

    gradients: np.ndarray
    states: np.ndarray
    speeds: np.ndarray
    updates: np.ndarray
    rates: np.ndarray
    radii: np.ndarray
    stability: tuple[str, ...]


@dataclass(frozen=True)
class Dynamics:
    """Properties are computed once. `subject.drift`: (T + 1, n) and `subject.runs`: (R, T + 1, n) are the paths."""

    subject: Met

    @property
    def rest(self) -> FixedPoint | None:
        """The fixed point at g = 0 reached from h0, or None."""
        return self.subject.rest

    @cached_property
    def slowest(self) -> FixedPoint:
        """At g = 0: `rest`, or the slowest state found, of stability "none"."""
        s = self.subject
        return s.rest or slowest(s.system, s.starts, 0.0, s.settled)

    def held(self, gradients: np.ndarray) -> list[list[FixedPoint]]:
        """For each constant gradient: all distinct fixed points, that reached from rest first.

        Searched from rest and from visited states, all relaxed under the gradient. Where there are none: the slowest
        state found, of stability "none".
        """
        s = self.subject
        visited = s.states[: STARTS if len(s.system.h0) <= LARGE else 0]
        return hold(s.system, np.concatenate([s.base[None], visited]), gradients, s.settled)

    @cached_property
    def arms(self) -> Arms:
        """h*(g) for 16 gradients of each sign over five decades up to the largest met, and 0."""
        s = self.subject
        size = s.largest * np.geomspace(10.0**-DECADES, 1, PER_SIGN)
        gradients = np.concatenate([-size[::-1], [0.0], size])
        points = [found[0] for found in self.held(gradients)]
        points[PER_SIGN] = self.slowest
        states = np.array([point.state for point in points])
        rates = -s.system.jacobian(states, 0.0, s.settled).D
        speeds, updates, radii = np.array([[p.speed, p.update, p.spectral_radius] for p in points]).T
        words = tuple(point.stability for point in points)
        return Arms(gradients, states, speeds, updates, rates, radii, words)

    @cached_property
    def jacobian(self) -> Jacobian:
        """At `subject.base` (h*, or the relaxed h0 where there is none), g = 0: J (n, n), B (n,), C (n,), D ()."""
        s = self.subject
        return s.system.jacobian(s.base, 0.0, s.settled)

    @cached_property
    def eigenmodes(self) -> Eigenmodes:
        """Of `jacobian`: alpha, decay (m,) complex, gain (m,)."""
        return eigenmodes(self.jacobian)

    @cached_property
    def kernel(self) -> np.ndarray:
        """k: (L,) of `jacobian`, L = max(T, 2)."""
        return kernel_of(self.jacobian, self.lags)

    @property
    def lags(self) -> int:
        return max(self.subject.horizon, 2)

    @cached_property
    def drift_jacobians(self) -> Jacobian:
        """Along the zero-gradient path from h0 at steps 0 … T + L − 1, step count running: J (T + L, n, n), …"""
        s = self.subject
        longer = s.system.rollout(s.system.h0[None], np.zeros((s.horizon + self.lags - 1, 1)))[0]
        return jacobians_along(s.system, longer[:, 0])

    @cached_property
    def drift_kernels(self) -> np.ndarray:
        """K(t₀, j): (T + 1, L), the response j steps after a gradient at step t₀ of the drift from h0."""
        return kernels_along(self.drift_jacobians, self.lags)

    @cached_property
    def drift_rates(self) -> np.ndarray:
        """−∂dx/∂g at g = 0 along the drift: (T + 1,)."""
        return self.drift_kernels[:, 0]

    @cached_property
    def axes(self) -> Axes:
        """Principal axes (p, n) of all visited states in units of their scale, and shares of variance (p,)."""
        s = self.subject
        return principal_axes(s.visited_states, s.system.state_scale)

    @cached_property
    def plain_axes(self) -> Axes:
        """The same in the state's own units, as in the paper."""
        s = self.subject
        return principal_axes(s.visited_states, np.ones_like(s.system.state_scale))

    @cached_property
    def projected(self) -> dict[str, np.ndarray]:
        """Coordinates on `plain_axes`.

        visited: (≤ 2000, p), runs: (R, T + 1, p), drift: (T + 1, p), arms: (G, p), rest: (p,) of `subject.base`.
        """
        s, project = self.subject, self.plain_axes.project
        every = max(len(s.visited_states) // 2000, 1)
        return {
            "visited": project(s.visited_states[::every][:2000]),
            "runs": project(s.runs),
            "drift": project(s.drift),
            "arms": project(self.arms.states),
            "rest": project(s.base),
        }


SHOWN = 5
"""Principal axes kept."""


class Axes(NamedTuple):
    """Principal axes of states in units of `scale`: mean, scale (n,), axes (p, n) orthonormal, shares (p,); p ≤ 5."""

    mean: np.ndarray
    scale: np.ndarray
    axes: np.ndarray
    shares: np.ndarray

    def project(self, states: np.ndarray) -> np.ndarray:
        """Coordinates (…, p) of states: (…, n)."""
        return ((states - self.mean) / self.scale) @ self.axes.T


def principal_axes(states: np.ndarray, scale: np.ndarray) -> Axes:
    """Of states (M, n); each axis points to the side on which its largest component is positive."""
    mean = states.mean(axis=0)
    if not states.size:
        return Axes(mean, scale, np.zeros((0, states.shape[1])), np.zeros(0))
    _, sizes, axes = np.linalg.svd((states - mean) / scale, full_matrices=False)
    largest = np.argmax(np.abs(axes), axis=1)
    axes = axes * np.sign(axes[np.arange(len(axes)), largest])[:, None]
    powers = sizes**2
    shares = powers / powers.sum() if powers.sum() > 0 else powers
    return Axes(mean, scale, axes[:SHOWN], shares[:SHOWN])
