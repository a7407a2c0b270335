"""Several meta-seeds side by side: a spawned process each, here or on a cluster; the same bits as alone."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from multiprocessing import get_context
from pathlib import Path
from typing import Any

from tqdm import tqdm

from bench.errors import UserError, check_count
from bench.metatraining import afar
from bench.metatraining.training import Training, check, metatrain
from bench.records.files import note
from bench.running import cluster
from bench.running.executor import Call, Means
from bench.running.lane import Begin, quiet_tracker
from bench.running.processes import Processes
from bench.running.worker import begin


def paths(out: Path, count: int) -> list[Path]:
    """NAME.npz, NAME-2.npz, NAME-3.npz, …"""
    later = [out.with_name(f"{out.stem}-{i + 1}{out.suffix}") for i in range(1, count)]
    return [out, *later]


def train_seeds(training: Training, out: Path, seeds: tuple[int, ...], means: Means) -> list[Path]:
    """Weights of every seed, in as many files; a lost process, or a lost cluster, is a UserError.

    Where some seeds are finished and others are not, as when it was stopped, only the others are trained.
    """
    check_count("workers", means.workers)
    if len(set(seeds)) < len(seeds):
        raise UserError(f"--seed names one twice: {','.join(map(str, seeds))}")
    outs = paths(out, len(seeds))
    todo = unfinished(training, dict(zip(outs, seeds, strict=True)))
    if means.dask is not None:
        cluster.check(means.dask)
        afar.train(training, todo, means.dask, means.import_files)
        return outs
    quiet_tracker()
    lock = get_context("spawn").RLock()
    with Processes(min(means.workers, len(todo)), Begin(_begin, (means.import_files, lock))) as executor:
        for i, (path, seed) in enumerate(todo.items()):
            executor.submit(Call(_train, (training, path, seed, i)))
        for result in executor.results():
            if result.lost:
                path, how = list(todo)[result.number], result.lost.how
                raise UserError(f"the training of {path} {how}; the same command goes on from its checkpoint")
    return outs


def unfinished(training: Training, seeds: Mapping[Path, int]) -> dict[Path, int]:
    """Of weights to make, those that are not made yet; all of them where all are. A note says which are kept."""
    architecture, tasks, settings = training
    kept = [path for path, seed in seeds.items() if check(architecture, tasks, path, **settings, seed=seed)]
    if len(kept) in (0, len(seeds)):
        return dict(seeds)
    note(f"{', '.join(map(str, kept))}: trained already, and kept")
    return {path: seed for path, seed in seeds.items() if path not in kept}


def _begin(files: Iterable[str], lock: Any) -> None:
    """One lock for the progress lines of all trainings, then what every worker does."""
    tqdm.set_lock(lock)
    begin(files)


def _train(progress: Any, training: Training, path: Path, seed: int, position: int) -> None:
    architecture, tasks, settings = training
    try:
        metatrain(architecture, tasks, out=path, seed=seed, position=position, **settings)
    except KeyboardInterrupt:  # its checkpoint is written; nothing that still waits shall begin
        os._exit(130)
