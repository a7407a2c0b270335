"""Closed forms recover planted optimizers with random constants, and race like their teachers."""

import json
import math
import re
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf
from click.testing import CliRunner

import bench
import optimizers
from bench.commands.distill import command
from bench.lookup import resolve
from bench.probes.controls import planted
from bench.probes.dynamics.component import system_of
from bench.probes.dynamics.system import System
from bench.studies.distillation import formula, measure
from bench.studies.distillation.fit import Material, agreement, predict, schedule
from bench.studies.distillation.ladder import ladder
from bench.studies.distillation.plan import conditions
from bench.studies.distillation.reverse import borrower
from bench.studies.distillation.scores import compete
from bench.studies.distillation.starts import Starts, exponentials
from optimizers import Entry, OptimizerError, learned, shipped
from optimizers.learned.borrowed import PLAIN, Borrowed
from optimizers.learned.closed_form import ClosedForm

RNG = np.random.default_rng(411)
RATE, BETA = RNG.uniform(0.01, 0.1), RNG.uniform(0.6, 0.95)
BOUND, EXTRA, TIME = RNG.uniform(0.2, 0.5), RNG.uniform(1.0, 4.0), RNG.uniform(8.0, 30.0)


def heavy_ball(h, g, t):
    v = BETA * h - RATE * g[:, None]
    return v, v[:, 0]


def clipped_and_scheduled(h, g, t):
    v = BETA * h - RATE * g[:, None]
    return v, (1 + EXTRA * np.exp(-t / TIME)) * BOUND * np.tanh(v[:, 0] / BOUND)


def rmsprop(h, g, t):
    v = 0.9 * h + 0.1 * g[:, None] ** 2
    return v, -0.01 * g / (np.sqrt(v[:, 0]) + 1e-3)


def sgd(h, g, t):
    return h, -RATE * g


def material(system, seed):
    """Gradients (150, 48) that shrink as in a run, of unequal size."""
    rng = np.random.default_rng(seed)
    fading = np.exp(-np.arange(150) / 60)[:, None] * np.exp(rng.normal(size=(1, 48)))
    gradients = fading * rng.normal(size=(150, 48))
    return Material(gradients, system.rollout(np.zeros((48, 1)), gradients)[1])


@pytest.fixture(scope="module")
def climbed():
    found = {}

    def climb(function):
        if function not in found:
            system = System(function, np.zeros(1))
            fitted, held_out = material(system, 1), material(system, 2)
            found[function] = ladder(fitted, held_out, Starts.of(system, fitted, 150))
        return found[function]

    return climb


def test_the_model_that_is_fitted_is_the_optimizer_that_runs():
    theta = {n: v + 0.3 * RNG.normal() for n, v in ClosedForm(2).off().items()} | {"log_bound": 0.2}
    system = system_of(ClosedForm(2).build(theta))
    gradients = RNG.normal(size=(30, 3)) * np.array([0.1, 1, 30])
    updates = system.rollout(np.tile(system.h0, (3, 1)), gradients)[1]
    np.testing.assert_allclose(predict(theta, 2, gradients)[:, 0], updates, rtol=1e-9, atol=1e-14)


def test_switched_off_it_is_gradient_descent():
    gradients = RNG.normal(size=(5, 2))
    moved = predict(ClosedForm(2).off(), 2, gradients)[:, 0]
    np.testing.assert_allclose(moved, -gradients, rtol=1e-12)


def test_momentum_is_recovered_by_the_linear_rung(climbed):
    modes, rungs = climbed(heavy_ball)
    found = formula.constants(rungs[0].theta)
    assert modes == 1
    assert found["alpha_1"] == pytest.approx(RATE, rel=0.01)
    assert found["beta_1"] == pytest.approx(BETA, rel=0.01)
    assert abs(found["alpha_0"]) < 0.01 * RATE
    assert rungs[0].agreement["r2"] > 0.9999


