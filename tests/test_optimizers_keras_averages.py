"""What is scored where an optimizer hands over other parameters than it trains."""

import keras
import numpy as np
import pytest
import tensorflow as tf

import optimizers
from bench.checks.bowl import Bowl
from bench.checks.lists import check_optimizer
from bench.checks.optimizer_case import BOWL
from bench.engine.keys import keys
from bench.engine.problems import Problems
from bench.engine.race import race
from bench.engine.sampling import sample
from bench.lookup.resolve import entry as entry_of

STEPS = 7


class AlwaysAveraging(keras.optimizers.SGD):
    def __init__(self, learning_rate=0.05, use_ema=True, ema_momentum=0.8, **kwargs):
        super().__init__(learning_rate, use_ema=use_ema, ema_momentum=ema_momentum, **kwargs)


def raced(source):
    """Losses (seeds, STEPS + 1) of the engine."""
    entry = source if isinstance(source, optimizers.Entry) else entry_of(source)
    thetas = [dict(entry.defaults)]
    return race(entry, thetas, Problems(BOWL, "report", [0, 1, 2], STEPS), record="all").runs.losses[0]


def by_keras(make):
    """The same, each by training with Keras and ending as `fit` does."""
    params, data = sample(BOWL.task, keys(BOWL.name, "report", [0, 1, 2]))
    rows = []
    for seed in range(3):
        held = tf.nest.map_structure(lambda part, seed=seed: part[seed], data)
        rows.append(
            [_ended(make(), tf.nest.map_structure(lambda p, s=seed: p[s], params), held, t) for t in range(STEPS + 1)]
        )
    return np.array(rows)


def _ended(optimizer, params, data, steps):
    variables = [keras.Variable(leaf) for leaf in tf.nest.flatten(params)]
    optimizer.build(variables)
    for _ in range(steps):
        here = tf.nest.pack_sequence_as(params, [tf.convert_to_tensor(v) for v in variables])
        with tf.GradientTape() as tape:
            tape.watch(here)
            loss = optimizer.scale_loss(Bowl.loss(BOWL.task, here, data, None))
        optimizer.apply(tf.nest.flatten(tape.gradient(loss, here)), variables)
    if steps:
        optimizer.finalize_variable_values(variables)
    return BOWL.task.evaluate(
        tf.nest.pack_sequence_as(params, [tf.convert_to_tensor(v) for v in variables]), data
    ).numpy()


AVERAGING = [
    lambda: keras.optimizers.SGD(0.05, use_ema=True, ema_momentum=0.9),
    lambda: keras.optimizers.SGD(0.05, use_ema=True, ema_momentum=0.9, ema_overwrite_frequency=3),
    lambda: keras.optimizers.Adam(0.05, use_ema=True, ema_momentum=0.7),
    AlwaysAveraging,
]


@pytest.mark.parametrize("make", AVERAGING)
def test_the_average_is_scored_as_at_the_end_of_fit(make):
    source = make if isinstance(make, type) else make()
    np.testing.assert_allclose(raced(source), by_keras(make), rtol=1e-5)


def test_an_average_is_not_the_last_iterate():
    averaged, last = (
        raced(keras.optimizers.SGD(0.05, use_ema=True, ema_momentum=0.9)),
        raced(keras.optimizers.SGD(0.05)),
    )
    np.testing.assert_array_equal(averaged[:, 0], last[:, 0])
    assert np.all(np.abs(averaged[:, 2:] / last[:, 2:] - 1) > 1e-3)


def lookahead(theta):
    """Two functions and a third: what is scored is the slow copy."""

    def update(gradients, state, params, step):
        updates = tf.nest.map_structure(lambda g: -theta["learning_rate"] * g, gradients)
        slow = tf.nest.map_structure(lambda s, p, u: s + 0.5 * (p + u - s), state, params, updates)
        return updates, slow

    return optimizers.Optimizer(lambda params: params, update, lambda params, state: state)


def test_a_third_function_says_what_is_scored():
    about = {"defaults": {"learning_rate": 0.05}, "discloses": {"scores": "slow copy"}}
    entry = optimizers.Entry("test-slow", "hand-designed", lookahead, **about)

    def fast(theta):
        return lookahead(theta)._replace(evaluate=None)

    plain = optimizers.Entry("test-fast", "hand-designed", fast, defaults=about["defaults"])
    assert np.all(raced(entry)[:, 2:] > raced(plain)[:, 2:])
    assert all(result.passed for result in check_optimizer(entry)), [r.text for r in check_optimizer(entry)]


def test_what_is_scored_elsewhere_must_be_disclosed():
    entry = optimizers.Entry("test-secret", "hand-designed", lookahead, defaults={"learning_rate": 0.05})
    assert 'discloses={"scores": "averaged weights"}' in check_optimizer(entry)[0].text


def test_what_is_scored_is_disclosed():
    entry = entry_of(keras.optimizers.SGD(0.05, use_ema=True))
    assert entry.discloses["scores"] == "averaged weights"
    assert optimizers.get("momentum[use_ema=True]").discloses["scores"] == "averaged weights"
    assert "scores" not in optimizers.get("momentum").discloses
    assert "scores" not in entry_of(keras.optimizers.SGD(0.05)).discloses


