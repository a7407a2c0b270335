"""How a task draws its problems: by the key alone, the same bits every time, other bits for other keys."""

from __future__ import annotations

import numpy as np
import tensorflow as tf

from bench.checks.compare import first, same_bits
from bench.checks.result import Fault
from bench.checks.task_case import SEEDS, STEPS, TaskCase
from bench.engine import contracts, graphs, purity
from bench.engine.keys import keys
from bench.engine.sampling import sample

MANY = 32
"""Problems that are looked at where the first few are the same, as they may be by chance."""
_FLOATS = (tf.float16, tf.bfloat16, tf.float64)


def shapes(case: TaskCase) -> None:
    """`sample` gives (params, data), `batches` what each step sees, all of fixed shape."""
    contracts.sampled(case.task)
    contracts.a_batch(case.task)


def dtypes(case: TaskCase) -> None:
    """Numbers are float32, in what is drawn and in the arithmetic of the loss."""
    nests = {"sample": case.specifications[:2], "batches": case.specifications[2]}
    for word, nest in nests.items():
        for leaf in tf.nest.flatten(nest):
            if leaf is not None and leaf.dtype in _FLOATS:
                raise Fault(f"{word} gives {leaf.dtype.name} of shape {leaf.shape}; cast it to tf.float32")
    for word, traced in (("loss", case.loss), ("evaluate", case.evaluate)):
        if traced is not None and (found := graphs.float64(traced)):
            raise Fault(f"{word} computes in float64 ({', '.join(found[:3])}); use float32 constants and casts")


def by_the_key(case: TaskCase) -> None:
    """Draws follow the key, with bits that are the same on every device."""
    for traced in case.sampling:
        if found := graphs.unkeyed_draws(traced):
            raise Fault(f'draws with {found[0]}; use tf.random.stateless_*(…, seed=key, alg="philox")')
        if held := graphs.variables(traced):
            raise Fault(f"sample or batches keep state in {held[0]}; let them depend on the key alone")
    own, other = keys(case.name, "report", [0]), keys(case.name, "tune", [0])
    if np.array_equal(own, other):
        raise Fault("keys of two purposes are equal; report this")
    if not any(_differ(case, count) for count in (SEEDS, MANY)):
        raise Fault("the same problem for every key; draw params or data from `key`")


def _differ(case: TaskCase, count: int) -> bool:
    """Whether not all of the first `count` problems are the same."""
    drawn = case.drawn if count == SEEDS else sample(case.task, keys(case.name, "report", range(count)))
    rows = [first(drawn, row) for row in range(count)]
    return not all(same_bits(rows[0], row) for row in rows[1:])


def determinism(case: TaskCase) -> None:
    """Same key, same problem, however often and in whatever company; same loss at every call."""
    purity.verify_draws(case.task)
    again = graphs.trace(case.task.sample, tf.TensorSpec([2], tf.int32))
    for row, key in enumerate(case.keys):
        if not same_bits(again(tf.constant(key)), first(case.drawn, row)):
            raise Fault("another problem for the same key; draw everything in sample from `key`, keep no state")
    if case.seen is not None:
        key = tf.constant(keys(case.name, "batches-report", [0])[0])
        traced = graphs.trace(lambda k: case.task.batches(k, STEPS), tf.TensorSpec([2], tf.int32))
        if not same_bits(traced(key), first(case.seen)):
            raise Fault("other batches for the same key; draw everything in batches from `key`, keep no state")
    before = case.task.loss(*case.one(0))
    case.task.loss(*case.one(1))
    if not same_bits(before, case.task.loss(*case.one(0))):
        raise Fault("another loss for the same problem at the second call; no random numbers or global state in loss")
