"""What a study says: effects with intervals, controls, verdicts, interactions and the sufficiency ladder.

All of it is in logarithms of the mean score, from one bootstrap paired over all entries: a ratio of mean losses, or,
for a metric that is a logarithm already, ten to its mean difference.
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np

from bench.scores import metrics, statistics
from bench.studies.ablation.measure import Outcome, Study
from bench.studies.ablation.naming import MECHANISMS
from bench.studies.ablation.plan import CONTROLS, pairs_of

MARGIN = 1.05
"""Ratios within 1/MARGIN … MARGIN are no effect."""
_UNFINISHED = "the original's best step is the end of what was tried; ablate it at settings that are tuned"
LOST = 0.01
"""A rung that diverges on a larger share of the problems is none."""
RUNGS = (
    "constant rate",
    "linearised at rest",
    "linear at rest, saturating",
    "linear along the path, saturating",
    "original",
)
_ADDED = ("", "momentum", "saturation", "schedule", "adaptation")


class Logs(NamedTuple):
    """Logarithms of mean scores: value and replicates (R,) by (label, tuned)."""

    value: dict[tuple[str, bool], float]
    replicates: dict[tuple[str, bool], np.ndarray]

    def interval(self, weights: dict[tuple[str, bool], float]) -> list[float]:
        """exp of a weighted sum of logarithms: [value, low, high]."""
        value = sum(w * self.value[key] for key, w in weights.items())
        spread = sum(w * self.replicates[key] for key, w in weights.items())
        found = statistics.interval(np.asarray(value), np.asarray(spread))
        return [_exp(float(part)) for part in found]


def logs(study: Study) -> Logs:
    """Of the study's metric; a paired bootstrap over its problems."""
    keys = [(row.variant.label, row.tuned) for row in study.rows]
    scores = np.stack([row.scores[study.metric] for row in study.rows])
    drawn = statistics.resampled_means(scores, statistics.generator())
    logarithm = (lambda x: x * math.log(10)) if metrics.get(study.metric).differs else _log
    value, spread = logarithm(scores.mean(axis=1)), logarithm(drawn)
    return Logs(dict(zip(keys, value.tolist(), strict=True)), dict(zip(keys, spread.T, strict=True)))


def table(study: Study, of: Logs) -> list[dict[str, Any]]:
    """One mapping per entry raced, `ratio` to the original in the same state of tuning."""
    return [_line(study, of, row) for row in study.rows]


def _line(study: Study, of: Logs, row: Outcome) -> dict[str, Any]:
    key, zero = (row.variant.label, row.tuned), ("original", row.tuned)
    return {
        "entry": row.spec.name(study.optimizer),
        "label": row.variant.label,
        "role": row.variant.role,
        "step_tuned": row.tuned,
        "step": row.spec.step,
        "step_at_edge": row.edge,
        **{name: float(score.mean()) for name, score in row.scores.items()},
        "diverged": row.diverged,
        "ratio": of.interval({key: 1.0, zero: -1.0}) if key != zero else [1.0, 1.0, 1.0],
    }


def mechanisms(study: Study, of: Logs) -> list[dict[str, Any]]:
    """The causal reading of every mechanism, from the re-tuned entries; "as_is" keeps the original's step."""
    faint = {"schedule": study.faint}
    edges = {row.variant.label for row in study.rows if row.tuned and row.edge}
    return [
        _mechanism(of, name, edges, faint.get(name, "")) for name in MECHANISMS if (f"without {name}", True) in of.value
    ]


def _mechanism(of: Logs, name: str, edges: set[str], faint: str = "") -> dict[str, Any]:
    """`faint`: why nothing is claimed of what would be left."""
    label, zero = f"without {name}", ("original", True)
    draws = [(f"{label}: random direction {i}", True) for i in range(CONTROLS)]
    effect = of.interval({(label, True): 1.0, zero: -1.0})
    random = [of.interval({draw: 1.0, zero: -1.0}) for draw in draws]
    beyond = [of.interval({(label, True): 1.0, draw: -1.0}) for draw in draws]
    verdict, reason = ("no claim", faint) if faint else _verdict(effect)
    if verdict == "matters" and "original" in edges:
        verdict, reason = "no claim", _UNFINISHED
    return {
        "mechanism": name,
        "effect": effect[1:],
        "control": [min(low for _, low, _ in random), max(high for *_, high in random)],
        "verdict": verdict,
        "reason": "; ".join([reason, *_beside(effect, beyond), *_at_the_end(label, edges)]),
        "ratio": effect[0],
        "control_ratios": [value for value, *_ in random],
        "beyond_control": beyond,
        "as_is": of.interval({(label, False): 1.0, ("original", False): -1.0}),
    }


