"""A kernel as a sum of few decaying exponentials, found from the kernel alone."""

from __future__ import annotations

import numpy as np
from scipy.linalg import hankel

ORDERS = 12
"""Most exponentials a kernel is written as."""


def realizations(kernel: np.ndarray) -> list[tuple[np.ndarray, np.ndarray]]:
    """Sums of r = 1, 2, … ≤ ORDERS exponentials near k: [(alphas (r,), decays (r,))], both complex.

    k_j ≈ Re Σ alpha decay^(j−1) for j ≥ 1: truncated Hankel realizations (Ho and Kalman, 1966; Kung, 1978). They need
    the kernel alone, so cancelling eigenmodes of the state do not enter.
    """
    half = len(kernel) // 2
    left, sizes, right = np.linalg.svd(hankel(kernel[1 : half + 1], kernel[half : 2 * half]))
    rank = int(np.sum(sizes > 1e-8 * sizes[0])) if sizes[0] > 0 else 0
    return [_realize(left[:, :r], sizes[:r], right[:r]) for r in range(1, min(rank, ORDERS, half - 1) + 1)]


def _realize(left, sizes, right):
    observed = left * np.sqrt(sizes)
    decays, vectors = np.linalg.eig(np.linalg.pinv(observed[:-1]) @ observed[1:])
    entry = (np.sqrt(sizes) * right[:, 0]).astype(complex)
    return (observed[0] @ vectors) * _within(vectors, entry), decays


def _within(vectors: np.ndarray, entry: np.ndarray) -> np.ndarray:
    """Coordinates of `entry`; the nearest where the vectors are no basis: a pure delay is no sum of exponentials."""
    try:
        return np.linalg.solve(vectors, entry)
    except np.linalg.LinAlgError:
        return np.linalg.pinv(vectors) @ entry


def modes(kernel: np.ndarray, error: float, found: list | None = None) -> list[dict[str, float]] | None:
    """The fewest exponentials that give lags ≥ 1 with this relative error, largest first; or None.

    `alpha` and `decay` as in `realizations`, imaginary parts apart; `share` is the norm of the part. `found`: the
    kernel's `realizations`, if they are known.
    """
    memory_part = kernel[1:]
    size = np.linalg.norm(memory_part)
    if size <= 1e-6 * np.linalg.norm(kernel):
        return []
    for alphas, decays in realizations(kernel) if found is None else found:
        parts = alphas[:, None] * decays[:, None] ** np.arange(len(memory_part))
        if np.linalg.norm(parts.sum(axis=0) - memory_part) <= error * size:
            shares = np.linalg.norm(parts, axis=1) / size
            order = np.argsort(-shares)
            return [_mode(alphas[i], decays[i], shares[i]) for i in order]
    return None


def _mode(alpha: complex, decay: complex, share: float) -> dict[str, float]:
    return {
        "alpha": float(alpha.real),
        "alpha_imag": float(alpha.imag),
        "decay": float(decay.real),
        "decay_imag": float(decay.imag),
        "share": float(share),
    }
