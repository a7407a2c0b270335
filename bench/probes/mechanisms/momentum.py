"""Momentum: how much of an update is memory of earlier gradients, and how that memory fades.

Read from the kernel of the linearized optimizer (`bench.probes.dynamics.kernel`): a heavy ball's is α β^j. Single
eigenmodes cancel in trained networks, so the largest eigenvalue says little about momentum.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from bench.probes.dynamics.eigenmodes import eigenmodes, spectrum
from bench.probes.dynamics.fits import OnePole, fit, two_poles
from bench.probes.dynamics.kernel import gain, kernel_at, lasting, memory, response
from bench.probes.dynamics.realization import modes, realizations
from bench.probes.dynamics.system import ZOOMS
from bench.probes.mechanisms import heavy_ball
from bench.probes.reading import ABSENT, PRESENT, UNDECIDED, Reading, exact, spread, undecided
from bench.scores.numbers import percent, significant

if TYPE_CHECKING:
    from bench.probes.dynamics.subject import Subject

NONE, SOME = 0.02, 0.1
"""Shares of the kernel at lags ≥ 1 below which there is no momentum, above which there is."""
AGREEMENT = 0.01
"""Largest relative change of a kernel over difference steps of different size."""
SHOWN = 60
"""Lags listed in a reading."""
STARTS = (0, 20, 50, 100, 200)
"""Steps along the drift path at which the kernel is measured again."""
EXPONENTIAL = 0.95
"""R² from which a kernel is called one exponential."""


def probe(subject: Subject) -> Reading:
    """Does an update remember earlier gradients, and add them up?

    present when at least 10 % of the kernel at rest lies at lags ≥ 1 and adds to the step, absent below 2 %, or where
    what is remembered is subtracted, or the whole climbs. undecided between, without a stable fixed point, or where the
    kernel changes with the size of the difference step (RMSProp and Adam at rest, where the accumulator is zero).
    Values are at rest; low and high are over the kernels along the drift from 32 visited states, whose medians are
    `alpha_visited`, `beta_visited`, …. `gain` is Σ k_j. It describes small gradients: with saturation, larger ones are
    answered less. docs/probes-dynamics.md says what every other value is.
    """
    kernels = _visited_kernels(subject)
    visited = _medians(kernels)
    rest = subject.rest
    if rest is None or rest.stability != "stable":
        reason = _no_rest(rest and rest.stability) + _at_visited(visited)
        return undecided("momentum", reason, visited)
    kernel = subject.dynamics.kernel
    if not _measured_alike(subject, rest.state, kernel):
        reason = "the response at rest depends on the size of the gradient; no kernel exists there"
        return undecided("momentum", reason + _at_visited(visited), visited)
    values = visited | _values(subject, kernel, visited, kernels)
    verdict = judge(kernel, values["gain"]["value"])
    return Reading(verdict, values, _sentence(verdict, values))


def judge(kernel: np.ndarray, total: float) -> str:
    """Verdict from a kernel and its gain Σ k_j."""
    kept, carried = memory(kernel), lasting(kernel)
    if not np.isfinite([kept, carried, total]).all():
        return UNDECIDED
    if kept < NONE or total <= 0 or carried < -NONE:
        return ABSENT
    return PRESENT if min(kept, carried) > SOME else UNDECIDED


def _measured_alike(subject: Subject, h: np.ndarray, kernel: np.ndarray) -> bool:
    """Whether the linearizations agree with each other and with what small gradients really do."""
    system, lags, t = subject.system, len(kernel), subject.settled
    others = [kernel_at(system, h, t, lags, zoom) for zoom in ZOOMS[1:]]
    measured = [response(system, h[None], t, lags, frozen=True, zoom=zoom)[0] for zoom in ZOOMS]
    return bool(_agree(kernel[None], np.array([*others, *measured])).all())


def _agree(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Whether kernels (…, lags) differ by less than AGREEMENT of their norm; False where not finite."""
    with np.errstate(all="ignore"):
        return np.linalg.norm(a - b, axis=-1) <= AGREEMENT * np.linalg.norm(a, axis=-1)


def _visited_kernels(subject: Subject) -> np.ndarray:
    """(≤ 32, lags): kernels from the visited states at which they are well defined."""
    system, states, t = subject.system, subject.states, subject.settled
    small, large = (response(system, states, t, subject.dynamics.lags, frozen=True, zoom=zoom) for zoom in ZOOMS[:2])
    return small[_agree(small, large) & np.any(small, axis=1)]


def _medians(kernels: np.ndarray) -> dict[str, Any]:
    """Medians and ranges over visited states."""
    fits = np.array([fit(kernel) for kernel in kernels]).reshape(-1, 3)
    samples = {
        **dict(zip(OnePole._fields, fits.T, strict=True)),
        "gain": kernels.sum(axis=1),
        "memory": np.array([memory(kernel) for kernel in kernels]),
    }
    return {f"{name}_visited": spread(_median(sample), sample) for name, sample in samples.items()}


def _median(sample: np.ndarray) -> float | None:
    kept = sample[np.isfinite(sample)]
    return float(np.median(kept)) if len(kept) else None


