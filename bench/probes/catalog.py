"""Which probes there are and what each asks. No TensorFlow: a probe's own module is imported at its first call."""

from __future__ import annotations

import importlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bench.probes.dynamics.subject import Subject
    from bench.probes.reading import Reading


@dataclass(frozen=True)
class Probe:
    """A probe: `bench/probes/mechanisms/<name>.py`, and the question it asks."""

    name: str
    summary: str

    def __call__(self, subject: Subject) -> Reading:
        return importlib.import_module(f"bench.probes.mechanisms.{self.name}").probe(subject)


PROBES: dict[str, Probe] = {
    probe.name: probe
    for probe in (
        Probe("fixed_points", "where does it come to rest, without gradients and under constant ones?"),
        Probe("momentum", "does an update remember earlier gradients?"),
        Probe("clipping", "is there a gradient of fixed size beyond which updates stop growing?"),
        Probe("schedule", "does the learning rate change along a run without gradients?"),
        Probe("adaptation", "do the gradients it met change the learning rate, and by what law?"),
    )
}
