"""Which probes there are and what each asks. No TensorFlow: a probe's own module is imported at its first call."""

from __future__ import annotations

import importlib
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from bench.probes.dynamics.subject import Subject
    from bench.probes.reading import Reading

Panel = Callable[[Any, Mapping[str, Any]], bool]
"""Draws a reading's values into a matplotlib axis -> whether there was anything to draw."""


_AMOUNTS: dict[str, Callable[[float], float]] = {
    "more": lambda value: value,
    "nearer 0": lambda value: -abs(value),
    "further from 0": abs,
    "further from 1": lambda value: abs(math.log(value)) if value > 0 else math.inf,
}


class Deciding(NamedTuple):
    """The number that says how much of a mechanism there is, and which direction is more of it."""

    number: str
    direction: str

    def amount(self, value: float) -> float:
        """Larger where there is more of the mechanism."""
        return _AMOUNTS[self.direction](value)


@dataclass(frozen=True)
class Probe:
    """A probe: `bench/probes/mechanisms/<name>.py`, and the question it asks."""

    name: str
    summary: str
    headline: tuple[str, ...] = ()
    """Values printed by `probe` and in a summary, in this order; all where none are named."""
    panels: tuple[str | Panel, ...] = ()
    """What draws its readings, each a function or where to find one, "module:function"."""
    listed: tuple[str, ...] = ()
    """Values tabulated by the anatomy of an optimizer."""
    pooled: tuple[str, ...] = ()
    """Values named where readings of several meta-seeds are one sentence; all where none are named."""
    deciding: Deciding | None = None
    """By what a network is compared with its untrained twins; it claims no discovery where it is None."""
    at_rest: bool = False
    """Whether it asks where the optimizer rests, and has nothing to say where a schedule has ended there."""
    figure: str = ""
    """Figure of the anatomy page under which it stands; its own section, without a picture, where none is named."""

    @property
    def main(self) -> tuple[str, ...]:
        """Its main numbers: those of a summary, of a sentence over meta-seeds, and the one that decides."""
        return tuple(dict.fromkeys((*self.headline, *self.pooled, *(self.deciding or ())[:1])))

    def __call__(self, subject: Subject) -> Reading:
        if self.at_rest and subject.faint:
            from bench.probes.reading import undecided

            return undecided(self.name.replace("_", " "), subject.faint)
        return importlib.import_module(f"bench.probes.mechanisms.{self.name}").probe(subject)


def drawing(panel: str | Panel) -> Panel:
    """The function that a panel names."""
    if not isinstance(panel, str):
        return panel
    module, _, function = panel.partition(":")
    return getattr(importlib.import_module(module), function)


PROBES: dict[str, Probe] = {
    probe.name: probe
    for probe in (
        Probe(
            "fixed_points",
            "where does the state rest, without gradients and under constant ones?",
            listed=("count", "spectral_radius", "bias", "lowest_speed"),
            pooled=("count", "spectral_radius", "bias"),
            deciding=Deciding("bias", "nearer 0"),
            figure="2-dynamics",
        ),
        Probe(
            "momentum",
            "does an update remember earlier gradients?",
            headline=("alpha", "beta", "r2", "gain", "limit_ratio", "beta_drift"),
            panels=("bench.probes.panels:memory", "bench.probes.panels:eigenvalues"),
            listed=(
                *("alpha", "beta", "r2", "gain", "memory", "modes_needed"),
                *("oscillation_decay", "oscillation_period", "oscillation_r2"),
                *("critical_curvature", "alpha_ratio", "beta_difference", "kernel_distance"),
            ),
            pooled=("alpha", "beta", "r2", "gain"),
            deciding=Deciding("lasting", "more"),
            at_rest=True,
            figure="2-dynamics",
        ),
        Probe(
            "clipping",
            "is there a gradient of fixed size beyond which updates stop growing?",
            headline=("asymptote", "slope", "knee", "half_point", "share_beyond_early", "share_beyond_late"),
            panels=("bench.probes.panels:update_curve",),
            listed=(
                *("slope", "asymptote", "knee", "half_point"),
                *("share_beyond", "share_beyond_early", "share_beyond_late", "history_exponent"),
            ),
            pooled=("knee", "asymptote", "share_beyond_early", "share_beyond_late"),
            deciding=Deciding("share_beyond", "more"),
            at_rest=True,
            figure="3-update",
        ),
        Probe(
            "schedule",
            "does the learning rate change along a run without gradients?",
            headline=("initial", "peak", "peak_step", "final", "explained_by_step"),
            panels=("bench.probes.panels:schedule",),
            listed=(
                *("initial", "peak", "peak_step", "final"),
                *("warm_up", "decay_time", "explained_by_step", "explained_by_step_beyond"),
            ),
            pooled=("initial", "peak", "peak_step", "final"),
            deciding=Deciding("scheduled", "more"),
            figure="4-schedule",
        ),
        Probe(
            "adaptation",
            "do earlier gradients change the learning rate, in which direction, and by which property?",
            headline=("change", "law", "alternating", "random"),
            panels=("bench.probes.panels:adaptation",),
            listed=("change", "law", "alternating", "random", "slope", "asymmetry"),
            pooled=("change", "law", "alternating", "random"),
            deciding=Deciding("change", "further from 1"),
            at_rest=True,
            figure="5-adaptation",
        ),
    )
}
