"""The shim against plain Keras: same class, same settings, one problem at a time."""

import keras
import numpy as np
import pytest
import tensorflow as tf

import optimizers
import tasks
from bench.engine.keys import keys
from bench.engine.problems import Problems
from bench.engine.race import race
from bench.engine.sampling import sample
from bench.lookup.resolve import entry as entry_of
from bench.lookup.resolve import named_task
from optimizers.parity import parity
from optimizers.schedules import HORIZON

schedules = keras.optimizers.schedules
LIKEWISE = ("adam-step", "adam-linear", "adam-warmup-cosine")
"""Left to `python -m bench check`, for time: what they are made of is compared below."""
ENTRIES = [
    name for name in optimizers.names() if hasattr(optimizers.get(name).build, "plain") and not name.startswith("test-")
]
VARIANTS = (
    "sgd[global_clipnorm=0.5, weight_decay=0.1]",
    "momentum[use_ema=True, ema_momentum=0.9, ema_overwrite_frequency=2, clipvalue=0.1]",
    "momentum[gradient_accumulation_steps=2, loss_scale_factor=2.0]",
    "muon[weight_decay=None, nesterov=False, ns_steps=3]",
    "schedule-free-adamw[warmup_steps=4.0, clipnorm=1.0]",
)


def stable_thetas(entry):
    """The defaults, and a random θ of the space, at rates that do not diverge: divergence amplifies rounding."""
    rng = np.random.default_rng(7)
    drawn = {key: d.quantile(float(rng.uniform())) for key, d in entry.space.items()}
    rates = {"learning_rate", *(shape.peak for shape in HORIZON.values())} & set(drawn)
    tame = {"horizon": 6.0} if "horizon" in entry.defaults else {}
    return [{**entry.defaults, **tame}, {**entry.defaults, **drawn, **dict.fromkeys(rates, 0.02), **tame}]


@pytest.mark.parametrize("name", [*(n for n in ENTRIES if n not in LIKEWISE), *VARIANTS])
def test_parity(name):
    entry = optimizers.get(name)
    assert parity(entry, stable_thetas(entry)) < 1e-5


def swept(instance, **columns):
    """(entry of `instance`, θs with one value of each column each)."""
    entry = entry_of(instance)
    count = len(next(iter(columns.values())))
    entry = optimizers.register(
        f"test-{type(instance).__name__.lower()}-{'-'.join(columns).replace('_', '.')}",
        instance,
        space={name: optimizers.Uniform(0.0, 1.0) for name in columns},
    )
    return entry, [{**entry.defaults, **{name: v[i] for name, v in columns.items()}} for i in range(count)]


@pytest.mark.parametrize(
    ("schedule", "columns"),
    [
        (
            schedules.ExponentialDecay(0.1, 4, 0.5),
            {"initial_learning_rate": (0.1, 0.05), "decay_rate": (0.5, 0.8), "decay_steps": (4.0, 2.5)},
        ),
        (
            schedules.PiecewiseConstantDecay([2, 4], [0.1, 0.05, 0.01]),
            {"values_1": (0.03, 0.08), "boundaries_0": (2.0, 1.0)},
        ),
        (
            schedules.PolynomialDecay(0.1, 4, power=2.0, cycle=True),
            {"end_learning_rate": (0.01, 0.02), "power": (0.5, 2.0), "decay_steps": (3.0, 2.0)},
        ),
        (schedules.InverseTimeDecay(0.1, 2, 0.5, staircase=True), {"decay_rate": (0.5, 2.0)}),
        (schedules.CosineDecay(0.1, 5, alpha=0.1), {"alpha": (0.0, 0.3)}),
        (
            schedules.CosineDecay(0.01, 4, warmup_target=0.1, warmup_steps=2),
            {"warmup_target": (0.1, 0.2), "warmup_steps": (2.0, 3.0), "initial_learning_rate": (0.0, 0.02)},
        ),
        (schedules.CosineDecayRestarts(0.1, 2.0, m_mul=0.5), {"t_mul": (1.0, 2.0), "m_mul": (0.9, 0.5)}),
    ],
    ids=lambda value: type(value).__name__ if not isinstance(value, dict) else "-".join(value),
)
def test_parity_of_schedules_whose_numbers_are_swept(schedule, columns):
    entry, thetas = swept(keras.optimizers.SGD(schedule), **columns)
    assert parity(entry, thetas) < 1e-5


class Halving(schedules.LearningRateSchedule):
    """A user's own schedule, which branches on a number of its own."""

    def __init__(self, start, sharpness=1.0):
        self._start = start
        self.sharpness = sharpness

    def __call__(self, step):
        decay = 0.5 ** keras.ops.cast(step, "float32")
        return self._start * (decay if self.sharpness > 0.7 else decay**self.sharpness)

    def get_config(self):
        return {"start": self._start, "sharpness": self.sharpness}