def _values(subject: Subject, kernel: np.ndarray, visited: dict[str, Any], kernels: np.ndarray) -> dict[str, Any]:
    dynamics, lags = subject.dynamics, len(kernel)
    sums = realizations(kernel)
    few, many = modes(kernel, 0.1, sums), modes(kernel, 0.01, sums)
    single = fit(kernel)
    at_rest = {**single._asdict(), "gain": gain(dynamics.jacobian), "memory": memory(kernel)}
    ranges = {name: visited[f"{name}_visited"] | {"value": value} for name, value in at_rest.items()}
    return ranges | {
        "lasting": exact(lasting(kernel)),
        "modes_needed": exact(None if few is None else len(few)),
        "eigenmodes_needed": exact(dynamics.eigenmodes.needed(0.1, lags)),
        "modes": many,
        **({} if subject.brief else _oscillation(kernel, single, kernels)),
        **heavy_ball.compare(dynamics.jacobian, kernel, single, subject.curvature, subject.tuned),
        **_schedule(subject),
        "spectrum": spectrum(dynamics.jacobian),
        "eigenmodes": eigenmodes(dynamics.jacobian).listed(),
        "kernel": list(kernel[:SHOWN]),
    }


def _oscillation(kernel: np.ndarray, single: OnePole, kernels: np.ndarray) -> dict[str, Any]:
    """`shape`, and where one exponential does not do, what two poles make of this kernel and of the visited ones."""
    if single.r2 >= EXPONENTIAL:
        return {"shape": "exponential"}
    found = two_poles(kernel)
    if found is None:
        return {"shape": None}
    far = np.linalg.norm(kernels - kernel, axis=1) > 1e-6 * np.linalg.norm(kernel)
    pairs = (two_poles(k, tries=1) if f else found for k, f in zip(kernels, far, strict=True))
    others = [pair for pair in pairs if pair is not None]
    wave = {
        f"oscillation_{name}": spread(getattr(found, name), [getattr(o, name) for o in others])
        for name in ("amplitude", "decay", "period", "phase", "r2")
    }
    return {"shape": found.kind} | wave


def _schedule(subject: Subject) -> dict[str, Any]:
    """The kernel of a gradient given at steps 0, 20, … of the drift from h0, and how far β and gain move."""
    lags, drift = subject.dynamics.lags, subject.drift
    starts = [start for start in STARTS if start <= subject.horizon]
    each = [response(subject.system, drift[start : start + 1], start, lags, frozen=False)[0] for start in starts]
    kernels = [_drift_kernel(start, kernel) for start, kernel in zip(starts, each, strict=True)]
    return {
        "beta_drift": exact(_range([kernel["beta"] for kernel in kernels])),
        "gain_drift": exact(_range([kernel["gain"] for kernel in kernels])),
        "drift_kernels": kernels,
    }


def _range(numbers: list[float]) -> float:
    """Largest minus smallest; NaN where one is not a number."""
    return float(np.ptp(numbers))


def _drift_kernel(start: int, kernel: np.ndarray) -> dict[str, Any]:
    return {
        "start": start,
        **fit(kernel)._asdict(),
        "gain": float(kernel.sum()),
        "memory": memory(kernel),
        "kernel": list(kernel[:SHOWN]),
    }


def _no_rest(stability: str | None) -> str:
    """Why there is no reading without a stable resting state."""
    if stability is None:
        return "there is no fixed point at zero gradient"
    article = "an" if stability[0] in "aeiou" else "a"
    return f"there is only {article} {stability} fixed point at zero gradient"


def _at_visited(visited: dict[str, Any]) -> str:
    """What can still be said from the states it met, where it has no kernel at rest."""
    alpha, beta, kept = (visited[f"{n}_visited"]["value"] for n in ("alpha", "beta", "memory"))
    if kept is None:
        return ""
    if kept < NONE:
        return "; at visited states it has no memory"
    return f"; at visited states it is near {significant(alpha)}·{significant(beta)}^j"


def _sentence(verdict: str, values: dict[str, Any]) -> str:
    total, kept, carried = (values[n]["value"] for n in ("gain", "memory", "lasting"))
    late = f"{percent(kept)} of the response comes after the first step"
    if verdict == ABSENT and total < 0:
        return f"momentum: none; {late}, but it climbs under a constant gradient (gain {significant(total)})"
    if verdict == ABSENT and carried < 0:
        return f"momentum: none; {late}, but it undoes the first step"
    if verdict == ABSENT:
        return f"momentum: none; {late}"
    kernel = f"{_shape(values)}, total gain {significant(total)}"
    if verdict == UNDECIDED:
        return f"momentum: undecided; {late}, kernel {kernel}"
    return f"momentum: kernel {kernel}{_beyond(values)}"


def _shape(values: dict[str, Any]) -> str:
    alpha, beta, r2 = (values[n]["value"] for n in ("alpha", "beta", "r2"))
    single = f"{significant(alpha)}·{significant(beta)}^j (R² {r2:.3f})"
    if "oscillation_r2" not in values:
        return single
    shape = values["shape"]
    decay, period, fitted = (values[f"oscillation_{n}"]["value"] for n in ("decay", "period", "r2"))
    if shape == "oscillation":
        wave = f"an oscillation of period {significant(period)}, decay {significant(decay)} (R² {fitted:.3f})"
        return f"is {wave}, nearest exponential {single}"
    names = {"critical": "a repeated pole", "two exponentials": "the slower of two exponentials"}
    pole = f"{names[shape]} of decay {significant(decay)} (R² {fitted:.3f})"
    return f"is not one exponential, nearest {single}, better {pole}"


def _beyond(values: dict[str, Any]) -> str:
    ratio = values.get("limit_ratio", {}).get("value")
    if ratio is None or ratio <= 1:
        return ""
    return (
        f"; the task's largest curvature is {significant(ratio)} times the stability limit of the linearized optimizer"
    )
