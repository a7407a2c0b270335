"""Spaces with None, whole numbers, booleans, strings and choices that exclude each other: what won is reported."""

import itertools

import keras
import numpy as np
import pytest

import bench
import optimizers.registry
from bench.checks import check
from bench.engine.problems import Problems
from bench.engine.race import race
from bench.lookup.resolve import named_task
from bench.records.record import Budget
from bench.records.store import Store
from bench.running.cell import evaluate_cell
from bench.running.tuning import draw_trials
from bench.suites.jobs import job
from optimizers import Choice, Entry, Integer, LogUniform, Optimizer, Uniform, register
from tasks import tf

RATE = {"learning_rate": LogUniform(1e-4, 1.0)}
TINY = Budget(steps=5, seeds=2, trials=4, tuning_seeds=2, finalists=0)


@pytest.fixture(autouse=True)
def _own_registry(monkeypatch):
    monkeypatch.setattr(optimizers.registry, "_registry", dict(optimizers.registry._registry))


def kept(entry, tmp_path, task="rosenbrock", budget=TINY):
    """The record of a cell, written and read back."""
    record = evaluate_cell(job("cell", task, entry, budget))
    assert record.status == "ok", record.error
    store = Store(tmp_path)
    store.write(record)
    return store.read(record.cell.id)


def build_repeats(theta):
    def update(gradients, state, params, step):
        move = gradients
        for _ in range(theta["repeats"]):
            move = tf.nest.map_structure(lambda m, g: 0.5 * m + g, move, gradients)
        return tf.nest.map_structure(lambda m: -theta["learning_rate"] * m, move), state

    return Optimizer(lambda params: (), update)


def build_by_rule(theta):
    rule = {"sign": tf.sign, "plain": lambda g: g}[theta["rule"]]

    def update(gradients, state, params, step):
        return tf.nest.map_structure(lambda g: -theta["learning_rate"] * rule(g), gradients), state

    return Optimizer(lambda params: (), update)


OWN = {
    "repeats": Entry(
        "repeats",
        "hand-designed",
        build_repeats,
        {**RATE, "repeats": Choice((1, 2, 3))},
        dict(learning_rate=0.1, repeats=1),
    ),
    "repeats-only": Entry(
        "repeats-only", "hand-designed", build_repeats, {"repeats": Integer(1, 3)}, dict(learning_rate=1e-4, repeats=1)
    ),
    "by-rule": Entry(
        "by-rule",
        "hand-designed",
        build_by_rule,
        {**RATE, "rule": Choice(("sign", "plain"))},
        dict(learning_rate=0.01, rule="sign"),
    ),
    "numpy": Entry(
        "numpy",
        "hand-designed",
        build_repeats,
        {"repeats": Choice(np.arange(1, 3))},
        dict(learning_rate=1e-4, repeats=1),
    ),
}
KERAS = {
    "muon-steps": (keras.optimizers.Muon, {**RATE, "ns_steps": Choice((1, 3, 5))}, {}),
    "muon-log": (keras.optimizers.Muon, {"ns_steps": Integer(1, 8, log=True)}, {}),
    "adam-ams": (keras.optimizers.Adam, {**RATE, "amsgrad": Choice((True, False))}, {}),
    "adam-clip": (keras.optimizers.Adam, {**RATE, "clipnorm": Choice((None, 0.1, 10.0))}, {"clipnorm": None}),
    "adam-both": (
        keras.optimizers.Adam,
        {**RATE, "clipnorm": Choice((None, 1.0)), "global_clipnorm": Choice((None, 1.0))},
        {"clipnorm": None, "global_clipnorm": None},
    ),
    "sgd-nesterov": (
        keras.optimizers.SGD,
        {**RATE, "momentum": Uniform(0.0, 0.99), "nesterov": Choice((True, False))},
        {},
    ),
    "adam-accumulate": (
        keras.optimizers.Adam,
        {**RATE, "gradient_accumulation_steps": Choice((None, 2, 4))},
        {"gradient_accumulation_steps": None},
    ),
}


def entry_of(name):
    if name in OWN:
        return OWN[name]
    source, space, defaults = KERAS[name]
    return register(f"test-{name}", source, space=space, defaults=defaults)


SLOW = ("adam-accumulate", "adam-ams", "adam-clip", "muon-log", "muon-steps", "repeats")


@pytest.mark.parametrize("name", [pytest.param(n, marks=[pytest.mark.slow] * (n in SLOW)) for n in (*OWN, *KERAS)])
def test_what_won_is_what_is_reported(name, tmp_path):
    entry = entry_of(name)
    record = kept(entry, tmp_path)
    drawn = draw_trials(entry, TINY.trials)
    for setting in entry.space:
        values = [theta[setting] for theta in drawn]
        assert [repr(value) for value in record.trials[setting]] == [repr(value) for value in values]
        assert all(isinstance(value, (bool, int, float, str, type(None))) for value in values)
    for theta in (theta for tuned_for, theta in record.thetas.items() if tuned_for != "default"):
        assert repr(dict(sorted(theta.items()))) in [repr(dict(sorted(d.items()))) for d in drawn]
    best = int(np.argmin(record.trials["mean_loss"]))
    assert record.thetas["mean_loss"] == drawn[best]


@pytest.mark.parametrize(
    "name", ["repeats", "by-rule", *(pytest.param(n, marks=pytest.mark.slow) for n in ("adam-clip", "adam-both"))]
)
def test_they_pass_their_check(name):
    failed = [result for result in check(entry_of(name)) if not result.passed]
    assert not failed, failed


