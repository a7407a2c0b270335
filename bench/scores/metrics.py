"""One number per run: what a metric is, and the five there are.

Scores do not depend on who else runs. `bench.engine.summaries` keeps the same summaries in the engine's loop;
`summarize` is the plain NumPy statement of them.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from bench.errors import UserError
from bench.records.record import Record, Runs
from optimizers.syntax import nearest

CAP = 1e6
"""A loss above CAP × the initial one counts as diverged, and as CAP in every mean."""
LOG_FLOOR = 1e-14
"""Added to loss / initial loss before its logarithm: the resolution of float32 tasks in shifted form."""
N_TARGETS = 50
RESOLUTION = 1e-6
"""The last target, as a share of the instance's initial gap to the floor."""


@dataclass(frozen=True)
class Metric:
    """A way to score runs: `score(runs, floor)` -> (…), one finite number per run."""

    name: str
    better: str
    """"lower" | "higher"."""
    worst: float
    """The score of a failed cell: no run can score worse."""
    comparison: str
    """"ratio" | "difference": how two scores compare; the difference of those that are log10 of something already."""
    summary: str
    score: Callable[[Runs, float], np.ndarray]
    studied: bool = False
    """Whether studies of one optimizer show it whatever they were asked for: its effects can be multiplied."""

    @property
    def sign(self) -> int:
        """+1 where higher is better, −1 where lower is."""
        return 1 if self.better == "higher" else -1

    @property
    def differs(self) -> bool:
        """Whether two scores compare by their difference."""
        return self.comparison == "difference"

    def values(self, record: Record, tuned_for: str) -> np.ndarray:
        """Scores (runs,) of a cell's runs that were tuned for something; a Measure has this too."""
        return self.score(record.runs[tuned_for], record.floor)

    @property
    def in_logs(self) -> bool:
        """Whether scores are averaged as logarithms: ratios without an upper bound, whose mean a few runs decide."""
        return self.comparison == "ratio" and self.better == "lower"


def get(name: str) -> Metric:
    """The metric called `name`; raises UserError."""
    if name not in METRICS:
        raise UserError(f"unknown metric {name!r}; known: {', '.join(METRICS)}{nearest(name, METRICS)}")
    return METRICS[name]


def studied() -> tuple[str, ...]:
    """Names of the metrics that studies of one optimizer show, in order."""
    return tuple(metric.name for metric in METRICS.values() if metric.studied)


def step_weights(steps: np.ndarray) -> np.ndarray:
    """Share of the log step axis that each recorded step stands for: (K,) ascending -> (K,), sum 1.

    Step s_k lasts from log(s_k + 1) to log(s_{k+1} + 1), the last one until log(T + 2).
    """
    edges = np.log(np.append(steps, steps[-1] + 1) + 1.0)
    return np.diff(edges) / (edges[-1] - edges[0])


def summarize(steps: np.ndarray, losses: np.ndarray, floor: float = 0.0) -> Runs:
    """Runs of curves (…, K) at `steps` (K,), all of them or some: each loss stands for the steps around it."""
    initial = losses[..., :1]
    sound = _sound(losses, initial, floor)
    first = np.where(sound.all(axis=-1), -1, sound.argmin(axis=-1))
    return Runs(
        steps,
        losses,
        _over_steps(steps, _ratio(losses, initial, floor)),
        mean_log(steps, losses, floor),
        np.where(sound, losses, np.inf).min(axis=-1),
        np.where(first >= 0, np.asarray(steps)[first], -1).astype("int32"),
    )


def mean_log(steps: np.ndarray, losses: np.ndarray, floor: float) -> np.ndarray:
    """Mean over the run of log10 of loss / initial loss, by the losses (…, K) at `steps` (K,)."""
    gap = np.asarray(losses, "float32") - np.float32(min(floor, 0.0))
    with np.errstate(all="ignore"):
        ratio = np.fmin(np.abs(gap / gap[..., :1]), np.float32(CAP))  # fmin puts CAP for what is no number
    return _over_steps(steps, np.log10(ratio + np.float32(LOG_FLOOR)))


def _over_steps(steps: np.ndarray, values: np.ndarray) -> np.ndarray:
    """Mean over the steps from the first to the last, each recorded one standing for those nearest to it."""
    edges = np.concatenate([[steps[0] - 0.5], (steps[1:] + steps[:-1]) / 2, [steps[-1] + 0.5]])
    weights = np.diff(edges)
    return (values * (weights / weights.sum())).sum(axis=-1)


def targets_reached(runs: Runs, floor: float) -> np.ndarray:
    """Share of the N_TARGETS targets reached by each recorded step: (…, K), never falling along a run."""
    gap = np.asarray(runs.losses, "float64") - floor
    initial = gap[..., :1]
    lowest = np.fmin.accumulate(np.where(np.isfinite(gap), gap, np.inf), axis=-1)
    with np.errstate(all="ignore"):
        reached = np.where(lowest <= 0, 0.0, np.where(np.isfinite(initial), lowest / initial, np.inf))
    targets = RESOLUTION ** (np.arange(N_TARGETS, 0, -1) / N_TARGETS)
    return 1 - np.searchsorted(targets, reached, side="left") / N_TARGETS


