"""All estimators on a two-parameter optimizer: finite differences, quadrature, and where truncation is blind."""

import itertools
from dataclasses import dataclass

import numpy as np
import pytest
import tensorflow as tf

import tasks
from bench.engine.keys import keys
from bench.engine.sampling import batches, sample
from bench.metatraining import estimators
from bench.metatraining.goal import Goal
from bench.metatraining.metalosses import meta_loss
from optimizers import Optimizer, learned
from tasks import Task

STEPS = 6
CURVATURE = np.array([1.0, 0.2])
STARTS = np.array([[1.0, -1.0], [0.5, 2.0]])
THETA = {"log_rate": -2.0, "other": 0.0}


@dataclass(frozen=True)
class Bowl(Task):
    """½ Σ c x², without data."""

    def sample(self, key):
        return tf.zeros([2]), ()

    def loss(self, params, data, batch):
        return 0.5 * tf.reduce_sum(tf.constant(CURVATURE, tf.float32) * tf.square(params))


def momentum(lib, theta, velocity, gradient):
    """Learned rate and logit of the decay -> (update, velocity)."""
    rate, decay = lib.exp(theta["log_rate"]), 1.0 / (1.0 + lib.exp(-theta["other"]))
    velocity = decay * velocity - rate * gradient
    return velocity, velocity


def late(lib, theta, velocity, gradient):
    """`other` shows only in the step after: within segments of one step it does nothing."""
    update = -lib.exp(theta["log_rate"]) * velocity
    return update, 0.5 * velocity + lib.exp(theta["other"]) * gradient


class Architecture:
    """A rule of NumPy or TensorFlow as an architecture."""

    def __init__(self, rule):
        self.rule = rule

    def initial(self, seed):
        return {name: np.float32(value) for name, value in THETA.items()}

    def build(self, theta):
        def update(gradients, state, params, step):
            return self.rule(tf, theta, state, gradients)

        return Optimizer(tf.zeros_like, update)


