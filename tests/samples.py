"""Records made up for tests: exponential decay at a chosen rate, no TensorFlow."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from bench.records.record import Budget, Cell, Record, Runs
from bench.records.store import Store
from bench.scores.metrics import METRICS, summarize

SMALL = Budget(steps=20, seeds=16, trials=4, tuning_seeds=2, finalists=0)
RANKED = Budget(steps=20, seeds=32, trials=4, tuning_seeds=2, finalists=0)
"""Problems enough for ranks."""
RATES = {"sgd": 0.05, "adam": 0.2, "gru-a": 0.4}
"""The better, the higher."""


def curves(rate: float, *, steps: int = 20, seeds: int = 16, noise: float = 0.1, stream: int = 0) -> np.ndarray:
    """Losses (seeds, steps + 1) float32 that decay as exp(−rate · step), from other heights for other seeds.

    `stream` names the problems: runs of equal stream start at equal heights.
    """
    heights = np.exp(np.random.default_rng([stream, 0]).normal(size=(seeds, 1)))
    speeds = rate * np.exp(noise * np.random.default_rng([stream, 1]).normal(size=(seeds, 1)))
    return (heights * np.exp(-speeds * np.arange(steps + 1))).astype("float32")


def runs(losses: np.ndarray) -> Runs:
    """Runs of full curves (seeds, steps + 1), as the engine would keep them."""
    full = summarize(np.arange(losses.shape[-1]), losses)
    with np.errstate(over="ignore"):
        summaries = [array.astype("float32") for array in (full.mean_loss, full.mean_log, full.best)]
    return Runs(full.steps, full.losses, *summaries, full.diverged)


def record(
    task: str = "bowl",
    optimizer: str = "sgd",
    losses: np.ndarray | None = None,
    *,
    budget: Budget = SMALL,
    kind: str | None = None,
    **changes: Any,
) -> Record:
    """A finished cell. `losses` are given for every metric alike; `changes` replace fields of the record."""
    kind = kind or ("learned" if optimizer.startswith("gru") else "hand-designed")
    if losses is None:
        losses = curves(RATES.get(optimizer, 0.1), steps=budget.steps, seeds=budget.seeds)
    tuned = ("default", *METRICS) if kind == "hand-designed" else ("default",)
    fields: dict[str, Any] = {
        "cell": Cell(task, optimizer, budget, f"{task}()", f"{optimizer}()", {"engine": "1"}),
        "status": "ok",
        "error": "",
        "kind": kind,
        "discloses": {"trained_on": ["bowl", "valley"]} if kind == "learned" else {},
        "floor": 0.0,
        "thetas": {name: {"learning_rate": 0.1 + i / 3} for i, name in enumerate(tuned)},
        "trials": trials(losses) if len(tuned) > 1 else {},
        "runs": {name: runs(losses) for name in tuned},
        "ledger": _ledger(budget, kind),
        "provenance": {"host": "here", "time": "2026-01-01T00:00:00"},
    }
    return Record(**{**fields, **changes})


def trials(losses: np.ndarray) -> dict[str, list[float]]:
    """Two trials that scored on tuning problems what `losses` score on others."""
    scored = {name: [float(metric.score(runs(losses), 0.0).mean())] * 2 for name, metric in METRICS.items()}
    return {"trial": [0, 1], "learning_rate": [0.1, 0.2], **scored}


def failed(task: str = "bowl", optimizer: str = "sgd", **about: Any) -> Record:
    """A cell whose optimizer raised."""
    empty: dict[str, Any] = {"thetas": {}, "trials": {}, "runs": {}, "ledger": {}}
    return record(task, optimizer, status="failed", error="ValueError: no", **empty, **about)


def folder(path: Path, rates: Mapping[str, float] = RATES, tasks=("bowl", "valley"), budget: Budget = SMALL) -> Path:
    """A run's folder: each optimizer of `rates` on each task, paired by seed; learned ones are at home on all."""
    store = Store(path)
    for stream, task in enumerate(tasks):
        for optimizer, rate in rates.items():
            losses = curves(rate, steps=budget.steps, seeds=budget.seeds, stream=stream)
            about = {"discloses": {"trained_on": [*tasks]}} if optimizer.startswith("gru") else {}
            store.write(record(task, optimizer, losses, budget=budget, **about))
    return path


def _ledger(budget: Budget, kind: str) -> dict[str, float]:
    learned = kind == "learned"
    return {
        "gradients_tuning": 0.0 if learned else float(budget.trials * budget.tuning_seeds * budget.steps),
        "gradients_reporting": float(budget.seeds * budget.steps),
        "gradients_metatraining": 1000.0 if learned else 0.0,
        "seconds_metatraining": 60.0 if learned else 0.0,
        "seconds_compile": 1.5,
        "seconds_tuning": 0.5,
        "seconds_reporting": 0.25,
    }