def absorbed(runs: Runs, floor: float) -> Runs:
    """Runs whose divergence lasts: from the first diverged step on, every loss counts as CAP times the initial one.

    Arrays as in Runs, leading axes (…). Those that never diverge, or never come back, are as they were.
    """
    steps, first = np.asarray(runs.steps), np.asarray(runs.diverged)
    if (first < 0).all():
        return runs
    after = (first[..., None] >= 0) & (steps >= first[..., None])
    returned = (after & _sound(runs.losses, runs.losses[..., :1], floor)).any(axis=-1)
    if not returned.any():
        return runs
    losses = np.where(after & returned[..., None], np.float32(np.inf), runs.losses)
    share = (steps[-1] + 1 - first) / (steps[-1] + 1)
    before = np.where(np.isfinite(losses), losses, np.inf).min(axis=-1)
    return runs._replace(
        losses=losses,
        mean_loss=np.where(returned, np.fmax(runs.mean_loss, CAP * share), runs.mean_loss),
        mean_log=np.where(returned, mean_log(steps, losses, floor), runs.mean_log),
        best=np.where(returned, before, runs.best),
    )


def _anytime(runs: Runs, floor: float) -> np.ndarray:
    runs = absorbed(runs, floor)
    gap = np.asarray(runs.losses, "float64") - floor
    initial = gap[..., :1]
    lowest = np.fmin.accumulate(np.where(np.isfinite(gap), gap, np.inf), axis=-1)
    with np.errstate(all="ignore"):
        reached = np.where(lowest <= 0, 0.0, np.where(np.isfinite(initial), lowest / initial, np.inf))
    targets = RESOLUTION ** (np.arange(N_TARGETS, 0, -1) / N_TARGETS)
    share = 1 - np.searchsorted(targets, reached, side="left") / N_TARGETS
    share = np.where(at_rest(runs, floor)[..., None], 1.0, share)
    # not a matrix product: its rounding would depend on how many runs are scored together
    return np.clip((share * step_weights(runs.steps)).sum(axis=-1), 0.0, 1.0)


def _mean_loss(runs: Runs, floor: float) -> np.ndarray:
    return _unless_at_rest(_capped(absorbed(runs, floor).mean_loss), runs, floor)


def _mean_log(runs: Runs, floor: float) -> np.ndarray:
    mean = np.asarray(absorbed(runs, floor).mean_log, "float64")
    mean = np.where(np.isfinite(mean), np.minimum(mean, np.log10(CAP)), np.log10(CAP))
    return _unless_at_rest(mean, runs, floor, 0.0)


def _final(runs: Runs, floor: float) -> np.ndarray:
    last = np.where(np.asarray(runs.diverged) >= 0, np.inf, runs.losses[..., -1])
    return _unless_at_rest(_ratio(last, runs.losses[..., 0], floor), runs, floor)


def _best(runs: Runs, floor: float) -> np.ndarray:
    return _unless_at_rest(_ratio(absorbed(runs, floor).best, runs.losses[..., 0], floor), runs, floor)


def at_rest(runs: Runs, floor: float) -> np.ndarray:
    """Whether a run starts at the floor, as losses are rounded, and never leaves the finite numbers: (…) bool.

    Nothing is to be gained there, and no loss has a ratio to a gap of 0, so that such a run scores as if it stood
    still, whatever noise moves it.
    """
    losses = np.asarray(runs.losses)
    return (losses[..., 0] == np.float32(floor)) & np.isfinite(losses).all(axis=-1)


def _unless_at_rest(scores: np.ndarray, runs: Runs, floor: float, still: float = 1.0) -> np.ndarray:
    """`scores` (…), `still` in place of those of runs whose ratio would be to an initial loss or gap of 0."""
    return np.where(at_rest(runs, min(floor, 0.0)), still, scores)


def _ratio(losses: np.ndarray, initial: np.ndarray, floor: float) -> np.ndarray:
    """loss / initial loss, capped; where losses can be negative, of what both are above the floor; 0 / 0 is 1."""
    offset = min(floor, 0.0)
    with np.errstate(all="ignore"):
        gap = np.asarray(losses, "float64") - offset
        start = np.asarray(initial, "float64") - offset
        return _capped(np.where((gap == 0) & (start == 0), 1.0, gap / start))


def _capped(ratio: np.ndarray) -> np.ndarray:
    ratio = np.asarray(ratio, "float64")
    return np.where(np.isfinite(ratio), np.minimum(ratio, CAP), CAP)


def _sound(losses: np.ndarray, initial: np.ndarray, floor: float) -> np.ndarray:
    offset = min(floor, 0.0)
    with np.errstate(all="ignore"):
        limit = CAP * np.abs(np.asarray(initial, "float64") - offset)
        return np.isfinite(losses) & (np.asarray(losses, "float64") - offset <= limit)


METRICS: dict[str, Metric] = {
    metric.name: metric
    for metric in (
        Metric(
            "anytime",
            "higher",
            0.0,
            "ratio",
            "share of 50 targets reached, down to 1e-6 of the initial gap, over log steps",
            _anytime,
        ),
        Metric(
            "mean_loss", "lower", CAP, "ratio", "mean over the run of loss / initial loss", _mean_loss, studied=True
        ),
        Metric(
            "mean_log",
            "lower",
            float(np.log10(CAP)),
            "difference",
            "mean over the run of log10 of loss / initial loss",
            _mean_log,
            studied=True,
        ),
        Metric("final", "lower", CAP, "ratio", "last loss / initial loss", _final, studied=True),
        Metric("best", "lower", CAP, "ratio", "lowest loss of any step / initial loss", _best),
    )
}
