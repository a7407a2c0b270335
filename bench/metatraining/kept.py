"""Weights on the way: θ as it was at log-spaced iterations, each a weights file that loads like any other.

`NAME.npz` keeps its own in the folder `NAME.kept`, from `NAME-at-0000.npz`, the untrained start, to the last iteration.
They are θ itself; `NAME.npz` is the best of those that were validated.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from bench.errors import UserError
from bench.lookup.named import NamedTask
from bench.metatraining.card import card
from bench.metatraining.settings import Settings
from bench.metatraining.state import State
from optimizers.shipped import save


def iterations(steps: int, count: int) -> list[int]:
    """`count` ≥ 2 different iterations of 0 … steps, both ends included, evenly spaced in log where that is possible.

    >>> iterations(1000, 7)
    [0, 1, 4, 16, 63, 251, 1000]
    """
    spaced = np.geomspace(1, steps, count - 1).round().astype(int) if count > 2 else [steps]
    marks = [0, *map(int, spaced)]
    for i in range(1, count):
        marks[i] = max(marks[i], marks[i - 1] + 1)
    return [min(mark, steps - (count - 1 - i)) for i, mark in enumerate(marks)]


def folder_of(out: Path) -> Path:
    """Where what weights `out` were on their way is kept."""
    return out.with_suffix(".kept")


class Keeper(NamedTuple):
    """Keeps what weights `out` are on their way; one without `settings.keep` keeps nothing."""

    out: Path | None
    spelled: str
    subjects: list[NamedTask]
    settings: Settings

    @property
    def files(self) -> dict[int, Path]:
        """{iteration: weights file}, in order; names sort as iterations do."""
        if self.out is None or self.settings.keep is None:
            return {}
        steps, folder, name = self.settings.steps, folder_of(self.out), self.out.stem
        marks = iterations(steps, self.settings.keep)
        return {mark: folder / f"{name}-at-{mark:0{len(str(steps))}d}.npz" for mark in marks}

    def begin(self, now: State) -> None:
        """Keep where the training starts, or goes on; UserError for files that are missing, or another training's."""
        if self.settings.keep is not None and self.out is None:
            raise UserError(f"keep is {self.settings.keep}, but no file is written; give out as well")
        for mark, path in self.files.items():
            if mark < now.iteration and not path.is_file():
                where = f"the training is at iteration {now.iteration} already"
                raise UserError(f"{path} is gone, and {where}; delete {path.parent.stem}.checkpoint to start again")
        self.check_folder()
        self.keep(now)

    def check_folder(self) -> None:
        """UserError for weights in the folder that this training would not write."""
        if self.out is None or self.settings.keep is None:
            return
        known = {path.name for path in self.files.values()}
        if others := sorted(path for path in folder_of(self.out).glob("*.npz") if path.name not in known):
            raise UserError(
                f"{others[0]} belongs to a training that kept other iterations; delete {folder_of(self.out)}"
            )

    def keep(self, now: State) -> None:
        """Write θ and its card if this iteration is one to keep."""
        path = self.files.get(now.iteration)
        if path is not None and self.out is not None:
            made = card(self.spelled, self.subjects, self.settings, now, self.out)
            save(path, now.theta, {**made, "validation": _history(made)})


def _history(made: dict[str, Any]) -> dict[str, Any]:
    """What was validated until now, without the score of the best, which is not of these weights."""
    return {name: value for name, value in made["validation"].items() if name != "meta_loss"}
