"""Several meta-seeds side by side: a spawned process each, one thread each, the same bits as alone."""

from __future__ import annotations

import os
from multiprocessing import get_context
from pathlib import Path
from typing import Any

from tqdm import tqdm

from bench.errors import UserError, check_count
from bench.running.executor import Call
from bench.running.processes import Begin, Processes
from bench.running.worker import begin


def paths(out: Path, count: int) -> list[Path]:
    """NAME.npz, NAME-2.npz, NAME-3.npz, …"""
    later = [out.with_name(f"{out.stem}-{i + 1}{out.suffix}") for i in range(1, count)]
    return [out, *later]


def train_seeds(
    architecture: str,
    tasks: list[str],
    out: Path,
    seeds: tuple[int, ...],
    workers: int,
    files: tuple[str, ...],
    settings: dict[str, Any],
) -> list[Path]:
    """Weights of every seed, in as many files; a killed worker is a UserError."""
    check_count("workers", workers)
    if len(set(seeds)) < len(seeds):
        raise UserError(f"--seed names one twice: {','.join(map(str, seeds))}")
    outs = paths(out, len(seeds))
    lock = get_context("spawn").RLock()
    with Processes(min(workers, len(seeds)), Begin(_begin, (files, lock))) as executor:
        for i, (path, seed) in enumerate(zip(outs, seeds, strict=True)):
            executor.submit(Call(_train, (architecture, tasks, path, seed, i, settings)))
        for result in executor.results():
            if result.lost:
                raise UserError(
                    "a training was killed (memory?); the same command goes on from its checkpoint, "
                    "with --workers 1 if memory is short"
                )
    return outs


def _begin(files: tuple[str, ...], lock: Any) -> None:
    """One lock for the progress lines of all trainings, then what every worker does."""
    tqdm.set_lock(lock)
    begin(files)


def _train(
    progress: Any, architecture: str, tasks: list[str], path: Path, seed: int, position: int, settings: dict[str, Any]
) -> None:
    from bench import metatraining

    try:
        metatraining.metatrain(architecture, tasks, out=path, seed=seed, position=position, **settings)
    except KeyboardInterrupt:  # its checkpoint is written; nothing that still waits shall begin
        os._exit(130)
