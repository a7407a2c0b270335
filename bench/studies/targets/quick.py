"""Trainings of at most a minute, made here and now: what a user gets from scratch."""

from __future__ import annotations

from pathlib import Path

from bench.studies.targets.plan import QUICK
from optimizers import Entry, shipped


def train(task: str, out: Path) -> Entry:
    """The weights of the quick training of `task`, trained unless they are in `out` already."""
    from bench.metatraining import metatrain

    path, quick = out / "quick" / f"quick-{task}.npz", QUICK[task]
    if not path.with_suffix(".json").is_file():
        metatrain(quick.architecture, task, steps=quick.steps, out=path, baselines=False, **quick.settings)
    return shipped.load_entry(path)
