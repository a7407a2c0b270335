"""Running a recorded configuration again, with its gradients and states kept: what the probes look at."""

from __future__ import annotations

import functools
from typing import Any, NamedTuple

import numpy as np
import tensorflow as tf

from bench.engine import contracts
from bench.engine.keys import keys
from bench.engine.sampling import batches, sample
from bench.engine.unroll import Plan, advance, at_step, begin
from bench.lookup.named import NamedTask
from optimizers import Entry
from optimizers.base import with_horizon
from optimizers.spaces import switches as switches_of


class Replay(NamedTuple):
    """At every step, before its update; parameters flattened.

    `gradients`: (seeds, steps, parameters); `losses`: (seeds, steps), at the points of those gradients; `states`: the
    optimizer's, nested, leading axes (seeds, steps), or None if they were not asked for.
    """

    gradients: np.ndarray
    losses: np.ndarray
    states: Any = None


def replay(subject: NamedTask, entry: Entry, theta, *, seeds, steps: int, states: bool = False) -> Replay:
    """The first `steps` steps of θ on report problems `seeds`; the same arithmetic as the recorded run.

    Raises UserError for a task whose runs go one at a time.
    """
    contracts.verify_vectorized(subject, "probes")
    params, data = sample(subject.task, keys(subject.name, "report", seeds))
    seen = batches(subject.task, keys(subject.name, "batches-report", seeds), steps)
    switches = switches_of(theta)
    theta = with_horizon(theta, steps)
    numbers = {n: np.asarray(v, "float32") for n, v in theta.items() if n not in switches}
    shapes = tuple((name, value.shape) for name, value in sorted(numbers.items()))
    structure = tuple(switches.items())
    plan = Plan(subject.task, entry.build, entry.informed, structure, shapes, (1, len(seeds)), True)
    kept = _program(plan, steps, states)(params, data, seen, numbers)
    turned = tf.nest.map_structure(lambda t: np.swapaxes(t.numpy(), 0, 1), kept)
    return Replay(*turned)


@functools.lru_cache(maxsize=16)
def _program(plan: Plan, steps: int, states: bool):
    over_seeds = functools.partial(tf.vectorized_map, fallback_to_while_loop=False)

    @tf.function(jit_compile=True, autograph=False)
    def program(params, data, seen, numbers):
        def start(problem):
            return begin(plan.task, plan.bind(numbers, {}, problem[1]), *problem)

        def step(t, run):
            def one(args):
                run, data, batch = args
                optimizer = plan.bind(numbers, {}, data)
                new, gradients, loss = advance(plan.task, optimizer, run, data, batch[0] if batch else None, t)
                flat = tf.concat([tf.reshape(g, [-1]) for g in tf.nest.flatten(gradients)], 0)
                return new, (flat, loss, *([run.state] if states else []))

            batch = [] if seen is None else [at_step(seen, t)]
            return over_seeds(one, (run, data, batch))

        def body(t, run, kept):
            run, shown = step(t, run)
            put = functools.partial(_put, t)
            return t + 1, run, tf.nest.map_structure(put, kept, shown)

        run = over_seeds(start, (params, data))
        shapes = tf.nest.map_structure(lambda x: tf.zeros([steps, *x.shape], x.dtype), step(0, run)[1])
        *_, kept = tf.while_loop(lambda t, *_: t < steps, body, (0, run, shapes))
        return kept

    return program


def _put(t, array, value):
    return tf.tensor_scatter_nd_update(array, [[t]], value[None])
