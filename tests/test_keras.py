"""The shim against plain Keras: same class, same settings, one problem at a time."""

import keras
import numpy as np
import pytest
import tensorflow as tf

import optimizers
import tasks
from bench.engine import race
from bench.keys import keys
from bench.names import named_task
from bench.sampling import sample
from optimizers.keras import KerasBuild

STEPS = 6
ENTRIES = [
    name for name in optimizers.names() if isinstance(optimizers.get(name).build, KerasBuild)
]
TASKS = ("rosenbrock", "linear-regression", "two-moons-small")


def plain_keras(entry, theta, task_name, seed):
    """Losses (STEPS + 1,) of the Keras class itself in a Python loop."""
    task = tasks.get(task_name)
    params, data = tf.nest.map_structure(
        lambda t: t[0], sample(task, keys(task_name, "report", [seed]))
    )
    variables = [keras.Variable(leaf) for leaf in tf.nest.flatten(params)]
    source = entry.build.source
    optimizer = (getattr(keras.optimizers, source) if isinstance(source, str) else source)(**theta)
    losses = []
    for _ in range(STEPS + 1):
        values = tf.nest.pack_sequence_as(params, [tf.convert_to_tensor(v) for v in variables])
        with tf.GradientTape() as tape:
            tape.watch(values)
            loss = task.loss(values, data, None)
        losses.append(float(loss))
        optimizer.apply(tf.nest.flatten(tape.gradient(loss, values)), variables)
    return np.array(losses)


RATES = {
    "rosenbrock": (1e-5, 1e-4),
    "linear-regression": (1e-3, 0.5),
    "two-moons-small": (1e-3, 0.03),
}


def stable_thetas(entry, task, number):
    """The defaults and random θ of the space, at rates that do not diverge: divergence amplifies rounding."""
    rng = np.random.default_rng(7)
    drawn = [
        {k: d.quantile(float(rng.uniform())) for k, d in entry.space.items()} for _ in range(number)
    ]
    rates = np.geomspace(*RATES[task], number + 1)
    return [
        {**entry.defaults, **theta, "learning_rate": float(rate)}
        for theta, rate in zip([{}, *drawn], rates, strict=True)
    ]


@pytest.mark.parametrize("task", TASKS)
@pytest.mark.parametrize("name", ENTRIES)
def test_parity(name, task):
    entry = optimizers.get(name)
    thetas = stable_thetas(entry, task, 5)
    raced = race(
        named_task(task), entry, thetas, purpose="report", seeds=[0, 1], steps=STEPS, record="all"
    )
    for i, theta in enumerate(thetas):
        for seed in (0, 1):
            expected = plain_keras(entry, theta, task, seed)
            np.testing.assert_allclose(raced.runs.losses[i, seed], expected, rtol=1e-5)


def test_a_users_subclass_and_instance():
    class SignDescent(keras.optimizers.Optimizer):
        def __init__(self, learning_rate=0.01, shrink=0.9, **kwargs):
            super().__init__(learning_rate=learning_rate, **kwargs)
            self.shrink = shrink

        def update_step(self, gradient, variable, learning_rate):
            self.assign(variable, self.shrink * variable - learning_rate * keras.ops.sign(gradient))

    entry = optimizers.register(
        "test-sign", SignDescent, space={"shrink": optimizers.Uniform(0.5, 1.0)}
    )
    thetas = [{**entry.defaults, "learning_rate": rate, "shrink": 0.95} for rate in (0.1, 0.01)]
    raced = race(
        named_task("rosenbrock"), entry, thetas, purpose="report", seeds=[0], steps=1, record="all"
    )
    start = sample(tasks.get("rosenbrock"), keys("rosenbrock", "report", [0]))[0][0].numpy()
    x, y = start
    sign = np.sign([-2 * (1 - x) - 400 * x * (y - x * x), 200 * (y - x * x)])
    for row, rate in zip(raced.runs.losses[:, 0, 1], (0.1, 0.01), strict=True):
        a, b = 0.95 * start - rate * sign
        np.testing.assert_allclose(row, (1 - a) ** 2 + 100 * (b - a * a) ** 2, rtol=1e-5)
    instance = optimizers.register(
        "test-nesterov", keras.optimizers.SGD(0.003, momentum=0.8, nesterov=True)
    )
    named = {**optimizers.get("nesterov").defaults, "learning_rate": 0.003, "momentum": 0.8}
    ours, theirs = (
        race(named_task("rosenbrock"), e, [t], purpose="report", seeds=[0], steps=5).runs.losses
        for e, t in ((instance, dict(instance.defaults)), (optimizers.get("nesterov"), named))
    )
    np.testing.assert_allclose(ours, theirs, rtol=1e-6)


def test_mistakes():
    with pytest.raises(optimizers.OptimizerError, match=r"not a keras\.optimizers\.Optimizer"):
        optimizers.register("bad", int)
    with pytest.raises(optimizers.OptimizerError, match="cannot sweep speed"):
        optimizers.register("bad", keras.optimizers.Adam, space={"speed": optimizers.Uniform(0, 1)})
    with pytest.raises(optimizers.OptimizerError, match="unknown optimizer 'adm'"):
        optimizers.get("adm")
    with pytest.raises(optimizers.OptimizerError, match="its settings are: learning_rate"):
        optimizers.get("adam[beta=1]")


def test_variants_fix_what_they_name():
    entry = optimizers.get("adam[beta_1=0.8]")
    assert entry.defaults["beta_1"] == 0.8
    assert "beta_1" not in entry.space
    assert entry.name == "adam[beta_1=0.8]"
