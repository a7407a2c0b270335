"""The one unroll: a tile of problems × configurations through all steps, as one XLA program.

Task and optimizer code is written for one problem. Two nested `tf.vectorized_map`s put the axes on, seeds
outside and configurations inside, so that what depends on the seed only is not copied per configuration,
and a matrix–vector product per run becomes one matrix product per seed.
"""

from __future__ import annotations

from functools import partial

import tensorflow as tf

from bench.recording import Recorder

_map = partial(tf.vectorized_map, fallback_to_while_loop=False)


def nested(f):
    """`f(run, problem, hyper)` of one run, lifted to run (S, C, …), problem (S, …), hyper (C, …) -> (S, C, …)."""

    def lifted(run, problem, hyper):
        def one_seed(seed):
            runs, its_problem = seed
            return _map(lambda each: f(each[0], its_problem, each[1]), (runs, hyper))

        return _map(one_seed, (run, problem))

    return lifted


def advance(task, optimizer, params, state, data, batch, step):
    """One step of one run -> (params, state, gradients, loss at the old params)."""
    with tf.GradientTape() as tape:
        tape.watch(params)
        loss = task.loss(params, data, batch)
    gradients = tape.gradient(loss, params, unconnected_gradients=tf.UnconnectedGradients.ZERO)
    updates, state = optimizer.update(gradients, state, params, step)
    return tf.nest.map_structure(tf.add, params, updates), state, gradients, loss


def _at(batches, t):
    return tf.nest.map_structure(lambda b: tf.gather(b, t, axis=1), batches)


def compile_unroll(task, build, switches: dict, configurations: int, recorded, noisy: bool):
    """Program (params (S, …), data (S, …), batches (S, T, …) | None, hyper {(C,)}, shared) -> recording.Carry.

    `hyper` is swept, `shared` (weights) the same for all, `switches` structure. `noisy`: the task has batches or
    an evaluation of its own, so that what is scored is not what is differentiated.
    """
    steps = int(recorded[-1])
    recorder = Recorder(recorded, every_step=not noisy)

    def bind(hyper, shared):
        return build({**hyper, **shared, **switches})

    @tf.function(jit_compile=True, autograph=False)
    def program(params, data, batches, hyper, shared):
        seeds = tf.nest.flatten(params)[0].shape[0]
        params = tf.nest.map_structure(
            lambda p: tf.repeat(p[:, None], configurations, axis=1), params
        )
        state = nested(lambda p, _, h: bind(h, shared).init(p))(params, data, hyper)

        def body(t, params, state, carry):
            seen = [] if batches is None else [_at(batches, tf.minimum(t, steps - 1))]

            def one(run, problem, h):
                batch = problem[1][0] if problem[1] else None
                new, next_state, _, loss = advance(
                    task, bind(h, shared), run[0], run[1], problem[0], batch, t
                )
                return new, next_state, loss

            new, state, losses = nested(one)((params, state), (data, seen), hyper)
            if noisy:
                score = nested(lambda p, d, h: task.evaluate(p, d))
                losses = tf.cond(
                    recorder.due(t), lambda: score(params, data, hyper), lambda: carry.latest
                )
            return t + 1, new, state, recorder.note(carry, t, losses)

        # one round more than there are steps: it notes the last loss, and its update is dropped
        start = (0, params, state, recorder.blank(seeds, configurations))
        *_, carry = tf.while_loop(
            lambda t, *_: t <= steps, body, start, maximum_iterations=steps + 1
        )
        return carry

    return program