def objective(rule, thetas, length):
    """Mean of f / f₀ over t = 0 … STEPS and problems in float64, each segment with a θ (…,) of its own."""
    shape = np.shape(thetas[0]["log_rate"])
    x = np.broadcast_to(STARTS, (*shape, *STARTS.shape))
    velocity, losses = np.zeros_like(x), []
    for t in range(STEPS + 1):
        losses.append(0.5 * np.sum(CURVATURE * x**2, -1))
        theta = {k: np.asarray(v)[..., None, None] for k, v in thetas[min(t, STEPS - 1) // length].items()}
        update, velocity = rule(np, theta, velocity, CURVATURE * x)
        x = x + update
    return np.mean(np.stack(losses) / losses[0], axis=(0, -1))


def differences(f, h=1e-5):
    """Central differences of f(θ) at THETA: {name: slope}."""
    return {
        name: float(f({**THETA, name: THETA[name] + h}) - f({**THETA, name: THETA[name] - h})) / (2 * h)
        for name in THETA
    }


def smoothed(rule, length, deviation, nodes=5):
    """Gradient of the expected objective under independent N(0, deviation²) on the θ of every segment, by Gauss–Hermite
    quadrature: E[objective · Σ of perturbations] / deviation².
    """
    segments = STEPS // length
    points, weights = np.polynomial.hermite_e.hermegauss(nodes)
    weights = weights / weights.sum()
    grid = np.array(list(itertools.product(range(nodes), repeat=2 * segments)))
    noise, weight = deviation * points[grid], weights[grid].prod(axis=1)
    noise = noise.reshape(-1, segments, 2)
    thetas = [{name: THETA[name] + noise[:, s, i] for i, name in enumerate(THETA)} for s in range(segments)]
    values = objective(rule, thetas, length)
    return {name: float(np.sum(weight * values * noise[:, :, i].sum(1)) / deviation**2) for i, name in enumerate(THETA)}


def compiled(text, rule):
    return estimators.get(text).compile(Goal(Bowl(), Architecture(rule), STEPS, "mean"))


def estimated(text, rule, number=1, program=None):
    """Means over the segments of a run, for each of `number` keys -> losses (number,), {name: gradients (number,)}."""
    program = program or compiled(text, rule)
    theta = {name: tf.constant(value) for name, value in THETA.items()}
    starts, found = tf.constant(STARTS, tf.float32), []
    for i in range(number):
        carry, parts = program.begin(theta, starts, (), None), []
        for k in range(estimators.get(text).segments(STEPS)):
            key = np.array([i, k], "int32")
            estimate, carry = program.segment(theta, carry, (), None, k, key)
            parts.append([estimate.loss, *(estimate.gradients[name] for name in THETA)])
        found.append(np.mean(parts, axis=0))
    losses, *gradients = np.array(found).T
    return losses, dict(zip(THETA, gradients, strict=True))


def same(theta):
    return [theta] * STEPS


@pytest.mark.parametrize("text", ["backprop", f"truncated[length={STEPS}]", "truncated[length=99]"])
def test_backprop_through_the_whole_run_equals_finite_differences(text):
    expected = differences(lambda theta: objective(momentum, same(theta), 1))
    losses, gradients = estimated(text, momentum)
    assert losses[0] == pytest.approx(objective(momentum, same(THETA), 1), rel=1e-6)
    for name, slope in expected.items():
        assert gradients[name][0] == pytest.approx(slope, rel=1e-5)


@pytest.mark.parametrize("length", [2, 4])
def test_truncated_backprop_is_the_gradient_with_what_came_before_held(length):
    """Differences of θ from step `start` on; losses up to there cannot move. 4 does not divide the 6 steps."""
    losses, gradients = estimated(f"truncated[length={length}]", momentum)
    expected = dict.fromkeys(THETA, 0.0)
    for start in range(0, STEPS, length):

        def one(theta, start=start):
            thetas = [THETA] * start + [theta] * length + [THETA] * STEPS
            until = min(start + length, STEPS)
            return curve(momentum, thetas)[start : until + 1].sum() / (STEPS + 1)

        for name, slope in differences(one).items():
            expected[name] += slope
    assert losses[0] == pytest.approx(objective(momentum, same(THETA), 1), rel=1e-6)
    for name, slope in expected.items():
        assert gradients[name][0] == pytest.approx(slope, rel=1e-5)
    whole = differences(lambda theta: objective(momentum, same(theta), 1))
    assert abs(gradients["log_rate"][0] / whole["log_rate"] - 1) > 0.1


def curve(rule, thetas):
    """f / f₀ by step (STEPS + 1,), mean over problems; a θ for every step."""
    x, velocity, losses = STARTS, np.zeros_like(STARTS), []
    for t in range(STEPS + 1):
        losses.append(0.5 * np.sum(CURVATURE * x**2, -1))
        update, velocity = rule(np, thetas[t], velocity, CURVATURE * x)
        x = x + update
    return np.mean(np.stack(losses) / losses[0], axis=1)


@pytest.mark.parametrize(
    ("text", "length"), [("es[deviation=0.1,pairs=500]", STEPS), ("pes[length=2,deviation=0.1,pairs=500]", 2)]
)
def test_es_and_pes_are_unbiased_for_the_smoothed_loss(text, length):
    """The mean of 24 estimates, each of 2 × 500 pairs, within 4 standard errors, these below 4 % of the gradient."""
    losses, gradients = estimated(text, momentum, number=24)
    for name, expected in smoothed(momentum, length, 0.1).items():
        error = gradients[name].std(ddof=1) / np.sqrt(len(losses))
        assert error < 0.04 * abs(expected)
        assert abs(gradients[name].mean() - expected) < 4 * error


def test_truncation_is_blind_to_what_shows_later_and_pes_is_not():
    """Segments of one step, and a parameter that acts on the step after: truncated estimates of it are about 0."""
    expected = smoothed(late, 1, 0.1, nodes=2)
    assert expected["other"] == pytest.approx(-0.19, abs=0.01)
    _, cut = estimated("truncated[length=1]", late)
    assert cut["other"][0] == 0.0
    settings = "[length=1,deviation=0.1,pairs=500]"
    for name, truth in (("truncated-es", 0.0), ("pes", expected["other"])):
        _, found = estimated(name + settings, late, number=16)
        error = found["other"].std(ddof=1) / 4
        assert error < 0.1 * abs(expected["other"])
        assert abs(found["other"].mean() - truth) < 4 * error


@pytest.mark.parametrize("text", ["es", "pes[length=4]"])
def test_draws_follow_the_key_alone(text):
    program = compiled(text, momentum)
    losses, gradients = estimated(text, momentum, 2, program)
    again, repeated = estimated(text, momentum, 2, program)
    assert np.array_equal(losses, again)
    for name, values in gradients.items():
        assert np.array_equal(values, repeated[name])
        assert values[0] != values[1]


@pytest.mark.slow
def test_segments_of_all_estimators_join_to_one_run():
    """A GRU on nested params, data and noise by step; perturbations too small to show. 8 steps in 3, 3 and 2."""
    gru, task = (
        learned.get("gru[units=3]"),
        tasks.get("noisy[task='two-moons-small[hidden=(3,),points=8]',deviation=0.1]"),
    )
    theta = {n: tf.constant(v + 0.05, tf.float32) for n, v in gru.initial(0).items()}
    params, data = sample(task, keys("anything", "metatrain", range(3)))
    seen = batches(task, keys("anything", "batches-metatrain", range(3)), 8)
    curves = {}
    for name in estimators.ESTIMATORS:
        settings = ["length=3"] * (name not in ("backprop", "es"))
        settings += ["deviation=1e-7"] * name.endswith("es")
        estimator = estimators.get(f"{name}[{','.join(settings)}]")
        program = estimator.compile(Goal(task, gru, 8, meta_loss("mixed", 0.3), 0.9, 5.0))
        carry, parts, value = program.begin(theta, params, data, seen), [], 0.0
        for k in range(estimator.segments(8)):
            estimate, carry = program.segment(theta, carry, data, seen, k, np.array([0, k], "int32"))
            assert {n: g.shape for n, g in estimate.gradients.items()} == {n: v.shape for n, v in theta.items()}
            parts.append(estimate.losses[min(k, 1) :])
            value += float(estimate.loss) / estimator.segments(8)
        curves[name] = np.concatenate(parts)
        assert curves[name].shape == (9, 3)
        np.testing.assert_allclose(curves[name], curves["backprop"], rtol=1e-4)
        assert value == pytest.approx(float(meta_loss("mixed", 0.3)(curves["backprop"])), rel=1e-4)
