"""The one unroll: a tile of problems × configurations through its steps, as one XLA program.

Task and optimizer code is written for one problem. Two nested `tf.vectorized_map`s put the axes on. Where a problem has
data, seeds are outside: what depends on the seed only is not copied per configuration, and a matrix–vector product per
run becomes one matrix product per seed. Where it has none, configurations are outside: a hyper-parameter is then one
number for a whole inner row.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, NamedTuple

import tensorflow as tf

from bench.engine import asked, summaries
from bench.engine.gradients import evaluated
from optimizers.base import Asks, scored
from tasks import Task

_map = partial(tf.vectorized_map, fallback_to_while_loop=False)


class Plan(NamedTuple):
    """What one program is compiled for; hashable. `switches` are the structural part of θ."""

    task: Task
    build: Callable
    informed: bool
    switches: tuple[tuple[str, Any], ...]
    numbers: tuple[tuple[str, tuple[int, ...]], ...]
    """Name and shape of the rest of θ: swept numbers () and weights."""
    tile: tuple[int, int]
    """Configurations × seeds."""
    noisy: bool
    """The task has batches, a delay or an evaluation of its own, or the optimizer has one: what is scored is not what
    is differentiated."""
    asks: Asks | None = None

    @property
    def lag(self) -> int:
        return 0 if self.noisy else 1

    @property
    def offset(self) -> float:
        """What makes no loss negative when taken away."""
        return min(float(self.task.floor), 0.0)

    def bind(self, hyper: Mapping, shared: Mapping, data: Any):
        """The optimizer of one problem; an informed one is handed the problem's noise-free loss."""
        theta = {**hyper, **shared, **dict(self.switches)}
        if not self.informed:
            return self.build(theta)
        return self.build(theta, lambda params: self.task.evaluate(params, data))

    def scored(self, run: Run, hyper: Mapping, shared: Mapping, data: Any):
        """The parameters of a run that are scored."""
        return scored(self.bind(hyper, shared, data), run.params, run.state)


class Run(NamedTuple):
    """Where one run stands. `past`: parameters of the last `task.delay` steps, leading axis `delay`; () if 0.

    `state` is the optimizer's, `held` the task's own; () if it has none.
    """

    params: Any
    state: Any
    past: Any
    held: Any = ()


class Carry(NamedTuple):
    """What a piece of the unroll hands to the next; the leading axes are those of `nested`."""

    step: Any
    """The next step, scalar int32."""
    slot: Any
    """The next recorded point, scalar int32."""
    run: Run
    latest: Any
    """Losses of the last step taken."""
    losses: Any
    """(points, outer, inner): losses at the recorded points."""
    summary: summaries.Summary


def begin(task: Task, optimizer, params, data) -> Run:
    past: Any = ()
    if task.delay:
        past = tf.nest.map_structure(lambda p: tf.repeat(p[None], task.delay, axis=0), params)
    return Run(params, optimizer.init(params), past, task.start_state(params, data))


def advance(task: Task, optimizer, run: Run, data, batch, step, asks: Asks | None = None):
    """One step of one run -> (run, gradients, loss); both of the parameters the gradient is taken at."""
    seen = tf.nest.map_structure(lambda p: p[0], run.past) if task.delay else run.params
    loss, gradients, held = evaluated(task, seen, run.held, data, batch)
    with asked.handed(asks, task, run.params, run.held, data, batch, loss) as more:
        params, state = updated(task, optimizer, run, gradients, step, *more)
    past = run.past
    if task.delay:
        past = tf.nest.map_structure(lambda q, p: tf.concat([q[1:], p[None]], 0), run.past, run.params)
    return Run(params, state, past, held), gradients, loss


def updated(task: Task, optimizer, run: Run, gradients, step, *more) -> tuple[Any, Any]:
    """(params, the optimizer's state) of a run after one update."""
    updates, state = optimizer.update(gradients, run.state, run.params, step, *more)
    return task.constrain(tf.nest.map_structure(tf.add, run.params, updates)), state


def seeds_outside(data: Any) -> bool:
    return bool(tf.nest.flatten(data))


