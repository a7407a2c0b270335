"""The shim against plain Keras: the same class and settings, one problem at a time in a Python loop.

`python -m bench check` and the tests call `parity`; nothing else does.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from optimizers.base import Entry, OptimizerError
from optimizers.spaces import switches as switches_of

SHAPES = ((4, 3), (3,))
"""Of the parameters: a matrix, because some optimizers treat matrices otherwise, and a vector."""


def parity(
    entry: Entry, thetas: Sequence[Mapping[str, Any]], *, steps: int = 6, problems: int = 2, seed: int = 0
) -> float:
    """Largest relative difference of losses and parameters over `steps` steps and random problems.

    θs differ in floats only; all run on all problems in one program, mapped and compiled as in the engine, and each θ
    is compared on one problem, each problem with one θ at least. Problem: ½ Σ |w| (tanh(x A + b) − y)² for random x, y,
    w. Raises OptimizerError for an entry that is no Keras optimizer.
    """
    plain = getattr(entry.build, "plain", None)
    if plain is None:
        raise OptimizerError(f"optimizer {entry.name!r} is not made of a Keras class; nothing to compare")
    rng = np.random.default_rng(seed)
    starts = [rng.normal(size=(problems, *shape)).astype("float32") for shape in SHAPES]
    data = [rng.normal(size=(problems, 5, n)).astype("float32") for n in (4, 3, 3)]
    ours = _ours(entry, thetas, starts, data, steps)
    worst = 0.0
    for i in range(max(len(thetas), problems)):
        c, s = i % len(thetas), i % problems
        theirs = _theirs(plain(thetas[c]), [p[s] for p in starts], [d[s] for d in data], steps)
        for mine, its in zip(ours, theirs, strict=True):
            worst = max(worst, _difference(mine[:, s, c], its))
    return worst


def _difference(ours: np.ndarray, theirs: np.ndarray) -> float:
    """Over steps (leading axis): largest difference relative to the largest value of that step."""
    axes = tuple(range(1, ours.ndim))
    size = np.maximum(np.abs(theirs).max(axis=axes), np.finfo("float32").tiny)
    relative = np.abs(ours - theirs).max(axis=axes) / size
    return float(np.nan_to_num(relative, nan=np.inf).max())


def _loss(params, data):
    import tensorflow as tf

    x, y, weights = data
    residual = tf.tanh(tf.matmul(x, params[0]) + params[1]) - y
    return 0.5 * tf.reduce_sum(tf.abs(weights) * residual**2) + 0.01


def _ours(entry, thetas, starts, data, steps) -> list[np.ndarray]:
    """[losses, leaf 0, leaf 1, …], leading axes (steps, problems, θs), through the shim."""
    import tensorflow as tf

    switches = switches_of(thetas[0])
    hyper = {
        name: tf.constant([theta[name] for theta in thetas], tf.float32) for name in thetas[0] if name not in switches
    }

    def one(run, data, hyper, step):
        params, state = run
        optimizer = entry.build({**hyper, **switches})
        with tf.GradientTape() as tape:
            tape.watch(params)
            loss = _loss(params, data)
        updates, state = optimizer.update(tape.gradient(loss, params), state, params, step)
        return [p + u for p, u in zip(params, updates, strict=True)], state, loss

    @tf.function(jit_compile=True, autograph=False)
    def advance(params, state, data, hyper, step):
        def over_thetas(seed):
            return _map(lambda each: one(each[0], seed[1], each[1], step), (seed[0], hyper))

        return _map(over_thetas, ((params, state), data))

    params = [np.repeat(p[:, None], len(thetas), axis=1) for p in starts]
    state, history = _states(entry, thetas, starts), []
    for step in range(steps):
        params, state, losses = advance(params, state, data, hyper, tf.constant(step))
        history.append([losses, *params])
    return [np.stack([np.asarray(h[i]) for h in history]) for i in range(1 + len(starts))]


def _states(entry, thetas, starts):
    """Initial states, leading axes (problems, θs)."""
    import tensorflow as tf

    def of(theta, s):
        floats = {k: tf.constant(v) if isinstance(v, float) else v for k, v in theta.items()}
        return entry.build(floats).init([tf.constant(p[s]) for p in starts])

    rows = [[of(theta, s) for theta in thetas] for s in range(len(starts[0]))]
    stacked = [tf.nest.map_structure(lambda *leaves: tf.stack(leaves), *row) for row in rows]
    return tf.nest.map_structure(lambda *leaves: tf.stack(leaves), *stacked)


def _map(f, elements):
    import tensorflow as tf

    return tf.vectorized_map(f, elements, fallback_to_while_loop=False)


def _theirs(optimizer, starts, data, steps) -> list[np.ndarray]:
    """The same of one run, without the middle axes, by plain Keras."""
    import keras
    import tensorflow as tf

    variables, history = [keras.Variable(p) for p in starts], []
    for _ in range(steps):
        params = [tf.convert_to_tensor(v) for v in variables]
        with tf.GradientTape() as tape:
            tape.watch(params)
            loss = _loss(params, data)
            scaled = optimizer.scale_loss(loss)
        optimizer.apply_gradients(zip(tape.gradient(scaled, params), variables, strict=True))
        history.append([loss.numpy(), *(v.numpy() for v in variables)])
    return [np.stack([h[i] for h in history]) for i in range(1 + len(starts))]
