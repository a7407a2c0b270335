"""Momentum: how much of an update is memory of earlier gradients, and how that memory fades.

The kernel k_j is minus the change of the update j steps after a unit gradient; heavy ball v ← β v −
α g has k_j = α β^j. At a fixed point k_0 = −D and k_j = −C J^(j−1) B. The kernel is identifiable
where single eigenmodes are not: in trained networks near-equal modes cancel, so the largest
eigenvalue says little about momentum.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from scipy.optimize import minimize_scalar

from bench.probes.modes import modes
from bench.probes.reading import (
    ABSENT,
    UNDECIDED,
    Reading,
    exact,
    graded,
    number,
    percent,
    spread,
    undecided,
)
from bench.probes.system import DIFFERENCE, ZOOMS, System

if TYPE_CHECKING:
    from bench.probes.subject import Subject

NONE, SOME = 0.02, 0.1
"""Shares of the kernel at lags ≥ 1 below which there is no momentum, above which there is."""
AGREEMENT = 0.01
"""Largest relative change of a kernel over difference steps of different size."""
SHOWN = 60
"""Lags listed in a reading."""
STARTS = (0, 20, 100)
"""Steps along the drift path at which the kernel is measured again."""


class Fit(NamedTuple):
    """k_j ≈ alpha beta^j; r2 = 1 − Σ (k − fit)² / Σ k². NaN for a kernel that is zero or not
    finite.
    """

    alpha: float
    beta: float
    r2: float


def kernel_at(system: System, h: np.ndarray, t: int, lags: int, zoom: float = 1.0) -> np.ndarray:
    """k: (lags,) of the system linearized at h: (n,), zero gradient and step count t."""
    J, B, C, D = system.jacobian(h, 0.0, t, zoom)
    kernel, v = [-D], B
    for _ in range(1, lags):
        kernel.append(-(C @ v))
        v = J @ v
    return np.array(kernel)


def response(system: System, h: np.ndarray, t: int, lags: int, *, frozen: bool, zoom: float = 1.0):
    """k: (N, lags) from states h: (N, n): the response to a small gradient, no gradient thereafter.

    The state may drift meanwhile, so this is the kernel along the path (the product of its
    Jacobians).
    """
    size = zoom * DIFFERENCE * system.gradient_scale
    gradients = np.zeros((lags, 2 * len(h)))
    gradients[0] = np.repeat([size, -size], len(h))
    updates = system.rollout(np.concatenate([h, h]), gradients, t, frozen)[1]
    return ((updates[:, len(h) :] - updates[:, : len(h)]) / (2 * size)).T


def fit(kernel: np.ndarray) -> Fit:
    """The single exponential nearest to a kernel: (lags,) in least squares, −1 < β < 1."""
    power = float(kernel @ kernel)
    if not np.isfinite(power) or power == 0:
        return Fit(np.nan, np.nan, np.nan)
    lags = np.arange(len(kernel))
    grid = np.concatenate(
        [-np.geomspace(0.9999, 1e-3, 60), [0.0], 1 - np.geomspace(0.999, 1e-4, 240)]
    )
    errors = _misfit(grid[:, None] ** lags, kernel)
    best = int(np.argmin(errors))
    bounds = grid[max(best - 1, 0)], grid[min(best + 1, len(grid) - 1)]
    options = {"xatol": 1e-10}
    refined = minimize_scalar(
        lambda b: _misfit(b**lags, kernel), bounds=bounds, method="bounded", options=options
    )
    beta = float(refined.x) if refined.fun < errors[best] else float(grid[best])
    shape = beta**lags
    return Fit(
        float(shape @ kernel / (shape @ shape)), beta, float(1 - _misfit(shape, kernel) / power)
    )


def _misfit(shapes: np.ndarray, kernel: np.ndarray) -> Any:
    """Σ (k − α s)² for the best α, for shapes: (…, lags)."""
    alpha = shapes @ kernel / np.sum(shapes**2, axis=-1)
    return np.sum((kernel - alpha[..., None] * shapes) ** 2, axis=-1)


def memory(kernel: np.ndarray) -> float:
    """Share of Σ |k_j| at lags ≥ 1, in [0, 1]; 0 for an optimizer that does not answer at all."""
    total = float(np.sum(np.abs(kernel)))
    return float(np.sum(np.abs(kernel[1:])) / total) if total > 0 else 0.0


def spectrum(system: System, h: np.ndarray, t: int) -> list[list[float]]:
    """Eigenvalues of J at h, slowest first: [real, imaginary, |gain| carried by the eigenmode].

    The gain is |alpha / (1 − λ)|. Single eigenmodes may cancel: read momentum from the kernel.
    """
    J, B, C, _ = system.jacobian(h, 0.0, t)
    values, vectors = np.linalg.eig(J)
    gains = np.abs((C @ vectors) * (np.linalg.pinv(vectors) @ B) / (1 - values))
    order = np.argsort(-np.abs(values))
    return [[float(values[i].real), float(values[i].imag), float(gains[i])] for i in order]


def probe(subject: Subject) -> Reading:
    """Does an update remember earlier gradients?

    present when at least 10 % of the kernel at rest lies at lags ≥ 1, absent below 2 %. undecided
    without a stable fixed point, or where the kernel changes with the size of the difference step
    (RMSProp and Adam at rest, where the accumulator is zero). Values are at rest; low and high are
    over the kernels along the drift from 32 visited states, whose medians are `alpha_visited`,
    `beta_visited`, `memory_visited`. `gain` is Σ k_j. It describes small gradients: with
    saturation, larger ones are answered less.
    """
    visited = _visited(subject)
    rest = subject.rest
    if rest is None or rest.stability != "stable":
        state = "no fixed point" if rest is None else f"only {_article(rest.stability)} fixed point"
        return undecided("momentum", f"there is {state} at zero gradient", visited)
    lags = max(subject.horizon, 2)
    kernels = np.array(
        [kernel_at(subject.system, rest.state, subject.settled, lags, z) for z in ZOOMS]
    )
    if not _measured_alike(subject, rest.state, kernels):
        reason = "the response at rest depends on the size of the gradient; no kernel exists there"
        return undecided("momentum", reason + _at_visited(visited), visited)
    values = visited | _values(subject, rest.state, kernels[0], visited)
    verdict = graded(memory(kernels[0]), NONE, SOME)
    return Reading(verdict, values, _sentence(verdict, values))


def _measured_alike(subject: Subject, h: np.ndarray, kernels: np.ndarray) -> bool:
    """Whether the linearizations agree with each other and with what small gradients really do."""
    system, lags = subject.system, kernels.shape[1]
    measured = [
        response(system, h[None], subject.settled, lags, frozen=True, zoom=z)[0] for z in ZOOMS
    ]
    return bool(_agree(kernels[:1], np.concatenate([kernels[1:], measured])).all())


def _article(word: str) -> str:
    return f"an {word}" if word[0] in "aeiou" else f"a {word}"


def _agree(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Whether kernels (…, lags) differ by less than AGREEMENT of their norm; False where not
    finite.
    """
    with np.errstate(all="ignore"):
        return np.linalg.norm(a - b, axis=-1) <= AGREEMENT * np.linalg.norm(a, axis=-1)


