"""One job done: its record, or its readings. Writes nothing; that is the coordinator's.

What measures is imported by the first job: the coordinator hands this module's function on and needs no TensorFlow.

A kept program that is damaged where no checksum tells makes TensorFlow fail in many ways, none of which is the fault of
what ran: such a cell counts as lost, and is tried again in a process without kept programs.
"""

from __future__ import annotations

from collections.abc import Callable

from bench.engine import program_cache
from bench.errors import MachineError
from bench.lookup import surroundings
from bench.probes import run as probing
from bench.records.record import Record
from bench.running.loss import Loss
from bench.suites.jobs import Address, Job, found

_OF_TENSORFLOW = (
    "AbortedError",
    "DataLossError",
    "FailedPreconditionError",
    "InternalError",
    "InvalidArgumentError",
    "NotFoundError",
    "OutOfRangeError",
    "UnknownError",
)


def run_job(progress: Callable[[float], None], job: Job | Address) -> Record | probing.Kept | Loss:
    """The record of a cell, or what the probes read; `progress` is told of shares of it. A Loss: the machine failed."""
    far = isinstance(job, Address)
    job = found(job) if isinstance(job, Address) else job
    try:
        return _done(progress, job, far)
    except MachineError as problem:
        return Loss(f"came to an end: {problem}", its_own=False)


def failed_job(job: Job, error: str) -> Record:
    """The record of a cell that came to nothing, for the reason `error`, a line."""
    from bench.running.cell import failed

    return failed(job, error)


def _sure(record: Record, far: bool) -> Record | Loss:
    """The record, or a Loss where a kept program may have made it what it is, in a process that can be another's."""
    kind = record.error.partition(":")[0]
    doubtful = record.status != "ok" and kind in _OF_TENSORFLOW and program_cache.location() is not None
    return Loss(f"met an error in TensorFlow: {record.error[:80]}", its_own=True) if far and doubtful else record


def _done(progress: Callable[[float], None], job: Job, far: bool) -> Record | probing.Kept | Loss:
    if job.kind == "cell":
        from bench.running.cell import evaluate_cell

        return _sure(evaluate_cell(job, progress), far)
    with surroundings.kept():
        return probing.read_entry(job.subject, job.entry, steps=job.budget.steps, progress=progress)
