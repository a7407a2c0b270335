"""A linear system as a sum of heavy balls: its eigenmodes, each with a learning rate and a momentum.

In the eigenvectors r_j, l_j of J (l_j·r_i = δ_ij) every coordinate of the state is a velocity of its own, v_j ← λ_j v_j
+ (l_j·B) g, and the update is their sum (Maheswaranathan et al., 2021, after Lucas et al., 2018). Where dx = w·h' the
mode's learning rate is α_j = −(w·r_j)(l_j·B), its momentum |λ_j|, and

    Σ α_j = −D, the instant rate        Σ α_j / (1 − λ_j) = Σ_j k_j, the gain of a lasting gradient

Any other linear optimizer has an update besides, which no mode remembers: `direct` below, 0 for a readout of h'. Modes
of nearly equal λ cancel in trained networks, so no single mode, and least of all the largest |λ|, is "the momentum".
Read that from the kernel.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from bench.probes.dynamics.system import Jacobian

NO_MEMORY = 1e-6
"""|λ| below which a mode is gone after one step: it is counted as direct."""


class Eigenmodes(NamedTuple):
    """k_j = direct [j = 0] + Re Σ alpha decay^j; conjugate pairs are one mode, so their alpha counts both.

    alpha, decay: (m,) complex, decay with imaginary part ≥ 0; gain: (m,) real, each mode's part in Σ k_j; direct: the
    part of the update that no mode remembers; condition: of the eigenvectors, large where single modes mean nothing.
    Order: largest |gain| first.
    """

    alpha: np.ndarray
    decay: np.ndarray
    gain: np.ndarray
    direct: float
    condition: float

    @property
    def momentum(self) -> np.ndarray:
        """|λ_j|: (m,)."""
        return np.abs(self.decay)

    def kernel(self, lags: int) -> np.ndarray:
        """k: (lags,), summed over the modes."""
        powers = self.decay[:, None] ** np.arange(lags)
        summed = (self.alpha[:, None] * powers).sum(axis=0).real
        return summed + self.direct * (np.arange(lags) == 0)

    def needed(self, error: float, lags: int) -> int:
        """Modes, largest gain first, that give the kernel's lags ≥ 1 with this relative error."""
        parts = (self.alpha[:, None] * self.decay[:, None] ** np.arange(1, lags)).real
        whole = parts.sum(axis=0)
        left = whole - np.concatenate([np.zeros((1, lags - 1)), np.cumsum(parts, axis=0)])
        enough = np.linalg.norm(left, axis=1) <= error * np.linalg.norm(whole) + 1e-300
        return int(np.argmax(enough)) if enough.any() else len(parts)

    def listed(self) -> list[dict[str, Any]]:
        """For a reading: rate, momentum, λ, period and time constant in steps, and gain of every mode."""
        return [
            {
                "alpha": float(alpha.real),
                "momentum": float(abs(decay)),
                "decay": float(decay.real),
                "decay_imag": float(decay.imag),
                "period": _period(decay),
                "gain": float(gain),
                "time_constant": float(-1 / np.log(abs(decay))) if 0 < abs(decay) < 1 else None,
            }
            for alpha, decay, gain in zip(self.alpha, self.decay, self.gain, strict=True)
        ]


def _period(decay: complex) -> float | None:
    """Steps of one turn; None for a mode that does not turn."""
    return float(2 * np.pi / abs(np.angle(decay))) if abs(decay.imag) > 1e-9 else None


def eigenmodes(jacobian: Jacobian) -> Eigenmodes:
    """The modes of one linear system; raises np.linalg.LinAlgError where J is not finite."""
    instant = -float(jacobian.D)
    if not len(jacobian.B):
        none = np.zeros(0)
        return Eigenmodes(none.astype(complex), none.astype(complex), none, instant, 1.0)
    decay, right = np.linalg.eig(jacobian.J)
    decay = decay.astype(complex)
    weights = -(jacobian.C @ right) * (np.linalg.pinv(right) @ jacobian.B)
    kept = (np.abs(decay) > NO_MEMORY) & (decay.imag >= 0)
    twice = 1.0 + (decay.imag[kept] > 0)
    decay, weights = decay[kept], weights[kept] * twice
    alpha = weights / decay
    with np.errstate(all="ignore"):
        gain = (alpha / (1 - decay)).real
    order = np.argsort(-np.abs(gain), kind="stable")
    direct = instant - float(alpha.sum().real)
    condition = float(np.linalg.cond(right))
    return Eigenmodes(alpha[order], decay[order], gain[order], direct, condition)


def spectrum(jacobian: Jacobian) -> list[list[float]]:
    """Every eigenvalue of J, slowest first: [real, imaginary, |gain| carried by its eigenmode]."""
    if not len(jacobian.B):
        return []
    decay, right = np.linalg.eig(jacobian.J)
    with np.errstate(all="ignore"):
        gains = np.abs((jacobian.C @ right) * (np.linalg.pinv(right) @ jacobian.B) / (1 - decay))
    order = np.argsort(-np.abs(decay))
    return [[float(decay[i].real), float(decay[i].imag), float(gains[i])] for i in order]