def _visited(subject: Subject) -> dict[str, Any]:
    """Medians and ranges over the visited states at which the kernel is well defined."""
    lags = max(subject.horizon, 2)
    system, states, t = subject.system, subject.states, subject.settled
    small, large = (response(system, states, t, lags, frozen=True, zoom=z) for z in ZOOMS[:2])
    kernels = small[_agree(small, large) & np.any(small, axis=1)]
    fits = np.array([fit(kernel) for kernel in kernels]).reshape(-1, 3)
    samples = {
        "alpha": fits[:, 0],
        "beta": fits[:, 1],
        "r2": fits[:, 2],
        "gain": kernels.sum(axis=1),
        "memory": np.array([memory(kernel) for kernel in kernels]),
    }
    return {f"{name}_visited": spread(_median(sample), sample) for name, sample in samples.items()}


def _median(sample: np.ndarray) -> float | None:
    kept = sample[np.isfinite(sample)]
    return float(np.median(kept)) if len(kept) else None


def _values(
    subject: Subject, h: np.ndarray, kernel: np.ndarray, visited: dict[str, Any]
) -> dict[str, Any]:
    system, t = subject.system, subject.settled
    few, many = modes(kernel, 0.1), modes(kernel, 0.01)
    at_rest = {**fit(kernel)._asdict(), "gain": _gain(system, h, t), "memory": memory(kernel)}
    ranges = {
        name: visited[f"{name}_visited"] | {"value": value} for name, value in at_rest.items()
    }
    return ranges | {
        "modes_needed": exact(None if few is None else len(few)),
        "modes": many,
        "spectrum": spectrum(system, h, t),
        "kernel": list(kernel[:SHOWN]),
        "drift_kernels": [
            _drift_kernel(subject, start) for start in STARTS if start <= subject.horizon
        ],
    }


def _gain(system: System, h: np.ndarray, t: int) -> float:
    """Σ_j k_j = −(D + C (I − J)⁻¹ B)."""
    J, B, C, D = system.jacobian(h, 0.0, t)
    return float(-(D + C @ np.linalg.solve(np.eye(len(J)) - J, B)))


def _drift_kernel(subject: Subject, start: int) -> dict[str, Any]:
    """The kernel of a gradient given at step `start` of the drift from h0, step count running."""
    h = subject.drift[start : start + 1]
    kernel = response(subject.system, h, start, max(subject.horizon, 2), frozen=False)[0]
    return {
        "start": start,
        **fit(kernel)._asdict(),
        "gain": float(kernel.sum()),
        "memory": memory(kernel),
        "kernel": list(kernel[:SHOWN]),
    }


def _at_visited(visited: dict[str, Any]) -> str:
    alpha, beta, kept = (visited[f"{n}_visited"]["value"] for n in ("alpha", "beta", "memory"))
    if kept is None:
        return ""
    if kept < NONE:
        return "; at visited states it has no memory"
    return f"; at visited states it is near {number(alpha)}·{number(beta)}^j"


def _sentence(verdict: str, values: dict[str, Any]) -> str:
    alpha, beta, r2, gain, kept = (
        values[n]["value"] for n in ("alpha", "beta", "r2", "gain", "memory")
    )
    late = f"{percent(kept)} of the response comes after the first step"
    if verdict == ABSENT:
        return f"momentum: none; {late}"
    fitted = f"{number(alpha)}·{number(beta)}^j (R² {r2:.3f}), total gain {number(gain)}"
    if verdict == UNDECIDED:
        return f"momentum: undecided; {late}, kernel {fitted}"
    shape = "kernel " if r2 >= 0.95 else "kernel is not one exponential, nearest "
    return f"momentum: {shape}{fitted}"
