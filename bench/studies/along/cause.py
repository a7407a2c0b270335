"""Whether what grew is what gains: both networks raced beside grafts of the grown one, paired by problem."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from bench.engine.problems import Problems
from bench.engine.race import race
from bench.scores import metrics
from bench.studies.along import graft
from bench.studies.along.claim import mean_of
from bench.studies.along.numbers import METRIC, Place
from optimizers import Entry

STEPS = tuple(2.0**k for k in range(-4, 4))
"""Factors of the update that are tried for every variant."""
TUNING_PROBLEMS = 64


class Lost(NamedTuple):
    """`ratio`, `low`, `high`: score over that of another variant, geometric mean over problems, paired, 95 %."""

    variant: str
    beside: str
    ratio: float
    low: float | None
    high: float | None
    step: float
    """Best factor of the update, on tuning problems."""
    edge: bool
    """Whether it is at an end of those tried."""


PAIRS = (
    ("young", "grown"),
    ("no rise", "grown"),
    ("no rise beyond the young", "grown"),
    ("no adaptation", "grown"),
    ("no rise", "young"),
)
"""What is compared: what growing gained, what the grown network loses by each change of its rate, and what it keeps."""


def lost(place: Place, grown: Entry, young: Entry) -> list[Lost]:
    """The pairs on the place's held-out problems, every variant with its own best step; raises OptimizerError."""
    entry = graft.entry(grown, young, place.steps)
    steps = {name: _best_step(place, entry, name) for name in graft.VARIANTS}
    thetas = [{**switches, "step": steps[name]} for name, switches in graft.VARIANTS.items()]
    scored = _scores(place, entry, thetas, "report", range(place.problems))
    scores = dict(zip(graft.VARIANTS, scored, strict=True))
    return [
        Lost(one, other, *mean_of(scores[one] / scores[other]), steps[one], steps[one] in (STEPS[0], STEPS[-1]))
        for one, other in PAIRS
    ]


def _best_step(place: Place, entry: Entry, variant: str) -> float:
    thetas = [{**graft.VARIANTS[variant], "step": step} for step in STEPS]
    scored = _scores(place, entry, thetas, "tune", range(TUNING_PROBLEMS))
    return STEPS[int(np.argmin(np.log(scored).mean(axis=1)))]


def _scores(place: Place, entry: Entry, thetas: Sequence[dict], purpose: str, problems: range) -> np.ndarray:
    """(thetas, problems), in one program whatever is asked."""
    own = place.subject.task.tile
    tile = (8, 64) if own[0] * own[1] >= 512 else own
    runs = race(entry, thetas, Problems(place.subject, purpose, problems, place.steps), tile=tile).runs
    return np.asarray(metrics.get(METRIC).score(runs, place.subject.task.floor), float)