@pytest.mark.slow
def test_momentum_with_clip_and_schedule_is_recovered(climbed):
    modes, rungs = climbed(clipped_and_scheduled)
    found = formula.constants(rungs[2].theta)
    assert modes == 1
    expected = {"alpha_1": RATE, "beta_1": BETA, "bound": BOUND, "early_1": EXTRA, "time_1": TIME}
    assert {name: found[name] for name in expected} == pytest.approx(expected, rel=0.01)
    assert rungs[2].agreement["r2"] > 0.9999
    r2 = [rung.agreement["r2"] for rung in rungs]
    assert r2[0] < r2[1] < r2[2] - 0.01


def test_gradient_descent_has_no_modes(climbed):
    modes, rungs = climbed(sgd)
    assert modes == 0
    assert formula.constants(rungs[0].theta)["alpha_0"] == pytest.approx(RATE, rel=1e-4)
    assert formula.text(rungs[0].theta) == f"dx = −({RATE:.4g}·g)"


def test_only_adaptation_explains_rmsprop(climbed):
    _, rungs = climbed(rmsprop)
    assert rungs[2].agreement["r2"] < 0.98
    assert rungs[3].agreement["r2"] > 0.995
    assert formula.constants(rungs[3].theta)["adaptation"] == pytest.approx(1, abs=0.1)


def test_agreement_counts_every_step_the_same():
    updates = np.array([[1.0, -1.0]] * 20 + [[1e-3, 1e-3]] * 20)
    theta = ClosedForm(0).off()
    early_only = Material(-np.where(np.abs(updates) > 0.1, updates, 0.0), updates)
    found = agreement(theta, 0, early_only)
    assert found["early"] == pytest.approx(1.0)
    assert found["late"] == pytest.approx(0.0)
    assert found["unweighted"] == pytest.approx(1 - 1e-6, abs=1e-9)


def test_a_schedule_is_read_off_rates():
    k = np.arange(201)
    found = exponentials(0.3 * (1 - 0.8 * np.exp(-k / 6) + 2.0 * np.exp(-k / 25)))
    assert found["early_1"] == pytest.approx(-0.8, abs=0.01)
    assert found["early_2"] == pytest.approx(2.0, abs=0.02)
    assert exponentials(np.zeros(5)) is None
    assert schedule({n: np.array(v) for n, v in found.items()}, 0) == pytest.approx(2.2, abs=0.02)


def test_formula_leaves_out_what_is_switched_off_and_closes_its_braces():
    theta = ClosedForm(1).off() | {"weight_1": 2.0, "direct": 0.0, "early_1": 0.5}
    beta = 1 / (1 + math.exp(-2))
    shown = formula.text(theta)
    assert f"m1 ← {beta:.4g}·m1 + {2 * (1 - beta):.4g}·g" in shown
    assert "exp(−k/4.482)" in shown
    assert "tanh" not in shown
    full = theta | {"compression": 0.5, "log_bound": 0.0, "adaptation": 0.7, "hold": 0.2}
    written = formula.latex(full)
    assert written.count("{") == written.count("}")
    assert all(term in written for term in (r"\tanh", r"\exp", r"\sigma", r"\Delta x", "m_{1}"))


@pytest.mark.parametrize("base", ["momentum", "adam"])
def test_with_nothing_borrowed_it_is_the_kerass_base(base):
    theta = dict(Borrowed(base).initial(0)) | {"learning_rate": 0.1}
    mine = Borrowed(base).build(theta)
    theirs = optimizers.get(base).build({**optimizers.get(base).defaults, "learning_rate": 0.1})
    params = tf.constant([0.5, -2.0])
    states = [one.init(params) for one in (mine, theirs)]
    for step in range(4):
        g = tf.constant(RNG.normal(size=2), tf.float32)
        moves = []
        for i, one in enumerate((mine, theirs)):
            move, states[i] = one.update(g, states[i], params, tf.constant(step))
            moves.append(move.numpy())
        np.testing.assert_allclose(moves[0], moves[1], rtol=1e-5, atol=3e-7)


