"""One job done: its record, or its readings. Writes nothing; that is the coordinator's."""

from __future__ import annotations

from collections.abc import Callable

from bench.errors import MachineError
from bench.probes import run as probing
from bench.records.record import Record
from bench.running.cell import evaluate_cell
from bench.running.loss import Loss
from bench.suites.jobs import Address, Job, found


def run_job(progress: Callable[[float], None], job: Job | Address) -> Record | probing.Kept | Loss:
    """The record of a cell, or what the probes read; `progress` is told of shares of it. A Loss: the machine failed."""
    job = found(job) if isinstance(job, Address) else job
    try:
        return _done(progress, job)
    except MachineError as problem:
        return Loss(f"came to an end: {problem}", its_own=False)


def _done(progress: Callable[[float], None], job: Job) -> Record | probing.Kept:
    if job.kind == "cell":
        return evaluate_cell(job, progress)
    return probing.read_entry(job.subject, job.entry, steps=job.budget.steps, progress=progress)
