"""The system of one parameter: packing, derivatives, and what is refused."""

import numpy as np
import pytest
import small_gru
import tensorflow as tf

import optimizers
from bench.probes.controls import planted
from bench.probes.controls.networks import untrained_gru
from bench.probes.dynamics.component import pack, system_of
from bench.probes.dynamics.subject import Subject, Visited
from bench.probes.dynamics.system import ProbeError, System
from optimizers import Optimizer


def test_a_step_is_the_optimizers_own():
    theta = small_gru.weights(5, seed=1)
    system = system_of(small_gru.gru(theta))
    rng = np.random.default_rng(2)
    h, g = rng.standard_normal((7, 5)), rng.standard_normal(7)
    after, dx = system.step(h, g, 3)
    expected = small_gru.cell({k: tf.constant(v) for k, v in theta.items()}, g, tf.constant(h))
    np.testing.assert_allclose(after, expected, rtol=1e-12)
    np.testing.assert_allclose(dx, expected.numpy() @ theta["w"], rtol=1e-12)


def test_jacobians_agree_with_autodiff():
    theta = small_gru.weights(6, seed=3)
    system = system_of(small_gru.gru(theta))
    rng = np.random.default_rng(4)
    h, g = tf.constant(rng.standard_normal((1, 6))), tf.constant(rng.standard_normal(1))
    with tf.GradientTape(persistent=True) as tape:
        tape.watch([h, g])
        after = small_gru.cell({k: tf.constant(v) for k, v in theta.items()}, g, h)[0]
    J, B = tape.jacobian(after, h)[:, 0].numpy(), tape.jacobian(after, g)[:, 0].numpy()
    measured = system.jacobian(h.numpy()[0], g.numpy()[0], 0)
    np.testing.assert_allclose(measured.J, J, atol=1e-9)
    np.testing.assert_allclose(measured.B, B, atol=1e-9)
    np.testing.assert_allclose(measured.C, J.T @ theta["w"], atol=1e-9)
    np.testing.assert_allclose(measured.D, B @ theta["w"], atol=1e-9)


def test_jacobian_shapes_follow_the_states():
    system = system_of(planted.adam())
    one = system.jacobian(np.ones(2), 0.5, 10)
    many = system.jacobian(np.ones((3, 2)), np.full(3, 0.5), 10)
    assert [part.shape for part in one] == [(2, 2), (2,), (2,), ()]
    assert [part.shape for part in many] == [(3, 2, 2), (3, 2), (3, 2), (3,)]
    np.testing.assert_allclose(many.J[1], np.diag([0.9, 0.999]), atol=1e-9)


def test_one_side_serves_where_the_other_is_no_number():
    def function(h, g, t):
        return np.sqrt(h) ** 2 * 0.5 + g[:, None], -h[:, 0]

    slopes = System(function, np.zeros(1)).jacobian(np.zeros(1), 0.0, 0)
    assert pytest.approx(0.5) == slopes.J
    assert pytest.approx(1.0) == slopes.B


@pytest.mark.parametrize("build", [planted.adam, planted.aggmo, planted.sgd, planted.cosine])
def test_a_rollout_is_repeated_steps(build):
    system = system_of(build())
    gradients = np.random.default_rng(5).standard_normal((9, 4))
    start = np.tile(system.h0, (4, 1))
    states, updates = system.rollout(start, gradients, t=2)
    plain = System(system.function, system.h0).rollout(start, gradients, t=2)
    np.testing.assert_allclose(states, plain[0])
    np.testing.assert_allclose(updates, plain[1])
    assert updates.shape == (9, 4)


@pytest.mark.parametrize("steps", [7, 1500])
def test_held_states_are_those_of_as_many_steps(steps):
    """1500: the part that XLA compiles; one row never comes to rest, so nothing ends early."""
    gradients = np.array([0.0, 2.0, -3.0])
    for build in (planted.counter(), small_gru.gru(small_gru.weights(4, seed=1))):
        system = system_of(build)
        start = np.tile(system.h0, (3, 1))
        wanted = system.relax(start, gradients, 3, steps)
        np.testing.assert_allclose(system.hold(start, gradients, 3, steps), wanted, rtol=1e-9, atol=1e-12)


def test_holding_ends_where_nothing_moves():
    taken = []

    def function(h, g, t):
        taken.append(t)
        return 0.5 * h + g[:, None], g

    held = System(function, np.zeros(1)).hold(np.zeros((2, 1)), np.array([1.0, -2.0]), 0, 10_000)
    np.testing.assert_allclose(held, [[2.0], [-4.0]])
    assert len(taken) < 60


def test_a_network_is_held_as_it_steps():
    system = untrained_gru(3, 8)
    start, gradients = np.tile(system.h0, (3, 1)), np.array([0.0, 0.1, -5.0])
    wanted = system.relax(start, gradients, 0, 300)
    np.testing.assert_allclose(system.hold(start, gradients, 0, 300), wanted, rtol=1e-9, atol=1e-12)


