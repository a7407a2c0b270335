"""Oracles on quadratics against closed forms in NumPy, mapped and compiled as in the engine."""

from functools import partial

import numpy as np
import pytest
import tensorflow as tf

import optimizers

STEPS = 8
SEEDS, COPIES = 3, 2
_map = partial(tf.vectorized_map, fallback_to_while_loop=False)


@pytest.fixture(scope="module")
def problems():
    """Float64 Hessians (S, 6, 6) of condition 100, minimizers (S, 6), starts (S, 6)."""
    rng = np.random.default_rng(3)
    turns = np.linalg.qr(rng.normal(size=(SEEDS, 6, 6)))[0]
    hessians = turns * np.geomspace(0.02, 2.0, 6) @ turns.transpose(0, 2, 1)
    return hessians, rng.normal(size=(SEEDS, 6)), rng.normal(size=(SEEDS, 6))


def iterates(name, problems, steps=STEPS):
    """Parameters (steps + 1, S, copies, 6) of the oracle; a nested structure of a (2, 2) and a (2,) leaf inside."""
    entry = optimizers.get(name)

    def flat(params):
        places = tf.eye(6)  # not tf.concat, whose second derivative XLA writes so that pfor cannot map it
        rows = tf.reshape(params["matrix"], [1, 4]) @ places[:4] + params["vector"][None] @ places[4:]
        return rows[0]

    def bound(data):
        hessian, minimizer = data

        def loss(params):
            offset = flat(params) - minimizer
            return 0.5 * tf.reduce_sum(tf.matmul(offset[None], hessian)[0] * offset)

        return entry.build({}, loss), loss

    def one_init(params, data):
        return bound(data)[0].init(params)

    def one_step(params, state, data, step):
        optimizer, loss = bound(data)
        with tf.GradientTape() as tape:
            tape.watch(params)
            value = loss(params)
        updates, state = optimizer.update(tape.gradient(value, params), state, params, step)
        return tf.nest.map_structure(tf.add, params, updates), state

    @tf.function(jit_compile=True, autograph=False)
    def program(params, data):
        state = _map(lambda seed: _map(lambda p: one_init(p, seed[1]), seed[0]), (params, data))

        def body(t, params, state, kept):
            kept = kept.write(t, tf.concat([tf.reshape(params["matrix"], [SEEDS, COPIES, 4]), params["vector"]], -1))
            params, state = _map(
                lambda seed: _map(lambda run: one_step(*run, seed[2], t), (seed[0], seed[1])), (params, state, data)
            )
            return t + 1, params, state, kept

        kept = tf.TensorArray(tf.float32, steps + 1, element_shape=[SEEDS, COPIES, 6])
        loop = (0, params, state, kept)
        count = steps + 1
        return tf.while_loop(lambda t, *_: t < count, body, loop, maximum_iterations=count)[3].stack()

    hessians, minimizers, starts = (tf.constant(part, tf.float32) for part in problems)
    starts = tf.repeat(starts[:, None], COPIES, axis=1)
    start = {"matrix": tf.reshape(starts[..., :4], [SEEDS, COPIES, 2, 2]), "vector": starts[..., 4:]}
    return program(start, (hessians, minimizers)).numpy()


def expected_linear(problems, rate, momentum):
    """Iterates of x ← x − α g + β (x − x_before), float64."""
    hessians, minimizers, x = problems
    before, path = x, [x]
    for _ in range(STEPS):
        gradient = np.einsum("sij,sj->si", hessians, x - minimizers)
        x, before = x - rate * gradient + momentum * (x - before), x
        path.append(x)
    return np.stack(path)[:, :, None]


def test_fixed_step_is_two_over_the_sum_of_the_extreme_eigenvalues(problems):
    path = iterates("oracle-fixed-step", problems)
    expected = expected_linear(problems, 2 / (0.02 + 2.0), 0.0)
    np.testing.assert_allclose(path, np.broadcast_to(expected, path.shape), atol=1e-4)


def test_heavy_ball_has_polyaks_constants(problems):
    low, high = np.sqrt(0.02), np.sqrt(2.0)
    path = iterates("oracle-heavy-ball", problems)
    momentum = ((high - low) / (high + low)) ** 2
    expected = expected_linear(problems, 4 / (high + low) ** 2, momentum)
    np.testing.assert_allclose(path, np.broadcast_to(expected, path.shape), atol=1e-4)


def test_conjugate_gradient_goes_the_textbook_way_and_arrives(problems):
    path = iterates("oracle-conjugate-gradient", problems)
    hessians, minimizers, starts = problems
    for s in range(SEEDS):
        x = starts[s]
        residual = direction = -hessians[s] @ (x - minimizers[s])
        for t in range(1, 4):
            alpha = residual @ residual / (direction @ hessians[s] @ direction)
            x = x + alpha * direction
            new = residual - alpha * hessians[s] @ direction
            direction = new + (new @ new) / (residual @ residual) * direction
            residual = new
            np.testing.assert_allclose(path[t, s], [x, x], atol=1e-4)
        # n = 6 steps in exact arithmetic; float32 needs two more (NumPy in float32 just so)
        np.testing.assert_allclose(path[8, s], [minimizers[s]] * 2, atol=1e-3)
    assert np.isfinite(path).all()


def test_newton_is_there_after_one_step_and_stays(problems):
    path = iterates("oracle-newton", problems, steps=3)
    target = np.broadcast_to(problems[1][:, None], path.shape[1:])
    np.testing.assert_allclose(path[1], target, atol=1e-4)
    np.testing.assert_allclose(path[3], target, atol=1e-5)


def test_oracles_are_never_ranked_entries_and_say_what_they_need():
    oracles = [optimizers.get(n) for n in optimizers.names() if optimizers.get(n).kind == "oracle"]
    assert len(oracles) == 4
    for entry in oracles:
        assert entry.informed
        assert entry.needs == ("quadratic", "convex")
        assert entry.space == {}
        assert entry.reference
    assert not any(optimizers.get(n).informed for n in optimizers.names() if optimizers.get(n).kind != "oracle")
