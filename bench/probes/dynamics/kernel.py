"""Impulse responses: what a unit gradient does to the updates that follow it.

k_j is minus the change of the update j steps after a unit gradient; heavy ball v ← β v − α g has k_j = α β^j. At a
fixed point k_0 = −D and k_j = −C J^(j−1) B. Along a path the Jacobians change from step to step and K(t, j) = −C_{t+j}
J_{t+j−1} … J_{t+1} B_t. The kernel is identifiable where single eigenmodes are not.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from bench.probes.dynamics.system import DIFFERENCE, Jacobian, System


def kernel_at(system: System, h: np.ndarray, t: int, lags: int, zoom: float = 1.0) -> np.ndarray:
    """k: (lags,) of the system linearized at h: (n,), zero gradient and step count t."""
    return kernel_of(system.jacobian(h, 0.0, t, zoom), lags)


def kernel_of(jacobian: Jacobian, lags: int) -> np.ndarray:
    """k: (lags,) of one linear system."""
    kernel, v = [-jacobian.D], jacobian.B
    for _ in range(1, lags):
        kernel.append(-(jacobian.C @ v))
        v = jacobian.J @ v
    return np.array(kernel, float)


def response(system: System, h: np.ndarray, t: int, lags: int, *, frozen: bool, zoom: float = 1.0):
    """k: (N, lags) from states h: (N, n): the response to a small gradient, no gradient thereafter.

    The state may drift meanwhile, so this is the kernel along the path, without any Jacobian.
    """
    size = zoom * DIFFERENCE * system.gradient_scale
    gradients = np.zeros((lags, 2 * len(h)))
    gradients[0] = np.repeat([size, -size], len(h))
    updates = system.rollout(np.concatenate([h, h]), gradients, t, frozen)[1]
    return ((updates[:, len(h) :] - updates[:, : len(h)]) / (2 * size)).T


def jacobians_along(system: System, path: np.ndarray, first: int = 0) -> Jacobian:
    """Jacobians at zero gradient, leading axis T, along a path: (T, n) from step count `first`."""
    each = [system.jacobian(h, 0.0, first + i) for i, h in enumerate(path)]
    return Jacobian(*(np.array(part) for part in zip(*each, strict=True)))


def kernels_along(jacobians: Jacobian, lags: int) -> np.ndarray:
    """K: (T − lags + 1, lags): the kernel of a gradient given at each step of a path of T Jacobians."""
    starts = max(len(jacobians.D) - lags + 1, 0)
    kernels = np.empty((starts, lags))
    kernels[:, 0] = -jacobians.D[:starts]
    v = jacobians.B[:starts]
    for lag in range(1, lags):
        later = slice(lag, lag + starts)
        kernels[:, lag] = -np.einsum("ti,ti->t", jacobians.C[later], v)
        v = np.einsum("tij,tj->ti", jacobians.J[later], v)
    return kernels


def gain(jacobian: Jacobian) -> float:
    """Σ_j k_j = −(D + C (1 − J)⁻¹ B): minus the lasting update per lasting gradient; NaN for an eigenvalue 1."""
    try:
        return float(transfer(jacobian, np.ones(1))[0].real)
    except np.linalg.LinAlgError:
        return float("nan")


def transfer(jacobian: Jacobian, z: Any) -> np.ndarray:
    """Σ_j k_j z^(−j) at complex z: (Z,), continued analytically: −(D + C (z − J)⁻¹ B)."""
    n = len(jacobian.B)
    z = np.asarray(z, complex)
    if not n:
        return np.full(len(z), -jacobian.D, complex)
    shifted = z[:, None, None] * np.eye(n) - jacobian.J
    answers = np.linalg.solve(shifted, np.broadcast_to(jacobian.B[:, None], (len(z), n, 1)))
    return -(jacobian.D + answers[..., 0] @ jacobian.C)


def memory(kernel: np.ndarray) -> float:
    """Share of Σ |k_j| at lags ≥ 1, in [0, 1]; 0 for an optimizer that does not answer at all."""
    total = float(np.sum(np.abs(kernel)))
    return float(np.sum(np.abs(kernel[1:])) / total) if total > 0 else 0.0


def lasting(kernel: np.ndarray) -> float:
    """Σ_{j ≥ 1} k_j / Σ |k_j|, in [−1, 1]: positive if memory adds to the step, as momentum does."""
    total = float(np.sum(np.abs(kernel)))
    return float(np.sum(kernel[1:]) / total) if total > 0 else 0.0
