"""Running a recorded configuration again, with its gradients kept: what the probes look at."""

from __future__ import annotations

import functools
from typing import NamedTuple

import numpy as np
import tensorflow as tf

from bench.keys import keys
from bench.names import NamedTask
from bench.sampling import batches, sample
from bench.unroll import advance
from optimizers import Entry


class Replay(NamedTuple):
    """`gradients`: (seeds, steps, parameters); `losses`: (seeds, steps), at the points of those gradients."""

    gradients: np.ndarray
    losses: np.ndarray


def replay(subject: NamedTask, entry: Entry, theta, *, seeds, steps: int) -> Replay:
    """The first `steps` steps of θ on report problems `seeds`; the same arithmetic as the recorded run."""
    params, data = sample(subject.task, keys(subject.name, "report", seeds))
    seen = batches(subject.task, keys(subject.name, "batches-report", seeds), steps)
    switches = {n: v for n, v in theta.items() if v is None or isinstance(v, (bool, int, str))}
    numbers = {n: np.asarray(v, "float32") for n, v in theta.items() if n not in switches}
    program = _program(subject.task, entry.build, tuple(switches.items()), steps)
    gradients, losses = program(params, data, seen, numbers)
    return Replay(gradients.numpy().transpose(1, 0, 2), losses.numpy().T)


@functools.lru_cache(maxsize=16)
def _program(task, build, switches, steps):
    over_seeds = functools.partial(tf.vectorized_map, fallback_to_while_loop=False)

    @tf.function(jit_compile=True, autograph=False)
    def program(params, data, seen, numbers):
        optimizer = build({**numbers, **dict(switches)})

        def one(run):
            params, state, data, batch, t = run
            new, state, gradients, loss = advance(
                task, optimizer, params, state, data, batch[0] if batch else None, t
            )
            flat = tf.concat([tf.reshape(g, [-1]) for g in tf.nest.flatten(gradients)], 0)
            return new, state, flat, loss

        def body(t, params, state, kept, losses):
            batch = (
                []
                if seen is None
                else [tf.nest.map_structure(lambda b: tf.gather(b, t, axis=1), seen)]
            )
            step = lambda run: one((*run[:2], *run[2:], t))  # noqa: E731
            params, state, flat, loss = over_seeds(step, (params, state, data, batch))
            return t + 1, params, state, kept.write(t, flat), losses.write(t, loss)

        state = over_seeds(optimizer.init, params)
        seeds = tf.nest.flatten(params)[0].shape[0]
        size = sum(int(np.prod(leaf.shape[1:])) for leaf in tf.nest.flatten(params))
        kept = tf.TensorArray(tf.float32, steps, element_shape=[seeds, size])
        losses = tf.TensorArray(tf.float32, steps, element_shape=[seeds])
        *_, kept, losses = tf.while_loop(
            lambda t, *_: t < steps,
            body,
            (0, params, state, kept, losses),
            maximum_iterations=steps,
        )
        return kept.stack(), losses.stack()

    return program