def _verdict(effect: list[float]) -> tuple[str, str]:
    """By the interval of the effect alone."""
    _, low, high = effect
    if low >= 1 / MARGIN and high <= MARGIN:
        return "does not", f"within a factor of {MARGIN} of the original"
    if low > MARGIN:
        return "matters", "worse without it"
    if high < 1 / MARGIN:
        return "matters", "better without it"
    return "undecided", f"the interval reaches across a factor of {MARGIN}"


def _beside(effect: list[float], beyond: list[list[float]]) -> list[str]:
    """What a change of equal size in a random direction does; `beyond`: the effect over that of each direction."""
    if effect[1] > 1.0 and not all(low > 1.0 for _, low, _ in beyond):
        return ["a random change of equal size does as much"]
    if effect[2] < 1.0 and not all(high < 1.0 for *_, high in beyond):
        return ["so it is after a random change of equal size"]
    return []


def _at_the_end(label: str, edges: set[str]) -> list[str]:
    """Whether the ablation's best step is the last one tried, so that another might do better."""
    return ["its best step is the end of what was tried"] if label in edges else []


def interactions(of: Logs) -> list[dict[str, Any]]:
    """How much worse two ablations are together than the product of their ratios; 1: they add up in logarithms."""
    found = []
    for a, b in pairs_of(MECHANISMS):
        together, zero = (f"without {a} and {b}", True), ("original", True)
        if together in of.value:
            alone = {(f"without {a}", True): -1.0, (f"without {b}", True): -1.0}
            ratio = of.interval({together: 1.0, zero: -1.0})
            found.append(
                {"pair": [a, b], "ratio": ratio, "interaction": of.interval({together: 1.0, **alone, zero: 1.0})}
            )
    return found


def ladder(study: Study, of: Logs) -> dict[str, Any]:
    """Rungs with re-tuned steps, each beside the one below.

    Not decomposable: nothing is done at rest, a rung diverges on more than 1 % of the problems, is worse than the rung
    below it (95 % interval), or all rungs together win back less than half of what the original has over the constant
    rate (in logarithms).
    """
    rows = {row.variant.label: row for row in study.rows if row.tuned}
    rungs: list[dict[str, Any]] = []
    for i, label in enumerate(RUNGS):
        key, below = (label, True), (RUNGS[max(i - 1, 0)], True)
        gain = of.interval({key: 1.0, below: -1.0}) if i else [1.0, 1.0, 1.0]
        row = rows[label]
        shown = {name: float(score.mean()) for name, score in row.scores.items()}
        entry = row.spec.name(study.optimizer) if i < len(RUNGS) - 1 else study.optimizer
        rungs.append(
            {"rung": label, "adds": _ADDED[i], "entry": entry, **shown, "diverged": row.diverged, "over_below": gain}
        )
    reasons = [study.faint] if study.faint else _reasons(rungs, of)
    return {"rungs": rungs, "decomposable": not reasons, "reason": "; ".join(reasons)}


def _reasons(rungs: list[dict[str, Any]], of: Logs) -> list[str]:
    found = [f"{r['rung']} diverges" for r in rungs[:-1] if r["diverged"] > LOST]
    found += [f'"{r["rung"]}" is worse than the rung below' for r in rungs if r["over_below"][1] > 1.0]
    bottom, last, top = (of.value[(RUNGS[i], True)] for i in (0, -2, -1))
    if bottom - last < 0.5 * (bottom - top):
        found.append("the rungs win back less than half of the gain over a constant rate")
    return found


def _log(values: np.ndarray) -> np.ndarray:
    return np.log(np.maximum(values, 1e-300))


def _exp(value: float) -> float:
    return math.exp(min(value, 700.0)) if math.isfinite(value) else value
