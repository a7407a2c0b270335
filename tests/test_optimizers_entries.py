"""The table of entries, and the trajectories of some against optax and against NumPy."""

import subprocess
import sys

import keras
import numpy as np
import optax
import pytest
import tensorflow as tf

import optimizers

HESSIAN = np.diag([1.0, 4.0, 0.3]).astype("float32")
START = np.array([1.0, -2.0, 0.5], "float32")
STEPS = 20
SHIPPED = [name for name in optimizers.names() if not name.startswith("test-")]


def trajectory(name, **theta):
    """Parameters (STEPS + 1, 3) on ½ xᵀHx, eagerly."""
    entry = optimizers.get(name)
    optimizer, params, path = entry.build({**entry.defaults, **theta}), tf.constant(START), [START]
    state = optimizer.init(params)
    for step in range(STEPS):
        gradients = tf.linalg.matvec(HESSIAN, params)
        updates, state = optimizer.update(gradients, state, params, tf.constant(step))
        params = params + updates
        path.append(params.numpy())
    return np.stack(path)


@pytest.mark.parametrize(
    ("name", "theta", "rule"),
    [
        ("nesterov", {"learning_rate": 0.05, "momentum": 0.8}, optax.sgd(0.05, momentum=0.8, nesterov=True)),
        (
            "adam",
            {"learning_rate": 0.05, "beta_1": 0.8, "beta_2": 0.95, "epsilon": 1e-10},
            optax.adam(0.05, b1=0.8, b2=0.95, eps=1e-10),
        ),
        (
            "rmsprop",
            {"learning_rate": 0.02, "rho": 0.8, "epsilon": 1e-7},
            optax.rmsprop(0.02, decay=0.8, eps=1e-7, eps_in_sqrt=True),
        ),
    ],
)
def test_optax_goes_the_same_way(name, theta, rule):
    params, path = START, [START]
    state = rule.init(params)
    for _ in range(STEPS):
        updates, state = rule.update(HESSIAN @ params, state, params)
        params = np.asarray(optax.apply_updates(params, updates))
        path.append(params)
    difference = np.abs(trajectory(name, **theta) - np.stack(path)).max()
    assert difference <= 1e-5 * np.abs(START).max()


def test_aggmo_averages_velocities_of_several_memories():
    x, velocities, path = START.astype(float), np.zeros((3, 3)), [START]
    for _ in range(STEPS):
        velocities = np.array([[0.0], [0.8], [0.96]]) * velocities - HESSIAN @ x
        x = x + 0.06 * velocities.mean(axis=0)
        path.append(x)
    ours = trajectory("aggmo", learning_rate=0.06, damping=0.2)
    np.testing.assert_allclose(ours, path, atol=1e-5)
    momentum = trajectory("aggmo[velocities=1]", learning_rate=0.06)
    np.testing.assert_allclose(momentum, trajectory("sgd", learning_rate=0.06), atol=1e-5)


def test_schedule_free_takes_gradients_between_iterate_and_average():
    z, iterates, path = START.astype(float), [], [START]
    for _ in range(STEPS):
        z = z - 0.3 * HESSIAN @ path[-1]
        iterates.append(z)
        path.append(0.4 * z + 0.6 * np.mean(iterates, axis=0))
    ours = trajectory("schedule-free-sgd", learning_rate=0.3, momentum=0.6)
    np.testing.assert_allclose(ours, path, atol=1e-5)


def test_sign_descent_steps_by_the_rate_in_every_direction():
    path = trajectory("sign-descent", learning_rate=0.25)
    np.testing.assert_allclose(path[1], START - [0.25, -0.25, 0.25])
    np.testing.assert_allclose(path[8], [0.0, 0.0, 0.0], atol=1e-6)


def test_every_optimizer_class_of_keras_has_an_entry():
    classes = {
        name
        for name, thing in vars(keras.optimizers).items()
        if isinstance(thing, type) and issubclass(thing, keras.optimizers.Optimizer)
    }
    builds = (optimizers.get(name).build for name in SHIPPED)
    sources = {build.source for build in builds if hasattr(build, "plain")}
    assert classes - {"Optimizer", "LossScaleOptimizer", "MultiOptimizer"} <= sources


def test_every_entry_says_where_it_comes_from_and_tunes_what_it_has():
    for name in SHIPPED:
        entry = optimizers.get(name)
        assert entry.reference, name
        assert set(entry.space) <= set(entry.defaults), name
        if entry.kind == "hand-designed":
            assert entry.reference[-4:].isdigit(), name
            assert entry.space, name
            assert ("horizon" in entry.defaults) == entry.discloses.get("knows_horizon", False), name


def test_the_published_entries_are_unchanged():
    """Their numbers stand in results/reference; another space or default is another entry."""
    assert optimizers.names()[:8] == ["sgd", "momentum", "nesterov", "rmsprop", "adam", "adamw", "nadam", "lion"]
    adam = optimizers.get("adam")
    assert adam.version == 1
    assert repr(adam.build) == "KerasBuild(source='Adam', fixed=())"
    assert dict(adam.defaults) == {"learning_rate": 1e-3, "beta_1": 0.9, "beta_2": 0.999, "epsilon": 1e-7}
    assert adam.space["learning_rate"] == optimizers.LogUniform(1e-5, 30.0)
    assert adam.space["beta_2"] == optimizers.LogUniform(3e-4, 0.5, complement=True)


def test_listing_the_entries_loads_neither_tensorflow_nor_keras():
    code = (
        "import sys, optimizers; optimizers.get('adam[beta_1=0.8]'); "
        "assert not {'tensorflow', 'keras', 'bench', 'tasks'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_schedules_are_laid_out_along_the_horizon():
    steps = np.arange(11)
    shapes = {
        "step": np.where(steps < 4, 1.0, np.where(steps < 8, 0.1, 0.01)),
        "cosine": 0.5 * (1 + np.cos(np.pi * steps / 10)),
        "linear": 1 - steps / 10,
        "warmup-cosine": np.where(steps < 5, steps / 5, 0.5 * (1 + np.cos(np.pi * (steps - 5) / 5))),
    }
    for name, expected in shapes.items():
        entry = optimizers.register(f"test-sgd-{name}", "SGD", schedule=name, defaults={"learning_rate": 2.0})
        assert entry.discloses == {"knows_horizon": True}
        changes = {"warmup_fraction": 0.5} if name == "warmup-cosine" else {}
        theta = {**entry.defaults, "horizon": 10.0, **changes}
        optimizer = entry.build({k: tf.constant(v) for k, v in theta.items()})
        rates = [
            -optimizer.update(tf.ones([1]), optimizer.init(START[:1]), tf.ones([1]), t)[0].numpy()[0] for t in steps
        ]
        np.testing.assert_allclose(rates, 2.0 * expected, atol=1e-5)
    adam = optimizers.get("adam-warmup-cosine")
    assert adam.defaults["warmup_target"] == 1e-3
    assert adam.defaults["initial_learning_rate"] == 0.0
    assert adam.defaults["beta_1"] == 0.9
    assert "learning_rate" not in adam.defaults
    with pytest.raises(optimizers.OptimizerError, match="its settings are: "):
        optimizers.get("adam-cosine[decay_steps=10.0]")