def test_states_are_packed_in_the_order_of_nests():
    state = {"b": np.ones((3, 1, 2)), "a": np.zeros((3, 1)), "count": np.zeros(3, np.int32)}
    packed = pack(state, axes=1)
    np.testing.assert_array_equal(packed, [[0, 1, 1]] * 3)
    assert pack((), axes=0).shape == (0,)


def _counting(change):
    def init(params):
        return tf.zeros_like(params), tf.zeros((), tf.int64)

    def update(gradients, state, params, step):
        v, count = state
        v = 0.9 * v - 0.1 * gradients / tf.cast(count + 1, v.dtype)
        return v, (v, change(count))

    return Optimizer(init, update)


def test_a_counter_in_the_state_follows_the_step():
    system = system_of(_counting(lambda count: count + 1))
    assert system.h0.shape == (1,)
    assert system.step(np.zeros((1, 1)), 1.0, 3)[1] == pytest.approx(-0.025)


def _normalized(params, g):
    return -g / (1e-3 + tf.sqrt(tf.reduce_mean(g**2)))


def _anchored():
    def update(gradients, state, params, step):
        return 0.1 * (state - params) - gradients, state

    return Optimizer(lambda params: tf.identity(params), update)


REFUSED = {
    "clipped together": (planted.clip_by_global_norm(), "not component-wise"),
    "normalized together": (
        Optimizer(lambda p: (), lambda g, h, p, step: (_normalized(p, g), h)),
        "not component-wise",
    ),
    "anchored": (_anchored(), "value of the parameter"),
    "integers": (_counting(lambda count: 2 * count + 1), "do not just count"),
    "half precision": (
        planted.optimizer(lambda x: tf.zeros(x.shape, tf.float16), lambda g, h, step: (-g, h)),
        "float16 state",
    ),
    "raises": (Optimizer(lambda p: (), lambda g, h, p, step: g["weights"]), "does not run"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_refusals_say_why(name):
    optimizer, reason = REFUSED[name]
    with pytest.raises(ProbeError, match=reason):
        system_of(optimizer)


def _single(rate):
    """Heavy ball whose state is float32, whatever the parameters are."""

    def update(gradients, v, params, step):
        v = 0.9 * v - tf.constant(rate) * tf.cast(gradients, tf.float32)
        return tf.cast(v, gradients.dtype), v

    return Optimizer(lambda params: tf.zeros(params.shape), update)


def test_optimizers_that_insist_on_float32_are_retyped():
    jacobian = system_of(_single(0.3)).jacobian(np.zeros(1), 0.0, 0)
    assert jacobian.J[0, 0] == pytest.approx(0.9, rel=1e-9)
    assert pytest.approx(-0.3, rel=1e-9) == jacobian.D


def test_registered_optimizers_that_name_float32_are_read_in_float64():
    system = system_of(_registered("aggmo"))
    decays = sorted(np.diag(system.jacobian(np.zeros(3), 0.0, 0).J))
    assert decays == [pytest.approx(d, rel=1e-9, abs=1e-9) for d in (0.0, 0.9, 0.99)]
    assert system_of(_registered("adagrad")).h0 == pytest.approx([0.1], rel=1e-12)
    clipped = system_of(_registered("momentum-clipvalue"))
    assert clipped.step(np.zeros((2, 1)), [1e3, 1e6], 0)[1].std() == 0


@pytest.mark.parametrize(
    ("name", "reason"),
    [("schedule-free-sgd", "value of the parameter"), ("muon", "not component-wise"), ("lamb", "not component-wise")],
)
def test_registered_optimizers_that_have_no_system_say_why(name, reason):
    with pytest.raises(ProbeError, match=reason):
        system_of(_registered(name))


def _registered(name):
    entry = optimizers.get(name)
    return entry.build(dict(entry.defaults))


def test_weight_decay_is_no_reason_to_refuse():
    decaying = Optimizer(lambda p: (), lambda g, h, p, step: (-0.1 * g - 0.01 * p, h))
    assert pytest.approx(-0.1) == system_of(decaying).jacobian(np.zeros(0), 0.0, 0).D


def test_visited_material_is_checked():
    system = system_of(planted.heavy_ball())
    with pytest.raises(ProbeError, match="finite and different from zero"):
        Subject.of(system, Visited(np.array([0.0, np.nan]), None, 10))
    with pytest.raises(ProbeError, match=r"expected \(M, 1\)"):
        Subject.of(system, Visited(np.ones(4), np.ones((4, 2)), 10))
    subject = Subject.of(system, Visited(np.array([1.0, np.inf, 2.0]), np.full((2, 1), np.nan), 10))
    assert subject.largest == 2.0
    assert subject.states.tolist() == [[0.0]]
