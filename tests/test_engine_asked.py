"""Updates that ask for the loss: what they are handed, what it costs, and what is refused, by values done by hand."""

from dataclasses import dataclass

import numpy as np
import pytest
import tensorflow as tf

import optimizers
from bench.checks.lists import check_optimizer
from bench.engine.problems import Problems
from bench.engine.race import race
from bench.errors import UserError
from bench.lookup.identity import optimizer_definition
from bench.lookup.resolve import named_task
from bench.probes.run import probe
from optimizers import Asks, Entry, Optimizer
from tasks import Task


@dataclass(frozen=True)
class Line(Task):
    """f = ½ c x² from x = start: the gradient is c x, the floor 0."""

    curvature: float = 1.0
    start: float = 4.0
    alone: bool = False
    tile = (4, 4)
    floor = 0.0
    tags = ("quadratic", "convex")

    def sample(self, key):
        return tf.constant([self.start]), ()

    def loss(self, params, data, batch):
        return 0.5 * self.curvature * tf.reduce_sum(tf.square(params))


@dataclass(frozen=True)
class Shifting(Line):
    """½ (x − b)² with b = 1, 2, 3, … by step; scored at b = 0."""

    def batches(self, key, steps):
        return tf.range(1.0, steps + 1.0)

    def loss(self, params, data, batch):
        return 0.5 * tf.reduce_sum(tf.square(params - (0.0 if batch is None else batch)))


def entry(update, asks=None, kind="hand-designed", init=lambda params: (), name="asking", **about):
    return Entry(name, kind, lambda theta: Optimizer(init, update), asks=asks, **about)


def raced(task, subject, steps, seeds=(0,)):
    """Losses (K,) at every gradient evaluation."""
    runs = race(subject, [dict(subject.defaults)], Problems(named_task(task), "report", seeds, steps), record="all")
    return runs.runs.losses[0, 0]


def squared(nest):
    return tf.add_n([tf.reduce_sum(tf.square(leaf)) for leaf in tf.nest.flatten(nest)])


def moved(factor, nest):
    return tf.nest.map_structure(lambda leaf: factor * leaf, nest)


def polyak(gradients, state, params, step, seen):
    """x ← x − (f − f*) / |g|² g: halves x on a parabola."""
    rate = (seen.loss - seen.floor) / tf.maximum(squared(gradients), 1e-30)
    return moved(-rate, gradients), state


def armijo(tries, first=1.0):
    """The first of the rates `first`, `first` / 2, … that lowers the loss by a half of rate × |g|²; 0 if none does."""

    def update(gradients, state, params, step, seen):
        slope, rate, chosen = squared(gradients), first, tf.constant(0.0)
        for _ in range(tries):
            there = tf.nest.map_structure(lambda p, g, r=rate: p - r * g, params, gradients)
            enough = seen.loss_at(there) <= seen.loss - 0.5 * rate * slope
            chosen = tf.where((chosen == 0.0) & enough, rate, chosen)
            rate /= 2
        return moved(-chosen, gradients), chosen

    return update


def plateau(gradients, state, params, step, seen):
    """Rate 0.5 halves at the second step in a row without a better loss."""
    best, bad, rate = state
    bad = tf.where(seen.loss < best, 0, bad + 1)
    rate = tf.where(bad == 2, rate / 2, rate)
    state = tf.minimum(best, seen.loss), tf.where(bad == 2, 0, bad), rate
    return moved(-rate, gradients), state


def rested(params):
    return tf.constant(np.inf, tf.float32), tf.constant(0), tf.constant(0.5)


@pytest.mark.parametrize("alone", [False, True])
def test_polyaks_step_halves_the_distance_on_a_parabola(alone):
    subject = entry(polyak, Asks(floor=True), "oracle")
    for curvature in (1.0, 10.0):
        got = raced(Line(curvature, alone=alone), subject, 6)
        np.testing.assert_allclose(got, 0.5 * curvature * (4.0 / 2.0 ** np.arange(7)) ** 2, rtol=1e-6)


@pytest.mark.parametrize("alone", [False, True])
def test_armijos_rule_takes_the_rate_done_by_hand_and_pays_for_each_try(alone):
    # on ½ c x²: f(x − r c x) ≤ f − ½ r c² x² holds from r c ≤ 1; with c = 10 the fourth try after 1 is 1/16
    subject = entry(armijo(6), Asks(losses=6), init=lambda params: tf.constant(0.0))
    got = raced(Line(10.0, alone=alone), subject, 9)
    x = [4.0, 4.0 * (1 - 10 / 16), 4.0 * (1 - 10 / 16) ** 2, 4.0 * (1 - 10 / 16) ** 3]
    paid = [0, 0, 0, 1, 1, 1, 2, 2, 2, 3]  # an update is 1 + 6/3 gradient evaluations
    np.testing.assert_allclose(got, 5 * np.square([x[u] for u in paid]), rtol=1e-5)