class Shrink(keras.optimizers.Optimizer):
    """A user's own class: a setting under another name, `if`s on settings, state from a setting."""

    def __init__(self, learning_rate=0.01, keep=0.9, first=0.5, **kwargs):
        super().__init__(learning_rate=learning_rate, **kwargs)
        self._keep = keep
        self.first = first

    def build(self, variables):
        super().build(variables)
        initializer = keras.initializers.Constant(self.first)
        self.sums = self.add_optimizer_variables(variables, "sum", initializer=initializer)

    def update_step(self, gradient, variable, learning_rate):
        total = self.sums[self._get_variable_index(variable)]
        before = total.value
        self.assign_add(total, keras.ops.square(gradient))
        if self._keep > 0.8 and self.first != 0.25:
            self.assign(variable, self._keep * variable)
        self.assign_sub(variable, learning_rate * gradient / keras.ops.sqrt(1.0 + before))


def test_parity_of_a_users_class_on_both_sides_of_its_ifs():
    entry = optimizers.register("test-shrink", Shrink, space={"keep": optimizers.Uniform(0.1, 1.0)})
    assert set(entry.defaults) == {"learning_rate", "keep", "first", "ema_momentum"}
    choices = [(0.9, 0.5), (0.75, 0.5), (0.9, 0.25), (0.5, 2.0)]
    thetas = [{**entry.defaults, "keep": keep, "first": first} for keep, first in choices]
    assert parity(entry, thetas) < 1e-5


def test_parity_of_a_users_instance_under_a_users_schedule():
    instance = Shrink(Halving(0.1), keep=0.85, weight_decay=0.01, clipnorm=2.0)
    entry = optimizers.register("test-shrink-halving", instance)
    assert entry.defaults["keep"] == 0.85
    assert entry.defaults["start"] == 0.1
    assert "learning_rate" not in entry.defaults
    thetas = [{**entry.defaults, "sharpness": s, "clipnorm": c} for s, c in ((1.0, 2.0), (0.5, 0.7))]
    assert parity(entry, thetas) < 1e-5


def test_momentum_of_nothing_is_gradient_descent():
    momentum, sgd = optimizers.get("momentum"), optimizers.get("sgd")
    rows = [
        race(e, [theta], Problems(named_task("rosenbrock"), "report", [0], 4)).runs.losses
        for e, theta in (
            (momentum, {**momentum.defaults, "learning_rate": 1e-4, "momentum": 0.0}),
            (sgd, {**sgd.defaults, "learning_rate": 1e-4}),
        )
    ]
    np.testing.assert_allclose(*rows, rtol=1e-6)


def test_a_swept_bound_of_zero_diverges_and_does_not_stand_still():
    entry = optimizers.get("momentum-clipnorm")
    thetas = [{**entry.defaults, "clipnorm": bound} for bound in (1.0, 0.0)]
    runs = race(entry, thetas, Problems(named_task("rosenbrock"), "report", [0], 2), record="all").runs
    assert np.isfinite(runs.losses[0]).all()
    assert np.isnan(runs.losses[1, 0, 1:]).all()


def plain_losses(entry, theta, seed, steps):
    """Losses (steps + 1,) on Rosenbrock of the Keras class itself in a Python loop."""
    task = tasks.get("rosenbrock")
    params, data = tf.nest.map_structure(lambda t: t[0], sample(task, keys("rosenbrock", "report", [seed])))
    variable, optimizer, losses = keras.Variable(params), entry.build.plain(theta), []
    for _ in range(steps + 1):
        value = tf.convert_to_tensor(variable)
        with tf.GradientTape() as tape:
            tape.watch(value)
            loss = task.loss(value, data, None)
        losses.append(float(loss))
        optimizer.apply([tape.gradient(loss, value)], [variable])
    return np.array(losses)


@pytest.mark.parametrize(
    ("name", "columns"),
    [
        ("adam", {"learning_rate": (1e-4, 1e-3), "beta_2": (0.9, 0.999)}),
        ("adagrad", {"learning_rate": (1e-3, 1e-2), "initial_accumulator_value": (0.01, 5.0)}),
        ("schedule-free-adamw", {"learning_rate": (1e-3, 1e-2), "beta_1": (0.9, 0.6)}),
    ],
)
def test_the_engine_runs_the_same_trajectory(name, columns):
    entry = optimizers.get(name)
    thetas = [{**entry.defaults, **{k: v[i] for k, v in columns.items()}} for i in range(2)]
    raced = race(entry, thetas, Problems(named_task("rosenbrock"), "report", [0, 1], 6), record="all")
    for i, theta in enumerate(thetas):
        for seed in (0, 1):
            expected = plain_losses(entry, theta, seed, 6)
            np.testing.assert_allclose(raced.runs.losses[i, seed], expected, rtol=1e-5)
