"""The unroll of a few numbers in blocks: eight steps into a small buffer of losses, then one summary of all eight.

The loop is turned: a step is an update, and then the loss and gradient at the new point. Numbers are those of `Unroll`
but for last digits; what is saved is a pass over the tile for each sum in each step. Worth it only where the whole loop
becomes one kernel, as jaxlib's compiler can be told for a single program.
"""

from __future__ import annotations

import functools

import tensorflow as tf

from bench.engine import contracts, summaries
from bench.engine.gradients import evaluated
from bench.engine.unroll import Carry, Plan, Run, Unroll, nested, seeds_outside, updated
from tasks import Task

LENGTH = 8
"""Steps of a block."""
FEW = 16
"""Numbers of a run up to which its loop is one kernel: in there, longer loops are not vectorized."""


def few(task: Task) -> bool:
    """Whether a run of `task` has at most FEW parameters."""
    params = tf.nest.flatten(contracts.specifications(task)[0])
    return sum(leaf.shape.num_elements() for leaf in params) <= FEW


def suit(plan: Plan) -> bool:
    """Whether a plan goes in blocks: few numbers, no sums or products, and what is scored is what is differentiated."""
    plain = not plan.noisy and plan.asks is None and not plan.task.measures
    return plain and plan.task.flexible and all(shape == () for _, shape in plan.numbers) and few(plan.task)


class Blocks(Unroll):
    """The programs of a plan that `suit`s. `Carry.latest` is (losses, gradients) at the parameters of `Carry.run`.

    So a carry at step t has taken t − 1 updates, and knows the losses below t, as one of `Unroll` does.
    """

    def start(self, params, data, hyper, shared, points) -> Carry:
        carry = super().start(params, data, hyper, shared, points)
        evaluate = nested(self._evaluated, seeds_outside(data))
        run, losses, gradients = evaluate(carry.run, data, hyper)
        summary = summaries.settle(carry.summary, carry.slot, losses, self.plan.offset)
        summary = summaries.note(summary, carry.step, losses, self.plan.offset)
        kept = tf.tensor_scatter_nd_update(carry.losses, [[0]], losses[None])  # step 0 is always recorded
        return Carry(carry.step + 1, carry.slot + 1, run, (losses, gradients), kept, summary)

    def go(self, carry: Carry, until, points, data, batches, hyper, shared) -> Carry:
        """Block by block to step `until`; `batches` are None."""

        def block(carry: Carry) -> Carry:
            count = tf.minimum(LENGTH, until - carry.step)
            run, latest, losses = self._steps_of(carry, count, data, hyper, shared)
            summary = self._summarized(carry, count, losses)
            slot, kept = _recorded(carry, count, losses, points)
            return Carry(carry.step + count, slot, run, latest, kept, summary)

        return tf.while_loop(lambda *c: Carry(*c).step < until, lambda *c: block(Carry(*c)), carry)

    def _steps_of(self, carry: Carry, count, data, hyper, shared):
        """(run, latest, losses (LENGTH, …)) `count` steps on; what is beyond `count` among the losses is 0."""

        def body(i, run, latest, losses):
            def one(each, problem, h):
                run, gradients = each
                return self._stepped(run, gradients, carry.step - 1 + i, problem, h, shared)

            run, *latest = nested(one, seeds_outside(data))((run, latest[1]), data, hyper)
            return i + 1, run, tuple(latest), losses.write(i, latest[0])

        losses = tf.TensorArray(tf.float32, LENGTH, element_shape=carry.losses.shape[1:])
        begun = (tf.constant(0), carry.run, carry.latest, losses)
        _, run, latest, losses = tf.while_loop(lambda i, *_: i < count, body, begun)
        return run, latest, losses.stack()

    def _stepped(self, run: Run, gradients, step, problem, hyper, shared):
        """An update of one run, then its loss and gradient at the new point."""
        optimizer = self.plan.bind(hyper, shared, problem)
        params, state = updated(self.plan.task, optimizer, run, gradients, step)
        return self._evaluated(run._replace(params=params, state=state), problem, hyper)

    def _evaluated(self, run: Run, problem, hyper):
        loss, gradients, held = evaluated(self.plan.task, run.params, run.held, problem, None)
        return run._replace(held=held), loss, gradients

    def _summarized(self, carry: Carry, count, losses) -> summaries.Summary:
        """The summary after the first `count` rows, in one expression, so that it takes one pass."""
        summary = carry.summary
        for row in range(LENGTH):
            noted = summaries.note(summary, carry.step + row, losses[row], self.plan.offset)
            summary = tf.nest.map_structure(functools.partial(tf.where, row < count), noted, summary)
        return summary


def _recorded(carry: Carry, count, block, points):
    """(slot, losses) with what `points` ask for of a block's losses (LENGTH, …)."""
    size = points.shape[0]

    def due(slot, losses):
        return (slot < size) & (tf.gather(points, tf.minimum(slot, size - 1)) < carry.step + count)

    def copy(slot, losses):
        row = tf.gather(block, tf.gather(points, slot) - carry.step)
        return slot + 1, tf.tensor_scatter_nd_update(losses, [[slot]], row[None])

    return tf.while_loop(due, copy, (carry.slot, carry.losses))
