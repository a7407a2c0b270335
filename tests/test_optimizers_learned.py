"""What every architecture of learned optimizers keeps to."""

import dataclasses
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf

import tasks
from bench.engine.keys import keys
from bench.engine.problems import Problems
from bench.engine.race import race
from bench.engine.sampling import sample
from bench.engine.unroll import advance, begin
from bench.lookup.resolve import named_task
from bench.metatraining.goal import Goal
from bench.metatraining.metagradient import compile_metagradient
from bench.metatraining.metalosses import meta_loss
from bench.probes.dynamics.component import system_of
from bench.probes.dynamics.system import ProbeError
from optimizers import Entry, learned, shipped

SMALL = {
    "gru": "gru[units=3]",
    "lstm": "lstm[units=3]",
    "vanilla": "vanilla[units=3]",
    "ugrnn": "ugrnn[units=3]",
    "l2l": "l2l[units=3]",
    "rnnprop": "rnnprop[units=3]",
    "stride": "stride[units=3,hidden=2]",
    "lds": "lds[units=3]",
    "linear": "linear[memory=4]",
}
VARIANTS = [
    "gru[units=3,input=log_sign,reset=before,draw=normal]",
    "aggmo[decays=complex]",
    "linear[memory=3,past_updates=2]",
    "hyperparameters[optimizer=momentum]",
    "hyperparameters[optimizer=rmsprop]",
    "hyperparameters[optimizer=nesterov]",
]
SLOW = [pytest.param(text, marks=pytest.mark.slow) for text in VARIANTS]
EVERY = [SMALL.get(name, name) for name in learned.ARCHITECTURES] + VARIANTS
COUPLED = ("mlp", "stride[units=3,hidden=2]")
ADAPTIVE = ("hyperparameters", "hyperparameters[optimizer=rmsprop]")
"""Keras's root of a second moment that is 0."""
STEPS = 4
SCALE = {"hyperparameters": 0.02}
"""How far from the untrained weights to look: a unit is ten of the logarithm there."""


def trained(architecture, seed=1):
    """θ as training might leave it: away from its start, where readouts are zero."""
    rng = np.random.default_rng(seed)
    scale = SCALE.get(learned.spell(architecture).split("[")[0], 0.1)
    return {
        name: (value + scale * rng.normal(size=value.shape)).astype("float32")
        for name, value in architecture.initial(0).items()
    }


def nested(dtype, seed=0):
    rng = np.random.default_rng(seed)
    shapes = {"conv": (2, 3, 1, 2), "matrix": (2, 3), "vector": (4,), "scalar": ()}
    return {name: tf.constant(rng.normal(size=shape), dtype) for name, shape in shapes.items()}


@pytest.mark.parametrize("text", EVERY)
def test_weights_are_those_of_the_seed(text):
    architecture = learned.get(text)
    first, again, other = (architecture.initial(seed) for seed in (3, 3, 4))
    assert all(value.dtype == np.float32 for value in first.values())
    assert {k: v.shape for k, v in first.items()} == {k: v.shape for k, v in other.items()}
    for name in first:
        np.testing.assert_array_equal(first[name], again[name])
    assert learned.get(learned.spell(architecture)) == architecture


@pytest.mark.parametrize("text", EVERY)
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_updates_keep_shape_and_dtype_and_are_finite(text, dtype):
    architecture = learned.get(text)
    for theta in (architecture.initial(0), trained(architecture)):
        optimizer, params = architecture.build(theta), nested(dtype)
        state = optimizer.init(params)
        for step in range(3):
            gradients = nested(dtype, seed=step) if step else tf.nest.map_structure(tf.zeros_like, params)
            before = state
            updates, state = optimizer.update(gradients, state, params, tf.constant(step))
            for old, new in zip(tf.nest.flatten(before), tf.nest.flatten(state), strict=True):
                assert (old.shape, old.dtype) == (new.shape, new.dtype)
            for name, update in updates.items():
                assert (update.shape, update.dtype.name) == (params[name].shape, dtype)
                assert np.all(np.abs(update) < 2.0), (name, step)


@pytest.mark.parametrize("text", [text for text in EVERY if text not in ADAPTIVE])
def test_derivatives_are_finite_where_a_gradient_is_zero(text):
    architecture = learned.get(text)
    theta = {name: tf.constant(value) for name, value in trained(architecture).items()}
    g = tf.constant([[0.0, 1.0], [0.0, 0.0]])
    with tf.GradientTape() as tape:
        tape.watch((theta, g))
        optimizer = architecture.build(theta)
        state, total = optimizer.init(g), 0.0
        for step in range(2):
            updates, state = optimizer.update(g, state, g, step)
            total += tf.reduce_sum(updates)
    for slope in tf.nest.flatten(tape.gradient(total, (theta, g))):
        assert slope is None or np.all(np.isfinite(slope))


