"""How far a kernel is from the best heavy ball, and from the curvature at which it starts to diverge.

On a quadratic of curvature c the gradient is c x, and x_{t+1} = x_t − c Σ_j k_j x_{t−j}. With K(z) = Σ k_j z^(−j) the
roots of z − 1 + c K(z) = 0 decide: the first c > 0 that puts one on the unit circle is c(ω) = (1 − e^{iω}) / K(e^{iω}),
where that is real and positive. For a heavy ball it is at ω = π and says α < 2 (1 + β) / c.
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np
from scipy.optimize import brentq

from bench.probes.dynamics.fits import OnePole
from bench.probes.dynamics.kernel import gain, transfer
from bench.probes.dynamics.system import Jacobian
from bench.probes.reading import exact

FREQUENCIES = 720
CURVATURES = 33


class HeavyBall(NamedTuple):
    """v ← beta v − alpha g, x ← x + v."""

    alpha: float
    beta: float

    def kernel(self, lags: int) -> np.ndarray:
        return self.alpha * self.beta ** np.arange(lags)


def optimal(smallest: float, largest: float) -> HeavyBall:
    """Of the best worst case √β over curvatures in [smallest, largest] (Polyak, 1964)."""
    low, high = math.sqrt(smallest), math.sqrt(largest)
    return HeavyBall(4 / (low + high) ** 2, ((high - low) / (high + low)) ** 2)


def critical_curvature(jacobian: Jacobian) -> float:
    """The curvature above which the linearized optimizer diverges; 0 if it climbs, infinite if it never does."""
    if not gain(jacobian) > 0:
        return 0.0
    angles = np.linspace(0, math.pi, FREQUENCIES + 1)[1:]

    def limit(angle):
        z = np.exp(1j * np.atleast_1d(angle))
        return (1 - z) / transfer(jacobian, z)

    along = limit(angles)
    sign = np.sign(along.imag)
    sign[-1] = 0  # at ω = π both are real
    found = [float(along[-1].real)]
    for i in np.flatnonzero(sign[:-2] * sign[1:-1] < 0):
        angle = brentq(lambda a: float(limit(a)[0].imag), angles[i], angles[i + 1], xtol=1e-13)
        found.append(float(limit(angle)[0].real))
    return min((c for c in found if c > 0), default=math.inf)


def joint_radius(jacobian: Jacobian, curvatures: np.ndarray) -> np.ndarray:
    """Spectral radius (c,) of parameter and state together, on curvatures: (c,): the loss falls as its square."""
    n = len(jacobian.B)
    whole = np.empty((len(curvatures), n + 1, n + 1))
    whole[:, 0, 0], whole[:, 0, 1:] = 1 + curvatures * jacobian.D, jacobian.C
    whole[:, 1:, 0], whole[:, 1:, 1:] = curvatures[:, None] * jacobian.B, jacobian.J
    return np.max(np.abs(np.linalg.eigvals(whole)), axis=1)


def compare(
    jacobian: Jacobian,
    kernel: np.ndarray,
    fitted: OnePole,
    curvature: tuple[float, float] | None,
    tuned: tuple[float, float] | None,
) -> dict[str, Any]:
    """Values of a reading: `critical_curvature` always, the rest where the task's curvatures or a tuned θ are known.

    `heavy_ball_alpha`, `heavy_ball_beta`: of `tuned` (learning rate, momentum) if given, else the optimum for
    `curvature` (smallest, largest). `alpha_ratio` and `beta_difference` are against these; `kernel_distance` is ‖k −
    k*‖ / ‖k*‖. `limit` is 2 (1 + β) / λ_max and `limit_ratio` is λ_max over the critical curvature: above 1, small
    gradients grow. `worst_rate` is the largest joint spectral radius over the curvatures, `best_rate` √β*.
    """
    critical = critical_curvature(jacobian)
    values: dict[str, Any] = {"critical_curvature": exact(critical)}
    if curvature is not None:
        grid = np.geomspace(*curvature, CURVATURES)
        values["limit"] = exact(2 * (1 + fitted.beta) / curvature[1])
        values["limit_ratio"] = exact(curvature[1] / critical if critical else math.inf)
        values["worst_rate"] = exact(float(joint_radius(jacobian, grid).max()))
        values["best_rate"] = exact(math.sqrt(optimal(*curvature).beta))
    best = HeavyBall(*tuned) if tuned else optimal(*curvature) if curvature else None
    if best is not None:
        target = best.kernel(len(kernel))
        distance = np.linalg.norm(kernel - target) / np.linalg.norm(target)
        values["heavy_ball_alpha"] = exact(best.alpha)
        values["heavy_ball_beta"] = exact(best.beta)
        values["alpha_ratio"] = exact(fitted.alpha / best.alpha)
        values["beta_difference"] = exact(fitted.beta - best.beta)
        values["kernel_distance"] = exact(float(distance))
    return values