def test_a_plateau_halves_the_rate_when_planned():
    """½ 4 x²: at rate 0.5 x turns to −x, so the loss stays; after two such steps the rate is 0.25 and x is 0."""
    subject = entry(plateau, Asks(), init=rested)
    np.testing.assert_allclose(raced(Line(4.0), subject, 4), [32.0, 32.0, 32.0, 0.0, 0.0], atol=1e-6)


def test_a_gradient_elsewhere_costs_a_gradient():
    def ahead(gradients, state, params, step, seen):
        value, there = seen.gradient_at(params - 0.5 * gradients)
        return -0.5 * there + 0.0 * value, state

    got = raced(Line(), entry(ahead, Asks(gradients=1)), 5)  # x ← x − ½ ½ x = ¾ x
    np.testing.assert_allclose(got, 0.5 * np.square(4.0 * 0.75 ** np.array([0, 0, 1, 1, 2, 2])), rtol=1e-6)


def test_the_search_sees_the_batch_of_the_gradient():
    subject = entry(armijo(3), Asks(losses=3), init=lambda params: tf.constant(0.0))
    # rate 1 reaches b on ½ (x − b)² in one step, for b = 1, 2; a step costs 2
    np.testing.assert_allclose(raced(Shifting(), subject, 5), [8.0, 8.0, 0.5, 0.5, 2.0, 2.0], rtol=1e-6)


def test_runs_side_by_side_are_those_alone():
    subject = entry(armijo(4, 0.5), Asks(losses=4), init=lambda params: tf.constant(0.0))
    for task in ("linear-regression", "two-moons-small"):
        many = race(subject, [{}], Problems(named_task(task), "report", [0, 1, 2], 21)).runs.losses
        one = race(subject, [{}], Problems(named_task(task), "report", [2], 21)).runs.losses
        np.testing.assert_array_equal(many[0, 2], one[0, 0])
        assert many[0, 2, -1] < many[0, 2, 0]


def test_asking_for_nothing_moves_no_bit_and_the_loss_of_the_step_costs_nothing():
    plain = entry(lambda g, state, params, step: (-0.1 * g, state))
    told = entry(lambda g, state, params, step, seen: (-0.1 * g, state), Asks())
    paying = entry(lambda g, state, params, step, seen: (-0.1 * g, state), Asks(losses=3))
    losses = raced(Line(), plain, 8)
    np.testing.assert_array_equal(losses, raced(Line(), told, 8))
    np.testing.assert_array_equal(losses[[0, 0, 1, 1, 2, 2, 3, 3, 4]], raced(Line(), paying, 8))


@pytest.mark.slow
def test_the_contract_check_takes_them():
    rate = {"space": {"learning_rate": optimizers.LogUniform(1e-2, 1.0)}, "defaults": {"learning_rate": 0.5}}

    def build(theta):
        return Optimizer(lambda params: tf.constant(0.0), armijo(4, theta["learning_rate"]))

    for subject in (
        Entry("searching", "hand-designed", build, asks=Asks(losses=4), **rate),
        entry(polyak, Asks(floor=True), "oracle"),
        entry(plateau, Asks(), init=rested),
    ):
        assert [result.text for result in check_optimizer(subject) if not result.passed] == []


def in_a_loop(gradients, state, params, step, seen):
    best = tf.while_loop(lambda i, _: i < 3, lambda i, _: (i + 1, seen.loss_at(params)), (0, seen.loss))[1]
    return 0.0 * best * gradients, state


def in_a_branch(gradients, state, params, step, seen):
    best = tf.cond(seen.loss > 0, lambda: seen.loss_at(params), lambda: seen.loss)
    return 0.0 * best * gradients, state


def in_a_map(gradients, state, params, step, seen):
    losses = tf.vectorized_map(lambda r: seen.loss_at(params - r * gradients), tf.constant([0.1, 0.2, 0.3]))
    return 0.0 * losses[0] * gradients, state


def in_a_function(gradients, state, params, step, seen):
    return 0.0 * tf.function(seen.loss_at, autograph=False)(params) * gradients, state


def many_at_once(gradients, state, params, step, seen):
    return 0.0 * seen.loss_at(tf.stack([params, params])) * gradients, state


def differentiated(gradients, state, params, step, seen):
    with tf.GradientTape() as tape:
        tape.watch(params)
        there = seen.loss_at(0.9 * params)
    return -tape.gradient(there, params), state


def twice(gradients, state, params, step, seen):
    return 0.0 * (seen.loss_at(params) + seen.loss_at(params)) * gradients, state


kept = []


def later(gradients, state, params, step, seen):
    kept.append(seen.loss_at)
    return 0.0 * (kept[0](params) + seen.loss_at(params)) * gradients, state