@pytest.mark.parametrize("text", [*EVERY[: -len(VARIANTS)], *SLOW])
def test_it_races_as_it_runs_alone(text):
    """Five steps of two problems in the engine are those of a plain loop."""
    architecture, task = learned.get(text), tasks.get("rosenbrock")
    theta = trained(architecture)
    entry = Entry("untried", "learned", architecture.build)
    raced = race(entry, [theta], Problems(named_task("rosenbrock"), "report", [0, 1], 5), record="all").runs.losses[0]
    params, data = sample(task, keys("rosenbrock", "report", [0, 1]))
    for i in range(2):
        x, its_data = tf.nest.map_structure(lambda leaf, i=i: leaf[i], (params, data))
        optimizer = architecture.build(theta)
        run, losses = begin(task, optimizer, x, its_data), []
        for t in range(6):
            run, _, loss = advance(task, optimizer, run, its_data, None, tf.constant(t))
            losses.append(float(loss))
        np.testing.assert_allclose(raced[i], losses, rtol=2e-3)
        assert losses[-1] != losses[0]


@pytest.mark.parametrize("text", VARIANTS)
def test_the_metagradient_is_that_of_the_whole_loop(text):
    """One tape around the unroll of two problems, one after the other; finite, and not all zero.

    The architectures as they come are in test_metatraining_metagradient.
    """
    architecture, task = learned.get(text), tasks.get("linear-regression")
    theta = {k: tf.constant(v) for k, v in trained(architecture).items()}
    params, data = sample(task, keys("linear-regression", "metatrain", range(2)))
    with tf.GradientTape() as tape:
        tape.watch(theta)
        curves = []
        for i in range(2):
            x, its_data = tf.nest.map_structure(lambda leaf, i=i: leaf[i], (params, data))
            optimizer = architecture.build(theta)
            run, losses = begin(task, optimizer, x, its_data), []
            for t in range(STEPS + 1):
                run, _, loss = advance(task, optimizer, run, its_data, None, t)
                losses.append(loss)
            curves.append(tf.stack(losses))
        value = meta_loss("mixed")(tf.stack(curves, axis=1))
    expected = tape.gradient(value, theta, unconnected_gradients=tf.UnconnectedGradients.ZERO)
    program = compile_metagradient(Goal(task, architecture, STEPS, "mixed"), jit=False)
    estimate = program(theta, params, data, None)
    np.testing.assert_allclose(estimate.loss, value, rtol=1e-5)
    error = sum(np.sum(np.square(estimate.gradients[k] - expected[k])) for k in theta)
    size = sum(np.sum(np.square(expected[k])) for k in theta)
    assert size > 0
    assert np.sqrt(error / size) < 1e-5


@pytest.mark.parametrize("text", EVERY)
def test_probes_find_its_system_or_say_why_not(text):
    architecture = learned.get(text)
    optimizer = architecture.build(trained(architecture))
    if text in COUPLED:
        with pytest.raises(ProbeError, match="component-wise"):
            system_of(optimizer)
        return
    system = system_of(optimizer)
    gradients = np.array([[0.3], [-2.0]])
    _, updates = system.rollout(system.h0[None], gradients)
    x = tf.zeros([1], tf.float64)
    state = optimizer.init(x)
    for t in range(2):
        moved, state = optimizer.update(tf.constant(gradients[t]), state, x, t)
        np.testing.assert_allclose(np.ravel(updates[t]), moved, rtol=1e-10)


@pytest.mark.parametrize("text", EVERY)
def test_saved_weights_move_alike(text, tmp_path):
    architecture = learned.get(text)
    theta, out = trained(architecture), tmp_path / "kept.npz"
    spelled = learned.spell(architecture)
    shipped.save(out, theta, {"architecture": spelled, "tasks": ["rosenbrock"]})
    entry = shipped.load_entry(out)
    g = tf.constant([0.5, -3.0])
    made = architecture.build(theta), entry.build(entry.defaults)
    first, again = (o.update(g, o.init(g), g, 0)[0].numpy() for o in made)
    np.testing.assert_array_equal(first, again)


def test_the_page_of_architectures_is_current():
    """Counts and settings of every architecture stand in docs/architectures.md."""
    page = (Path(__file__).parents[1] / "docs" / "architectures.md").read_text()
    for name, cls in learned.ARCHITECTURES.items():
        assert described(name, cls()) in page, described(name, cls())


def described(name, architecture):
    """A row of the page's second table: numbers in θ, floats of state of one parameter, settings."""
    theta = architecture.initial(0)
    state = architecture.build(theta).init(tf.zeros([1]))
    floats = sum(int(np.prod(leaf.shape)) for leaf in tf.nest.flatten(state))
    settings = ", ".join(f"`{f.name}={f.default}`" for f in dataclasses.fields(architecture))
    count = sum(value.size for value in theta.values())
    return f"| `{name}` | {count} | {floats} | {settings} |"