def test_averages_and_trained_weights_in_one_search():
    """Rows of both, each with the bits it has alone, and scores by one definition."""
    space = {"learning_rate": optimizers.LogUniform(0.01, 0.5), "use_ema": optimizers.Choice((True, False))}
    about = {"defaults": {"use_ema": False, "ema_momentum": 0.9, "learning_rate": 0.05}}
    entry = optimizers.register("sometimes-averaging", keras.optimizers.SGD, space=space, **about)
    assert entry.discloses["scores"] == "averaged weights where use_ema is on"
    thetas = [{**entry.defaults, "use_ema": flag} for flag in (True, False)]

    def runs(chosen):
        return race(entry, chosen, Problems(BOWL, "report", [0, 1, 2], STEPS), record="all").runs

    both = runs(thetas)
    for row, theta in enumerate(thetas):
        for many, one in zip(both[1:], runs([theta])[1:], strict=True):
            np.testing.assert_array_equal(many[row], one[0])
    trained, averaged = (
        raced(keras.optimizers.SGD(0.05)),
        raced(keras.optimizers.SGD(0.05, use_ema=True, ema_momentum=0.9)),
    )
    np.testing.assert_allclose(both.losses, [averaged, trained], rtol=1e-6)
    np.testing.assert_allclose(both.mean_loss, np.mean(both.losses / both.losses[..., :1], axis=-1), rtol=1e-6)


def test_a_switch_that_scores_elsewhere_is_disclosed():
    def build(theta):
        evaluate = (lambda params, state: state) if theta["slow"] else None
        return optimizers.Optimizer(lambda params: params, update, evaluate)

    def update(gradients, state, params, step):
        return tf.nest.map_structure(lambda g: -0.1 * g, gradients), state

    silent = optimizers.Entry(
        "silent", "hand-designed", build, {"slow": optimizers.Choice((True, False))}, {"slow": False}
    )
    with pytest.raises(ValueError, match="scores other parameters than it trains at some of its settings only"):
        race(silent, [{"slow": True}, {"slow": False}], Problems(BOWL, "tune", [0], STEPS))


def averages_by_hand(rate, beta, steps):
    """Losses (seeds, steps + 1) of x in: z ← z − γ∇f(y), x ← mean of z, y = (1 − β) z + β x (Defazio et al., 2024)."""
    params, data = sample(BOWL.task, keys(BOWL.name, "report", [0, 1, 2]))
    rows = []
    for seed in range(3):
        held = tf.nest.map_structure(lambda part, seed=seed: part[seed], data)
        start = tf.nest.map_structure(lambda part, seed=seed: part[seed], params)
        like, y = start, [leaf.numpy().astype("float64") for leaf in tf.nest.flatten(start)]
        z, x, losses = y, y, [BOWL.task.evaluate(start, held).numpy()]
        for step in range(1, steps + 1):
            here = tf.nest.pack_sequence_as(like, [tf.constant(leaf, tf.float32) for leaf in y])
            with tf.GradientTape() as tape:
                tape.watch(here)
                loss = BOWL.task.loss(here, held, None)
            gradients = [g.numpy() for g in tf.nest.flatten(tape.gradient(loss, here))]
            z = [a - rate * g for a, g in zip(z, gradients, strict=True)]
            x = [a + (b - a) / step for a, b in zip(x, z, strict=True)]
            y = [(1 - beta) * b + beta * a for a, b in zip(x, z, strict=True)]
            average = tf.nest.pack_sequence_as(like, [tf.constant(leaf, tf.float32) for leaf in x])
            losses.append(BOWL.task.evaluate(average, held).numpy())
        rows.append(losses)
    return np.array(rows)


def test_schedule_free_is_scored_at_the_average_it_hands_over():
    ours = raced("schedule-free-sgd[learning_rate=0.2,momentum=0.7]")
    np.testing.assert_allclose(ours, averages_by_hand(0.2, 0.7, STEPS), rtol=1e-5)
    loaded = optimizers.load("schedule-free-sgd[learning_rate=0.2,momentum=0.7]")
    made = by_keras(lambda: type(loaded).from_config(loaded.get_config()))
    np.testing.assert_allclose(ours, made, rtol=1e-5)


def test_the_parameters_of_keras_schedule_free_adamw_are_the_average_already():
    """On TensorFlow Keras 3.15 reads the new iterate where it means the old one; then y is the plain mean of z."""
    x, optimizer = keras.Variable([1.0, -2.0]), keras.optimizers.ScheduleFreeAdamW(0.3, beta_1=0.6)
    optimizer.build([x])
    iterates = []
    for _ in range(6):
        optimizer.apply([tf.constant([1.0, 3.0]) * x], [x])
        iterates.append(optimizer._momentums[0].numpy())
        np.testing.assert_allclose(x.numpy(), np.mean(iterates, axis=0), rtol=1e-5, atol=1e-6)
    assert "scores" not in optimizers.get("schedule-free-adamw").discloses
