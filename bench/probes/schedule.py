"""Schedule: does the learning rate change with time alone?

The optimizer is left without gradients from its initial state, step count running; at every step
the effective learning rate is −∂dx/∂g at g = 0. What moves it there is a schedule, whether it comes
from `step` or from a state that relaxes by itself. Changes that gradients cause are not seen here;
they are the adaptation probe's.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from bench.probes.reading import ABSENT, Reading, exact, graded, number, undecided
from bench.probes.system import DIFFERENCE, ZOOMS, System

if TYPE_CHECKING:
    from bench.probes.subject import Subject

NONE, SOME = 0.02, 0.1
"""Range of the rate over its maximum below which it is constant, above which it is scheduled."""
AGREEMENT = 0.01


def rates_along(
    system: System, path: np.ndarray, first: int = 0
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Along a path (T, n) from step count `first`: rates (T,), updates at g = 0 (T,), disagreement
    (T,).

    Disagreement is the relative range of the rate over difference steps that differ by a factor of
    100.
    """
    sizes = DIFFERENCE * np.array(ZOOMS) * system.gradient_scale
    gradients = np.concatenate([[0.0], sizes, -sizes])
    rows = [
        system.step(np.tile(h, (len(gradients), 1)), gradients, first + t)[1]
        for t, h in enumerate(path)
    ]
    updates = np.array(rows)
    count = len(sizes)
    rates = (updates[:, 1 + count :] - updates[:, 1 : 1 + count]) / (2 * sizes)
    size = np.max(np.abs(rates))
    with np.errstate(all="ignore"):
        disagreement = np.ptp(rates, axis=1) / np.maximum(np.abs(rates[:, 0]), 1e-6 * size)
    return rates[:, 0], updates[:, 0], np.where(np.ptp(rates, axis=1) == 0, 0.0, disagreement)


def probe(subject: Subject) -> Reading:
    """Does the effective learning rate change along the gradient-free path of a run?

    present when it varies by more than 10 % of its maximum over steps 0 … horizon, absent below 2
    %; undecided between, or where the rate at zero gradient depends on the difference step. Values
    are exact properties of that path. `bias` is the update at the last step without any gradient:
    what the optimizer does on its own.
    """
    rates, updates, disagreement = rates_along(subject.system, subject.drift)
    bias = {"bias": exact(float(updates[-1]))}
    if not np.all(disagreement < AGREEMENT):
        step = int(np.argmax(~(disagreement < AGREEMENT)))
        return undecided(
            "schedule", f"at step {step} the rate depends on the size of the gradient", bias
        )
    peak = int(np.argmax(np.abs(rates)))
    values = {
        "initial": exact(float(rates[0])),
        "peak": exact(float(rates[peak])),
        "peak_step": exact(peak),
        "final": exact(float(rates[-1])),
        "variation": exact(_variation(rates)),
        **bias,
        "rates": rates.tolist(),
    }
    verdict = graded(_variation(rates), NONE, SOME)
    return Reading(verdict, values, _sentence(verdict, values, len(rates) - 1))


def _variation(rates: np.ndarray) -> float:
    """(largest − smallest) / largest |rate|; 0 for an optimizer that never answers."""
    size = float(np.max(np.abs(rates)))
    return float(np.ptp(rates)) / size if size > 0 else 0.0


def _sentence(verdict: str, values: dict[str, Any], last: int) -> str:
    initial, peak, step, final = (
        values[n]["value"] for n in ("initial", "peak", "peak_step", "final")
    )
    if verdict == ABSENT:
        return f"schedule: none; the rate stays at {number(final)} for {last} steps"
    doubt = "" if verdict == "present" else "undecided; "
    top = f", peaks at {number(peak)} (step {step})" if 0 < step < last else ""
    return f"schedule: {doubt}rate {number(initial)} at step 0{top}, {number(final)} at step {last}"
