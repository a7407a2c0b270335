"""Schedule: does the learning rate change with time alone?

The optimizer is left without gradients from its initial state, step count running; at every step the effective learning
rate is −∂dx/∂g at g = 0. What moves it there is a schedule, whether it comes from `step` or from a state that relaxes
by itself. Changes that gradients cause are not seen there; they are the adaptation probe's. The same rate along real
runs says how much of what happens in a run is the schedule.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from bench.probes.dynamics.system import DIFFERENCE, ZOOMS, System
from bench.probes.mechanisms.decay import decay, warm_up
from bench.probes.mechanisms.run_rates import read_runs
from bench.probes.reading import ABSENT, Reading, exact, graded, undecided
from bench.scores.numbers import percent, significant

if TYPE_CHECKING:
    from bench.probes.dynamics.subject import Subject

NONE, SOME = 0.02, 0.1
"""Range of the rate over its maximum below which it is constant, above which it is scheduled."""
AGREEMENT = 0.01
EXPONENTIAL = 0.98
"""R² from which a decay is called exponential."""


def rates_along(system: System, path: np.ndarray, first: int = 0) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Along a path (T, n) from step count `first`: rates (T,), updates at g = 0 (T,), disagreement (T,).

    Disagreement is the relative range of the rate over difference steps that differ by a factor of
    100.
    """
    sizes = DIFFERENCE * np.array(ZOOMS) * system.gradient_scale
    gradients = np.concatenate([[0.0], sizes, -sizes])
    rows = [system.step(np.tile(h, (len(gradients), 1)), gradients, first + t)[1] for t, h in enumerate(path)]
    updates = np.array(rows)
    count = len(sizes)
    rates = (updates[:, 1 + count :] - updates[:, 1 : 1 + count]) / (2 * sizes)
    size = np.max(np.abs(rates))
    with np.errstate(all="ignore"):
        disagreement = np.ptp(rates, axis=1) / np.maximum(np.abs(rates[:, 0]), 1e-6 * size)
    return rates[:, 0], updates[:, 0], np.where(np.ptp(rates, axis=1) == 0, 0.0, disagreement)


def probe(subject: Subject) -> Reading:
    """Does the effective learning rate change along the gradient-free path of a run?

    present when it varies by more than 10 % of its maximum over steps 0 … horizon, absent below 2 %; undecided between,
    or where the rate at zero gradient depends on the difference step. Values are exact properties of that path:
    `warm_up` steps until the rate first reaches 95 % of its peak, `decay_time`, `decay_level` and `decay_r2` of the
    nearest level + fall e^(−t / time) after it. `scheduled` is the mean distance of the rate from its last one over its
    maximum: a schedule of the whole run has more of it than the state's way to where it rests. `bias` is the update at
    the last step without any gradient: what the optimizer does on its own. Of the log rate along real runs,
    `explained_by_step` is the share of variance that the step alone explains, `explained_by_gradients` the share that
    recent |g| alone explains, and `explained_by_step_beyond` what the step adds; `run_rates` are medians and quartiles
    over runs.
    """
    rates, updates, disagreement = rates_along(subject.system, subject.drift)
    bias = {"bias": exact(float(updates[-1])), **read_runs(subject)}
    if not np.all(disagreement < AGREEMENT):
        step = int(np.argmax(~(disagreement < AGREEMENT)))
        return undecided("schedule", f"at step {step} the rate depends on the size of the gradient", bias)
    peak = int(np.argmax(np.abs(rates)))
    values = {
        "initial": exact(float(rates[0])),
        "peak": exact(float(rates[peak])),
        "peak_step": exact(peak),
        "final": exact(float(rates[-1])),
        "variation": exact(_variation(rates)),
        "scheduled": exact(_scheduled(rates)),
        "warm_up": exact(warm_up(rates)),
        **{f"decay_{name}": exact(value) for name, value in decay(rates)._asdict().items()},
        **bias,
        "rates": rates.tolist(),
    }
    verdict = graded(_variation(rates), NONE, SOME)
    return Reading(verdict, values, _sentence(verdict, values, len(rates) - 1))


def _variation(rates: np.ndarray) -> float:
    """(largest − smallest) / largest |rate|; 0 for an optimizer that never answers."""
    size = float(np.max(np.abs(rates)))
    return float(np.ptp(rates)) / size if size > 0 else 0.0


def _scheduled(rates: np.ndarray) -> float:
    """Mean |rate − last rate| / largest |rate|; 0 for an optimizer that never answers."""
    size = float(np.max(np.abs(rates)))
    return float(np.mean(np.abs(rates - rates[-1]))) / size if size > 0 else 0.0


def _sentence(verdict: str, values: dict[str, Any], last: int) -> str:
    initial, peak, step, final = (values[n]["value"] for n in ("initial", "peak", "peak_step", "final"))
    if verdict == ABSENT:
        return f"schedule: none; the rate stays at {significant(final)} for {last} steps"
    doubt = "" if verdict == "present" else "undecided; "
    top = f", peaks at {significant(peak)} (step {step})" if 0 < step < last else ""
    path = f"rate {significant(initial)} at step 0{top}, {significant(final)} at step {last}"
    return f"schedule: {doubt}{path}{_shape(values)}{_along_runs(values)}"


def _shape(values: dict[str, Any]) -> str:
    """The exponential, where it is one."""
    time, r2 = values["decay_time"]["value"], values["decay_r2"]["value"]
    return f", time constant {significant(time)}" if np.isfinite(time) and r2 >= EXPONENTIAL else ""


def _along_runs(values: dict[str, Any]) -> str:
    alone = values["explained_by_step"]["value"]
    beyond = values["explained_by_step_beyond"]["value"]
    if not np.isfinite(alone):
        return ""
    first = f"; along runs the step alone explains {percent(max(alone, 0.0))} of its change"
    return f"{first}, {percent(max(beyond, 0.0))} beyond recent gradients"
