"""One job done: its record, or its readings. Writes nothing; that is the coordinator's."""

from __future__ import annotations

from collections.abc import Callable

from bench.probes import run as probing
from bench.records.record import Record
from bench.running.cell import evaluate_cell
from bench.suites.jobs import Address, Job, found


def run_job(progress: Callable[[float], None], job: Job | Address) -> Record | probing.Kept:
    """The record of a cell, or what the probes read; `progress` is told of shares of it."""
    job = found(job) if isinstance(job, Address) else job
    if job.kind == "cell":
        return evaluate_cell(job, progress)
    return probing.read_entry(job.subject, job.entry, steps=job.budget.steps, progress=progress)