def test_borrowed_schedule_and_clip_do_what_they_say():
    constants = {"early_1": 2.0, "log_time_1": math.log(10.0), "log_knee": math.log(0.5)}
    entry = borrower("momentum", constants)
    theta = {**entry.defaults, "learning_rate": 0.1, "momentum": 0.0}
    optimizer = entry.build(theta)
    params = tf.constant([1.0])
    g = tf.constant([0.8])
    for step in (0, 10):
        expected = -0.1 * (1 + 2 * math.exp(-step / 10)) * 0.5 * math.tanh(1.6)
        moved = optimizer.update(g, optimizer.init(params), params, tf.constant(step))[0]
        assert float(moved[0]) == pytest.approx(expected, rel=1e-5)
    assert set(entry.space) == {"learning_rate", "momentum"}
    assert set(PLAIN) < set(entry.defaults)


def test_settings_that_make_no_sense_are_refused():
    for text in ("closed-form[modes=-1]", "borrowed[base=lion]"):
        with pytest.raises(OptimizerError):
            learned.get(text)


def test_the_recovered_form_races_as_its_teacher(climbed):
    modes, rungs = climbed(clipped_and_scheduled)

    def rule(g, v, step):
        v = BETA * v - RATE * g
        rate = 1 + EXTRA * tf.exp(-tf.cast(step, g.dtype) / TIME)
        return rate * BOUND * tf.tanh(v / BOUND), v

    teacher = Entry("planted", "hand-designed", lambda theta: planted.optimizer(tf.zeros_like, rule))
    student = Entry("closed-form", "learned", ClosedForm(modes).build)
    place = conditions(resolve.named_task("linear-regression"), 40)[0]
    thetas = [rung.theta for rung in rungs]
    scores = compete(place, (teacher, {}), student, thetas, 64)
    assert scores[0].ratio["value"] == 1
    assert scores[3].ratio["value"] == pytest.approx(1, abs=0.01)
    assert scores[3].difference["value"] == pytest.approx(0, abs=0.02)
    assert not 0.99 < scores[1].ratio["value"] < 1.01


def test_out_of_distribution_places():
    found = conditions(resolve.named_task("linear-regression"), 200)
    assert [place.name for place in found] == ["in distribution", "horizon ×5", "loss ×10", "dimension 20"]
    assert [place.steps for place in found] == [200, 1000, 200, 200]
    assert found[3].subject.task.dimension == 20
    assert [place.name for place in conditions(resolve.named_task("rosenbrock"), 9)][-1] == "loss ×10"


def test_the_command_distils_momentum_and_keeps_loadable_weights(tmp_path, monkeypatch):
    monkeypatch.setattr(measure, "conditions", lambda *about: conditions(*about)[:2])
    out = tmp_path / "student.npz"
    options = "--task linear-regression --steps 40 --problems 32 --trials 4 --refine 1 --format json"
    shown = CliRunner().invoke(command, ["momentum", *options.split(), "--out", str(out)], catch_exceptions=False)
    found = json.loads(shown.stdout)
    rung = found["rungs"][0]
    assert rung["values"]["beta_1"] == pytest.approx(0.9, rel=0.01)
    assert rung["values"]["alpha_1"] == pytest.approx(0.01, rel=0.01)
    assert rung["races"]["in distribution"]["ratio"]["value"] == pytest.approx(1, abs=0.01)
    assert set(rung["races"]) == {"in distribution", "horizon ×5"}
    assert [r["name"] for r in found["rungs"]][-1] == "refined"
    assert {v["given"] for v in found["reverse"]} == {"nothing"}
    frame = bench.evaluate("linear-regression", str(out), seeds=2, steps=3)
    assert np.isfinite(frame["loss"]).all()
    assert shipped.load_entry(out.with_name("student-refined.npz")).discloses["trained_on"] == ["linear-regression"]


def test_what_is_not_component_wise_is_refused():
    from bench.errors import UserError
    from bench.studies.distillation.ladder import distill

    with pytest.raises(UserError, match="cannot be distilled"):
        distill(resolve.named_task("rosenbrock"), resolve.entry("lamb"), dict(resolve.entry("lamb").defaults))


def test_the_example_of_the_page_prints_what_it_says(capsys):
    page = (Path(__file__).parents[1] / "docs" / "distillation.md").read_text()
    code, said = re.search(r"```python\n(.*?)```\n\nprints\n\n```text\n(.*?)\n```", page, re.DOTALL).groups()
    exec(code, {})
    assert capsys.readouterr().out.split("\n")[:-1] == said.split("\n")
