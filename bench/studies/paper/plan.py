"""Which tasks and which networks are measured, and in how many parts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from bench.errors import UserError
from bench.studies.targets.plan import BASELINES

LINEAR, ROSENBROCK, SMALL, MOONS = "linear-regression", "rosenbrock", "two-moons-small", "two-moons"
TASKS = (LINEAR, ROSENBROCK, SMALL, MOONS)
"""The paper's own three, and two-moons-small, 105 parameters, beside its 8,577."""


class Group(NamedTuple):
    """Networks that were trained alike. ablated: tasks on which what they lose without each mechanism is measured."""

    name: str
    stem: str
    planned: int
    tasks: tuple[str, ...]
    ablated: tuple[str, ...]

    def names(self, task: str) -> tuple[str, ...]:
        """Names of the networks of this group on `task`, whether they are there or not."""
        if task not in self.tasks:
            return ()
        first = self.stem.format(task=task)
        return (first, *(f"{first}-{i}" for i in range(2, self.planned + 1)))


REPLICATION, FURTHER, FULL, PLAIN = "replication", "trained further", "256 units", "plain"
CHEAP = (LINEAR, ROSENBROCK, SMALL)
"""Tasks with ablations: on two-moons 512 problems of each of 23 variants would take hours a network."""
GROUPS = (
    Group(REPLICATION, "replica-{task}", 3, TASKS, CHEAP),
    Group(FURTHER, "gru-{task}", 3, TASKS, CHEAP),
    Group(FULL, "replica-full-{task}", 1, (LINEAR, ROSENBROCK), ()),
    Group(PLAIN, "replica-plain-{task}", 3, (LINEAR,), ()),
)
"""In the order in which they judge a claim: the first group that is there."""


class Network(NamedTuple):
    """One network of a group on a task; `path`: its weights."""

    group: Group
    task: str
    path: Path

    @property
    def ablated(self) -> bool:
        return self.task in self.group.ablated


class Plan(NamedTuple):
    """The tasks, and whether the causal column is measured."""

    tasks: tuple[str, ...]
    ablations: bool

    def networks(self, task: str, folder: Path) -> list[Network]:
        """Those of `task` whose weights are in `folder`."""
        paths = [(group, folder / f"{name}.npz") for group in GROUPS for name in group.names(task)]
        return [Network(group, task, path) for group, path in paths if path.is_file()]

    def parts(self, networks: Mapping[str, Sequence[Network]]) -> int:
        """Steps of progress that measuring makes."""
        found = [network for task in self.tasks for network in networks[task]]
        causal = sum(network.ablated for network in found) if self.ablations else 0
        return 2 * len(BASELINES) * len(self.tasks) + 3 * len(found) + causal


def plan(tasks: Sequence[str] | None, *, ablations: bool) -> Plan:
    """The plan for the tasks named, or for all. Raises UserError for a task without claims."""
    chosen = tuple(tasks or TASKS)
    if unknown := [name for name in chosen if name not in TASKS]:
        raise UserError(f"no claim about {', '.join(unknown)}; there are: {', '.join(TASKS)}")
    return Plan(chosen, ablations)


def left(planned: Plan, weights: Path, out: Path) -> list[tuple[str, str]]:
    """(kind of part, task) of every part that `out` has no file of: those of `bench.suites.waits`' table."""
    found = []
    for task in planned.tasks:
        for kind in ("tuning", "races"):
            found += [(kind, task) for name in BASELINES if not (out / kind / f"{name}@{task}.json").is_file()]
        for network in planned.networks(task, weights):
            causal = ["ablations"] if planned.ablations and network.ablated else []
            missing = [
                kind
                for kind in ("races", "readings", "quantities", *causal)
                if not (out / kind / f"{network.path.stem}@{task}.json").is_file()
            ]
            found += [({"ablations": "ablate"}.get(kind, kind), task) for kind in missing]
    return found