def test_none_wins(tmp_path):
    """The only other choice is a bound so small that nothing moves."""
    space = {"learning_rate": LogUniform(1e-4, 2e-4), "clipnorm": Choice((None, 1e-9))}
    entry = register("test-none-wins", keras.optimizers.SGD, space=space, defaults={"clipnorm": None})
    record = kept(entry, tmp_path)
    assert record.thetas["mean_loss"]["clipnorm"] is None
    assert np.isfinite(record.runs["mean_loss"].losses).all()
    same = bench.evaluate(
        "rosenbrock", "sgd", {"learning_rate": record.thetas["mean_loss"]["learning_rate"]}, seeds=2, steps=5
    )
    np.testing.assert_allclose(record.runs["mean_loss"].losses.ravel(), same["loss"], rtol=1e-5)


def test_choices_that_exclude_each_other_score_worst(capsys):
    entry = entry_of("adam-both")
    tuned = bench.tune("rosenbrock", entry, trials=8, seeds=2, steps=5)
    both = tuned.trials["clipnorm"].notna() & tuned.trials["global_clipnorm"].notna()
    assert 0 < both.sum() < 8
    assert tuned.trials["mean_loss"][both].min() > tuned.trials["mean_loss"][~both].max()
    said = capsys.readouterr().err
    assert f"{both.sum()} of its trials are refused and count as diverged: Adam refuses" in said
    with pytest.raises(optimizers.OptimizerError, match="Only one of"):
        bench.evaluate("rosenbrock", entry, {"clipnorm": 1.0, "global_clipnorm": 1.0}, seeds=1, steps=2)


def test_three_choices_that_exclude_each_other_are_a_cell(tmp_path):
    """The first trial is refused, and ties with the others by the metrics that nobody gains by."""
    bounds = ("clipnorm", "clipvalue", "global_clipnorm")
    space = {name: Choice((None, 1.0)) for name in bounds}
    entry = register("test-three", keras.optimizers.SGD, space=space, defaults=dict.fromkeys(bounds))
    record = kept(entry, tmp_path)
    assert sum(record.trials[name][0] is not None for name in bounds) > 1
    for theta in record.thetas.values():
        assert sum(theta[name] is not None for name in bounds) <= 1


def test_spaces_that_nothing_can_be_drawn_from_are_refused():
    for wrong in ({"sign", "plain"}, "sign", 3):
        with pytest.raises(ValueError, match="Choice needs a tuple of options, in their order, not"):
            Choice(wrong)
    with pytest.raises(ValueError, match="Uniform needs numbers low < high, not '0', '1'"):
        Uniform("0", "1")
    with pytest.raises(ValueError, match="LogUniform needs 0 < low < high, not '1', 2"):
        LogUniform("1", 2)
    for space in ([0.1, 1.0], Uniform, 0.5):
        with pytest.raises(optimizers.OptimizerError, match=r"space of 'rate' is .*; give LogUniform"):
            register(Entry("test-odd", "hand-designed", build_by_rule, {"rate": space}, {"rate": 0.1}))
    with pytest.raises(optimizers.OptimizerError, match="has a setting called 1; settings have names"):
        register(Entry("test-odd", "hand-designed", build_by_rule, {}, {1: 0.1}))
    assert Integer(np.int64(1), np.int64(3)) == Integer(1, 3)


def test_a_number_that_must_be_whole_is_refused_with_the_remedy():
    entry = register("test-log-steps", keras.optimizers.Muon, space={"ns_steps": LogUniform(1, 8)})
    with pytest.raises(optimizers.OptimizerError, match=r"or sweep it as Integer\(low, high\)"):
        bench.tune("two-moons-small", entry, trials=2, seeds=1, steps=2)


def test_integers():
    drawn = [Integer(2, 5).quantile(u) for u in np.linspace(0, 1, 401)]
    assert {type(value) for value in drawn} == {int}
    assert np.bincount(drawn)[2:].tolist() == pytest.approx([100] * 4, abs=1)
    logs = [Integer(1, 64, log=True).quantile(u) for u in np.linspace(0, 1, 401)]
    assert (min(logs), max(logs)) == (1, 64)
    assert sorted(logs)[200] == 6
    for wrong in ((3, 3), (1.0, 2), (False, 2)):
        with pytest.raises(ValueError, match="Integer needs whole numbers low < high"):
            Integer(*wrong)
    with pytest.raises(ValueError, match="1 ≤ low < high"):
        Integer(0, 3, log=True)
    with pytest.raises(ValueError, match=r"name what else there is by strings"):
        Choice(((0.9, 0.99), (0.8, 0.9)))


def combinations(entry):
    """θs with every combination of the booleans of an entry's defaults and of its space's options."""
    options = {name: (True, False) for name, value in entry.defaults.items() if isinstance(value, bool)}
    options |= {name: d.options for name, d in entry.space.items() if isinstance(d, Choice)}
    return [
        {**entry.defaults, **dict(zip(options, chosen, strict=True))} for chosen in itertools.product(*options.values())
    ]


SWITCHED = [name for name in optimizers.names() if len(combinations(optimizers.get(name))) > 1]


@pytest.mark.parametrize("name", SWITCHED)
def test_every_switch_combination_of_a_shipped_entry_is_raced(name):
    entry = optimizers.get(name)
    thetas = combinations(entry)
    raced = race(entry, thetas, Problems(named_task("rosenbrock"), "report", [0], 3))
    assert raced.runs.losses.shape == (len(thetas), 1, 4)
    assert np.isfinite(raced.runs.losses[..., :2]).all()