@pytest.mark.parametrize(
    ("update", "said"),
    [
        (in_a_loop, "calls cannot be counted"),
        (in_a_branch, "calls cannot be counted"),
        (in_a_map, "calls cannot be counted"),
        (in_a_function, "calls cannot be counted"),
        (many_at_once, "one point at a time"),
        (differentiated, r"asks=Asks\(gradients=1\)"),
        (twice, r"loss_at more often than its entry declares, 1 times; raise it, asks=Asks\(losses=2\)"),
    ],
)
def test_no_evaluation_goes_uncounted(update, said):
    for task in ("rosenbrock", Line(alone=True)):
        with pytest.raises(UserError, match=said):
            race(entry(update, Asks(losses=1)), [{}], Problems(named_task(task), "report", [0], 9))


def test_what_is_handed_is_of_use_in_its_own_update_only():
    kept.clear()
    with pytest.raises(UserError, match="when its update is over"):
        raced(Line(), entry(later, Asks(losses=2)), 9)


def five(gradients, state, params, step, value):
    return gradients, state


def test_what_is_not_handed_is_told():
    with pytest.raises(UserError, match=r"handed loss, loss_at\(params\).* not value"):
        raced(Line(), entry(lambda g, state, params, step, seen: (seen.value * g, state), Asks()), 3)
    with pytest.raises(UserError, match=r"None is used as a tensor.*Asks\(floor=True\)"):
        raced(Line(), entry(lambda g, state, params, step, seen: ((seen.loss - seen.floor) * g, state), Asks()), 3)


def test_wrong_forms_are_refused_with_the_remedy():
    with pytest.raises(UserError, match=r"update takes other arguments.*asks=Asks\(losses=12\)"):
        raced(Line(), entry(five), 3)
    with pytest.raises(UserError, match="its update takes no fifth argument"):
        raced(Line(), entry(lambda g, state, params, step: (g, state), Asks()), 3)
    with pytest.raises(UserError, match=r"build takes two arguments; give it θ alone.*asks=Asks"):
        raced(Line(), Entry("two", "hand-designed", lambda theta, loss: Optimizer(lambda p: (), five)), 3)
    with pytest.raises(optimizers.OptimizerError, match=r"informed is for kind 'oracle'.*asks=Asks\(losses=12\)"):
        Entry("informed", "hand-designed", lambda theta, loss: None, informed=True)
    with pytest.raises(optimizers.OptimizerError, match="the floor is for kind 'oracle'"):
        entry(polyak, Asks(floor=True))
    for wrong in (True, 3, {"losses": 3}, "loss"):
        with pytest.raises(optimizers.OptimizerError, match=r"give Asks\(losses=…, gradients=…\)"):
            entry(five, wrong)
    for counts in ({"losses": -1}, {"losses": 1.5}, {"gradients": True}, {"losses": "3"}):
        with pytest.raises(optimizers.OptimizerError, match="a whole number of at least 0"):
            Asks(**counts)
    with pytest.raises(UserError, match=r"cannot make one update of 4 gradient evaluations.*at least 5 steps"):
        raced(Line(), entry(armijo(12), Asks(losses=12), init=lambda params: tf.constant(0.0)), 4)


def test_a_budget_of_steps_is_never_exceeded():
    for asks in (Asks(), Asks(losses=1), Asks(losses=7, gradients=2), Asks(gradients=1)):
        for steps in range(1, 60):
            updates = asks.updates(steps)
            assert updates * asks.parts <= steps * 3 < (updates + 1) * asks.parts
            assert asks.updates(asks.steps(steps)) == steps


def test_probes_ablations_and_keras_refuse_in_one_line():
    from bench.studies.ablation import entries
    from bench.studies.ablation.naming import parse
    from bench.studies.distillation.ladder import replayed
    from optimizers.keras_optimizer import as_keras

    subject = optimizers.register(entry(plateau, Asks(), init=rested, name="plateau-of-tests"))
    with pytest.raises(UserError, match="knows the loss and is no system of gradients"):
        probe(named_task("rosenbrock"), subject, {})
    with pytest.raises(optimizers.OptimizerError, match="Keras hands to no optimizer"):
        as_keras(subject, {})
    with pytest.raises(optimizers.OptimizerError, match="handed the loss itself"):
        entries.entry(subject, parse("ablated[optimizer=plateau-of-tests,without=momentum]")[1])
    with pytest.raises(optimizers.OptimizerError, match="handed the loss itself"):
        entries.build(subject, {}, 10)
    with pytest.raises(UserError, match="cannot be distilled: it is handed the loss itself"):
        replayed(named_task("rosenbrock"), subject, {}, 10)


def test_a_record_tells_what_is_asked_for_and_its_price_apart():
    free, paid = (entry(five, asks) for asks in (Asks(), Asks(losses=12)))
    assert len({optimizer_definition(entry(five)), optimizer_definition(free), optimizer_definition(paid)}) == 3
    assert paid.discloses == {"sees_step_loss": True, "losses_per_update": 12}
    floored = entry(polyak, Asks(floor=True), "oracle")
    assert optimizer_definition(floored, Line()).endswith("floor 0.0") != (
        "floor" in optimizer_definition(paid, Line())
    )