def nested(f: Callable, outside: bool) -> Callable:
    """`f(run, problem, hyper)` of one run, lifted to runs (S, C, …) if seeds are `outside`, (C, S, …) otherwise.

    Problems have leading axis S, hyper-parameters C; a tile without hyper-parameters has one configuration.
    """

    def lifted(runs, problem, hyper):
        outer, inner = (problem, hyper) if outside else (hyper, problem)
        call = f if outside else (lambda run, mine, each: f(run, each, mine))

        def row(args):
            runs, mine = args
            return _map(lambda each: call(each[0], mine, each[1]), (runs, inner))

        return _map(row, (runs, outer))

    return lifted


class Unroll:
    """The programs of one plan. `start`: (params (S, …), data, hyper {(C,)}, shared, points) -> Carry at step 0.

    `go`: (Carry, until, points, data, batches, hyper, shared) -> Carry, having taken the steps below `until` and, where
    that is beyond the last recorded point, all. `points` are the recorded steps (K,), `batches` (S, T, …).
    """

    def __init__(self, plan: Plan):
        self.plan = plan

    def start(self, params, data, hyper, shared, points) -> Carry:
        plan, outside = self.plan, seeds_outside(data)
        axis, extra = int(outside), plan.tile[0]
        tiled = tf.nest.map_structure(lambda p: tf.repeat(tf.expand_dims(p, axis), extra, axis=axis), params)
        first = nested(lambda p, d, h: begin(plan.task, plan.bind(h, shared, d), p, d), outside)
        run = first(tiled, data, hyper)
        lead = list(plan.tile[::-1] if outside else plan.tile)
        zero = tf.constant(0)
        losses = tf.zeros([points.shape[0], *lead])
        return Carry(zero, zero, run, tf.zeros(lead), losses, summaries.blank(lead, outside))

    def go(self, carry: Carry, until, points, data, batches, hyper, shared) -> Carry:
        """Recorded point by recorded point: the steps up to it, then its losses into their slot."""
        plan, outside = self.plan, seeds_outside(data)
        steps = self._steps(data, batches, hyper, shared)
        score = nested(lambda run, d, h: plan.task.score(plan.scored(run, h, shared, d), run.held, d), outside)

        def due(slot):
            # a loss comes with the step it is differentiated for, so a deterministic task takes that step to have it
            return tf.gather(points, slot) + plan.lag

        def unfinished(carry: Carry):
            waiting = (carry.step < until) | (due(carry.slot) <= carry.step)
            return (carry.slot < points.shape[0]) & waiting

        def point(carry: Carry) -> Carry:
            end = tf.minimum(due(carry.slot), until)
            step, run, losses, summary = steps(carry.step, end, carry.run, carry.latest, carry.summary)
            if plan.noisy:
                losses = score(run, data, hyper)
            else:
                summary = summaries.settle(summary, carry.slot, losses, plan.offset)
            kept = tf.tensor_scatter_nd_update(carry.losses, [[carry.slot]], losses[None])
            arrived = tf.cast(step == due(carry.slot), tf.int32)
            return Carry(step, carry.slot + arrived, run, losses, kept, summary)

        return tf.while_loop(lambda *c: unfinished(Carry(*c)), lambda *c: point(Carry(*c)), carry)

    def whole(self, params, until, points, data, batches, hyper, shared) -> Carry:
        carry = self.start(params, data, hyper, shared, points)
        return self.go(carry, until, points, data, batches, hyper, shared)

    def _steps(self, data, batches, hyper, shared):
        """(step, end, run, losses, summary) -> the same at step `end`, losses those of the step before."""
        plan = self.plan

        def body(step, run, losses, summary):
            seen = [] if batches is None else [at_step(batches, step)]

            def one(run, problem, h):
                data, batch = problem[0], problem[1][0] if problem[1] else None
                run, _, loss = advance(plan.task, plan.bind(h, shared, data), run, data, batch, step, plan.asks)
                return run, loss

            run, losses = nested(one, seeds_outside(data))(run, (data, seen), hyper)
            if not plan.noisy:
                summary = summaries.note(summary, step, losses, plan.offset)
            return step + 1, run, losses, summary

        def steps(step, end, *carried):
            return tf.while_loop(lambda step, *_: step < end, body, (step, *carried))

        return steps


def at_step(batches, step):
    """What all runs see at one step: batches (S, T, …) -> (S, …)."""
    return tf.nest.map_structure(lambda b: tf.gather(b, step, axis=1), batches)
