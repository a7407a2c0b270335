"""How weights were made: enough to make them again."""

from __future__ import annotations

import shlex
from dataclasses import asdict
from pathlib import Path
from typing import Any

from bench.engine import process
from bench.lookup import plugins
from bench.lookup.identity import task_definition
from bench.lookup.named import NamedTask
from bench.metatraining.baselines import SEEDS
from bench.metatraining.settings import Settings
from bench.metatraining.state import State
from optimizers import OptimizerError
from optimizers.weights_file import read_card, read_theta


def identity(spelled: str, subjects: list[NamedTask], settings: Settings) -> dict[str, Any]:
    """Everything that determines the weights: a checkpoint is continued when it is the same."""
    tasks = [task_definition(subject.task) for subject in subjects]
    versions = process.versions()
    return {"architecture": spelled, "tasks": tasks, **asdict(settings), "versions": versions}


def made(spelled: str, subjects: list[NamedTask], settings: Settings, path: Path) -> bool:
    """Whether there are whole weights at `path` that this training made, by their card."""
    try:
        found = read_card(path)
        read_theta(path)
    except OptimizerError:
        return False
    tasks = [task_definition(subject.task) for subject in subjects]
    about = command(spelled, subjects, settings, path), tasks, process.versions()
    return about == tuple(found.get(name) for name in ("command", "task_definitions", "versions"))


def card(spelled: str, subjects: list[NamedTask], settings: Settings, state: State, out: Path) -> dict[str, Any]:
    """The JSON card of weights at `out`."""
    return {
        "architecture": spelled,
        "tasks": [subject.name for subject in subjects],
        "task_definitions": [task_definition(subject.task) for subject in subjects],
        "command": command(spelled, subjects, settings, out),
        **asdict(settings),
        "iterations": state.iteration,
        "seconds": round(state.seconds, 1),
        "gradients": state.gradients,
        "validation": {"meta_loss": state.score, "iteration, meta-loss, mean, log10": state.history},
        "baselines": _baselines(state),
        "non_finite_steps": state.skipped,
        "versions": process.versions(),
        **process.provenance(),
    }


def command(spelled: str, subjects: list[NamedTask], settings: Settings, out: Path) -> str:
    """The command line that makes these weights, without what only shows."""
    tasks = shlex.quote(",".join(subject.name for subject in subjects))
    start = f"python -m bench metatrain {shlex.quote(spelled)} --tasks {tasks}"
    files = "".join(f" --import {shlex.quote(file)}" for file in plugins.files_of(spelled, tasks))
    return f"{start} --out {shlex.quote(str(out))} {settings.options()}{files}"


def _baselines(state: State) -> dict[str, Any]:
    """Mean loss on the held-out problems of what the progress line compared with, quickly tuned."""
    return {
        task: {"tuning_seeds": SEEDS, **{name: found["mean"] for name, found in tuned.items()}}
        for task, tuned in state.baselines.items()
    }
