"""Several meta-seeds side by side: a spawned process each, one thread each, the same bits as alone."""

from __future__ import annotations

import os
import threading
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from multiprocessing import connection, get_context, parent_process
from pathlib import Path
from typing import Any

from tqdm import tqdm

from bench.errors import UserError, check_count


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
    outs, context = paths(out, len(seeds)), get_context("spawn")
    lock = context.RLock()
    with ProcessPoolExecutor(min(workers, len(seeds)), context, initializer=_start, initargs=(files, lock)) as pool:
        futures = [
            pool.submit(_train, architecture, tasks, path, seed, i, settings)
            for i, (path, seed) in enumerate(zip(outs, seeds, strict=True))
        ]
        try:
            for future in futures:
                future.result()
        except BrokenProcessPool:
            raise UserError(
                "a training was killed (memory?); the same command goes on from its checkpoint, "
                "with --workers 1 if memory is short"
            ) from None
        finally:
            pool.shutdown(wait=True, cancel_futures=True)
    return outs


def _start(files: tuple[str, ...], lock: Any) -> None:
    threading.Thread(target=_die_with_parent, daemon=True).start()
    tqdm.set_lock(lock)
    from bench.engine import process
    from bench.lookup import plugins

    process.load_tensorflow()
    plugins.load_plugins()
    plugins.load_files(files)


def _die_with_parent() -> None:
    """A parent that is killed cannot say so; the checkpoint is there."""
    parent = parent_process()
    if parent is not None:
        connection.wait([parent.sentinel])
        os._exit(1)


def _train(architecture, tasks, path, seed, position, settings) -> None:
    from bench import metatraining

    try:
        metatraining.metatrain(architecture, tasks, out=path, seed=seed, position=position, **settings)
    except KeyboardInterrupt:  # its checkpoint is written; nothing that still waits shall begin
        os._exit(130)
