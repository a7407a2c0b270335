"""The contract of tasks and optimizers, checked: on anybody's file, and on everything that ships.

No TensorFlow until something is checked.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from bench.checks.result import Result
from bench.checks.subjects import Checked, everything, find
from bench.engine import process
from bench.lookup.named import NamedTask

__all__ = ["Result", "Subject", "check", "check_subject", "everything", "find"]


def check(*things: Any, done: Callable[[list[Result]], None] = lambda results: None) -> list[Result]:
    """Results of every check of `things`: names, files, tasks, entries, Keras optimizers; nothing: everything.

    `done` is told the results of each subject. Raises UserError for what cannot be found or loaded.
    """
    results = []
    for subject in find(things) if things else everything():
        results.append(check_subject(subject))
        done(results[-1])
    return [result for group in results for result in group]


def check_subject(subject: Checked) -> list[Result]:
    """Results of one task or optimizer, up to the first failed check that later ones stand on."""
    process.load_tensorflow()
    _quiet()
    if isinstance(subject.thing, NamedTask):
        from bench.checks.lists import check_task

        return check_task(subject.thing)
    from bench.checks.lists import check_optimizer

    return check_optimizer(subject.thing)


def _quiet() -> None:
    """Every subject is traced afresh, on purpose; TensorFlow would warn of it."""
    import tensorflow as tf

    tf.get_logger().setLevel("ERROR")
