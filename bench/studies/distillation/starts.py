"""Where the constants of the closed form start: what the probes read of the teacher, and fixed guesses beside it."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from bench.probes.catalog import PROBES
from bench.probes.dynamics.subject import Subject, Visited
from optimizers.learned.closed_form import ClosedForm

if TYPE_CHECKING:
    from bench.probes.dynamics.system import System
    from bench.probes.reading import Reading
    from bench.studies.distillation.fit import Material

_TIMES = (1.5, 3.0, 6.0, 12.0, 25.0, 50.0, 100.0, 200.0)
"""Time constants tried for a schedule, in steps."""
_DECAYS = (0.9, 0.5, 0.97)


@dataclass(frozen=True)
class Starts:
    """`gradient`: root mean square gradient met. `scale`: typical |dx| over |g|. `largest`: largest |dx| met."""

    gradient: float
    scale: float
    largest: float
    readings: Mapping[str, Reading]

    @classmethod
    def of(cls, system: System, material: Material, steps: int) -> Starts:
        """The readings of momentum, clipping and schedule, which are starts here and no claims: no controls are run."""
        subject = Subject.of(system, Visited(material.gradients.T.reshape(-1), None, steps))
        readings = {name: PROBES[name](subject) for name in ("momentum", "clipping", "schedule")}
        sizes = (np.mean(np.abs(material.updates), axis=1), np.mean(np.abs(material.gradients), axis=1))
        ratios = sizes[0][sizes[1] > 0] / sizes[1][sizes[1] > 0]
        return cls(
            float(np.sqrt(np.mean(np.square(material.gradients)))),
            float(np.median(ratios[ratios > 0])),
            float(np.max(np.abs(material.updates))),
            readings,
        )

    def value(self, probe: str, name: str) -> float | None:
        """A number that a probe read; None where it read none or an infinite one."""
        found: Any = self.readings[probe].to_json()["values"].get(name)
        return found["value"] if isinstance(found, dict) else None

    def free(self, modes: int) -> list[str]:
        """The constants of the linear form; `log_scale` only sets their unit."""
        pairs = [(f"weight_{j}", f"logit_decay_{j}") for j in range(1, modes + 1)]
        return ["direct", *(name for pair in pairs for name in pair)]

    def linear(self, modes: int) -> list[dict[str, float]]:
        """Starts with decays from the kernel that was read, if there was one, and from fixed guesses."""
        base = ClosedForm(modes).off() | {"log_scale": math.log(self.scale)}
        base |= {"log_knee": math.log(self.gradient), "direct": 1.0 if not modes else 0.3}
        read = self.value("momentum", "beta")
        ladders: list[tuple[float, ...]] = [_DECAYS]
        if read is not None and 0.02 < read < 0.999:
            ladders.insert(0, (read, *(d for d in _DECAYS if abs(d - read) > 0.02)))
        starts = []
        for decays in ladders[: 2 if modes else 1]:
            each = enumerate(decays[:modes], 1)
            own = {f"logit_decay_{j}": math.log(d / (1 - d)) for j, d in each}
            starts.append(base | own | {f"weight_{j}": 0.7 / modes for j in range(1, modes + 1)})
        return starts

    def choices(self, term: str, names: Iterable[str]) -> list[tuple[str, ...]]:
        """Constants of a term to set free, fewest first: a schedule may be one exponential."""
        return [("early_1", "log_time_1"), tuple(names)] if term == "schedule" else [tuple(names)]

    def of_term(self, term: str, before: Mapping[str, float]) -> list[dict[str, float]]:
        """Starts of a term's constants, given θ of the rung below."""
        return {"saturation": self._saturation, "schedule": self._schedule, "adaptation": self._adaptation}[term](
            before
        )

    def _saturation(self, before) -> list[dict[str, float]]:
        scale = before["log_scale"]
        knee = self.value("clipping", "knee") or self.gradient
        bound = self.value("clipping", "asymptote") or 2 * self.largest
        bounded = {"log_bound": math.log(max(bound, self.largest)) - scale, "compression": 0.0}
        shrunk = {"log_bound": math.log(3 * self.largest) - scale, "compression": 0.3}
        return [bounded | {"log_knee": math.log(knee)}, shrunk | {"log_knee": math.log(knee)}]

    def _schedule(self, before) -> list[dict[str, float]]:
        guess = {"early_1": 0.1, "log_time_1": 1.5, "early_2": 0.1, "log_time_2": 3.5}
        read = self.schedule()
        return [read, guess] if read is not None and any(read.values()) else [guess]

    def _adaptation(self, before) -> list[dict[str, float]]:
        low = {"adaptation": 0.1, "log_level": math.log(self.gradient) - 2.0, "persistence": 0.1}
        high = {"adaptation": 0.9, "log_level": math.log(self.gradient) - 5.0}
        high |= {"log_scale": before["log_scale"] + 4.0, "log_bound": before["log_bound"] - 4.0}
        return [low, high]

    def schedule(self) -> dict[str, float] | None:
        """Constants of r(k) that follow the rate read along the gradient-free path; None where none was read."""
        rates = self.readings["schedule"].to_json()["values"].get("rates")
        return None if rates is None else exponentials(np.asarray(rates, float))


def exponentials(rates: np.ndarray) -> dict[str, float] | None:
    """1 + a₁ exp(−k / τ₁) + a₂ exp(−k / τ₂) nearest to rates / last rate in least squares over a grid of times.

    None where the last rate is zero or a rate is unknown.
    """
    if not np.isfinite(rates).all() or rates[-1] == 0:
        return None
    shape, k = rates / rates[-1] - 1, np.arange(len(rates))
    best: tuple[float, dict[str, float]] | None = None
    for i, first in enumerate(_TIMES):
        for second in _TIMES[i + 1 :]:
            basis = np.exp(-k[:, None] / np.array([first, second]))
            sizes = np.linalg.lstsq(basis, shape, rcond=None)[0]
            error = float(np.sum((basis @ sizes - shape) ** 2))
            if best is None or error < best[0]:
                best = error, _constants(sizes, first, second)
    return best[1] if best else None


def _constants(sizes, first: float, second: float) -> dict[str, float]:
    return {
        "early_1": float(sizes[0]),
        "log_time_1": math.log(first),
        "early_2": float(sizes[1]),
        "log_time_2": math.log(second),
    }
