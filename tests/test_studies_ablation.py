"""Ablations: planted systems lose exactly what they were given, nulls lose nothing, and readings say so."""

import functools
import json
import math

import numpy as np
import pytest
import samples
import small_gru
import tensorflow as tf
from click.testing import CliRunner

import bench
import optimizers
from bench.commands.ablate import command as ablate
from bench.lookup import identity, resolve
from bench.probes.controls import planted
from bench.records.store import Store
from bench.studies.ablation import analyze, entries, plan, report
from bench.studies.ablation import measure as studies
from bench.studies.ablation.measure import Outcome, Study
from bench.studies.ablation.naming import MECHANISMS, Spec
from optimizers import Entry, OptimizerError
from optimizers.base import with_horizon

STEPS = 25
GRADIENTS = np.random.default_rng(3).normal(size=(STEPS, 3))
MADE = {
    "sgd": planted.sgd(0.1),
    "heavy-ball": planted.heavy_ball(0.05, 0.9),
    "tanh-clip": planted.tanh_clip(0.5, 0.05),
    "clip": planted.clip(0.3, 0.05),
    "step-decay": planted.step_decay(0.2, 0.1, 5),
    "warm-up": planted.warm_up_state(0.2, 0.5),
    "rmsprop": planted.rmsprop(0.01, 0.9, 0.1),
    "gru": small_gru.gru(small_gru.weights(6, 1, readout=1.0)),
}


def _past_rmsprop(rate=0.01, rho=0.9, epsilon=0.1):
    """RMSProp that divides by what it knew before this gradient: no saturation within a step."""

    def rule(g, v, step):
        return -rate * g / (tf.sqrt(v) + epsilon), rho * v + (1 - rho) * g * g

    return planted.optimizer(tf.zeros_like, rule)


def _biased_sgd():
    return planted.optimizer(lambda x: (), lambda g, h, step: (0.01 - 0.1 * g, h))


MADE |= {"past-rmsprop": _past_rmsprop(), "biased": _biased_sgd()}


def held(name):
    """An entry of a planted system."""
    return Entry(name, "hand-designed", functools.partial(_made, name))


def _made(name, theta):
    return MADE[name]


def spec(*without, **settings):
    return Spec(without, horizon=STEPS, **settings)


def run(optimizer, gradients=GRADIENTS):
    """Updates (T, parameters), states and parameters fixed at zero, in float64."""
    x, updates, states = tf.zeros(gradients.shape[1:], tf.float64), [], []
    state = optimizer.init(x)
    for t, g in enumerate(gradients):
        states.append(state)
        dx, state = optimizer.update(tf.constant(g), state, x, tf.constant(t))
        updates.append(np.asarray(dx))
    return np.array(updates), states


@functools.cache
def ablated(name, done):
    made = entries.entry(held(name), done)
    return made.build(made.defaults)


def difference(name, done, expected):
    wanted = run(expected)[0]
    return np.max(np.abs(run(ablated(name, done))[0] - wanted)) / np.max(np.abs(wanted))


@pytest.mark.parametrize(
    ("name", "done", "left", "tolerance"),
    [
        ("heavy-ball", spec("momentum"), planted.sgd(0.05), 1e-12),
        ("heavy-ball", spec("offset"), planted.sgd(0.05), 1e-12),
        ("tanh-clip", spec("clipping"), planted.sgd(0.05), 1e-12),
        ("clip", spec("clipping"), planted.sgd(0.05), 1e-12),
        ("step-decay", spec("schedule"), planted.sgd(0.2), 1e-9),
        ("warm-up", spec("schedule"), planted.sgd(0.2), 1e-6),
        ("past-rmsprop", spec("adaptation"), planted.sgd(0.1), 1e-9),
        ("rmsprop", spec("adaptation", "clipping"), planted.sgd(0.1), 1e-4),
        ("biased", spec("bias"), planted.sgd(0.1), 1e-12),
        ("heavy-ball", spec(linear="rest"), planted.heavy_ball(0.05, 0.9), 1e-9),
        ("heavy-ball", spec(linear="path"), planted.heavy_ball(0.05, 0.9), 1e-9),
        ("tanh-clip", spec(linear="path"), planted.sgd(0.05), 1e-8),
        ("tanh-clip", spec(linear="rest", saturating=True), planted.tanh_clip(0.5, 0.05), 1e-9),
        ("heavy-ball", spec("momentum", step=1.7), planted.sgd(0.085), 1e-12),
    ],
)
def test_what_is_left_is_known(name, done, left, tolerance):
    assert difference(name, done, left) < tolerance


@pytest.mark.parametrize(
    ("name", "absent"),
    [
        ("sgd", tuple(MECHANISMS)),
        ("heavy-ball", ("clipping", "schedule", "adaptation", "bias")),
        ("tanh-clip", ("momentum", "offset", "schedule", "adaptation", "bias")),
        ("step-decay", ("momentum", "offset", "clipping", "adaptation", "bias")),
        ("rmsprop", ("offset", "schedule", "bias")),
    ],
)
def test_taking_away_what_is_absent_changes_nothing(name, absent):
    for mechanism in absent:
        assert difference(name, spec(mechanism), MADE[name]) < 1e-6, mechanism


def test_a_network_without_momentum_is_its_update_curve_along_the_drift_path():
    gru, x = MADE["gru"], tf.zeros(3, tf.float64)
    state, expected = gru.init(x), []
    for t, g in enumerate(GRADIENTS):
        expected.append(np.asarray(gru.update(tf.constant(g), state, x, t)[0]))
        state = gru.update(tf.zeros_like(x), state, x, t)[1]
    np.testing.assert_allclose(run(ablated("gru", spec("momentum")))[0], expected, rtol=1e-10)


def test_a_network_linearised_along_its_path_is_itself_for_small_gradients():
    small = 1e-5 * GRADIENTS
    still, path, whole = (
        run(optimizer, gradients)[0]
        for optimizer, gradients in (
            (MADE["gru"], 0 * small),
            (ablated("gru", spec(linear="path")), small),
            (MADE["gru"], small),
        )
    )
    response = whole - still
    assert np.max(np.abs(path - whole)) < 1e-3 * np.max(np.abs(response))
    assert np.max(np.abs(response)) > 1e-8


def test_a_network_without_clipping_has_the_tangent_of_its_update_curve():
    x, one, gru = tf.zeros(1, tf.float64), GRADIENTS[:, :1], MADE["gru"]
    bent = ablated("gru", spec("clipping"))
    updates, states = run(bent, one)
    for t in (0, 7, 20):
        small = [gru.update(x + s, states[t], x, t)[0] for s in (1e-5, -1e-5, 0.0)]
        slope = (small[0] - small[1]) / 2e-5
        np.testing.assert_allclose(updates[t], small[2] + slope * one[t], rtol=1e-6)


def test_a_random_control_changes_as_much_as_the_ablation_and_is_the_same_again():
    bent, plain = ablated("tanh-clip", spec("clipping")), MADE["tanh-clip"]
    size = np.linalg.norm(run(bent)[0] - run(plain)[0], axis=1)
    controls = [run(ablated("tanh-clip", spec("clipping", control=i)))[0] for i in (0, 0, 1)]
    changes = [control - run(plain)[0] for control in controls]
    for change in changes:
        np.testing.assert_allclose(np.linalg.norm(change, axis=1), size, rtol=1e-9)
    assert np.array_equal(changes[0], changes[1])
    assert np.mean(np.abs(changes[0] - changes[2])) > 0.1 * np.mean(size)


def test_a_network_without_schedule_starts_at_rest_and_its_control_as_far_away():
    moved, random, gru = (
        np.asarray(optimizer.init(tf.zeros(3, tf.float64)))
        for optimizer in (ablated("gru", spec("schedule")), ablated("gru", spec("schedule", control=1)), MADE["gru"])
    )
    rest = gru
    for _ in range(300):
        rest = MADE["gru"].update(tf.zeros(3, tf.float64), tf.constant(rest), tf.zeros(3), 0)[1]
    np.testing.assert_allclose(moved, rest, atol=1e-8)
    distance = np.linalg.norm(moved - gru, axis=1)
    np.testing.assert_allclose(np.linalg.norm(random - gru, axis=1), distance, rtol=1e-9)


def test_names_say_what_is_done_and_are_read_back():
    name = "linearised[optimizer=adam[beta_1=0.8],at=path,saturating=yes,without=bias,step=0.25]"
    made = resolve.entry(name)
    assert made.name == name
    assert made.discloses["ablation"] is True
    assert made.discloses["of"] == "adam[beta_1=0.8]"
    assert made.discloses["done"] == "without bias; linearised at path, saturating"
    tuned = optimizers.get("ablated[without=clipping+momentum, optimizer=sgd, step=tuned]")
    assert tuned.name == "ablated[optimizer=sgd,without=momentum+clipping,step=tuned]"
    assert set(tuned.space) == {"step"}
    assert tuned.defaults == {"step": 1.0}


@pytest.mark.parametrize(
    ("name", "part"),
    [
        ("ablated[optimizer=sgd,without=noise]", "known: momentum, offset, clipping"),
        ("ablated[optimizer=sgd]", "takes nothing away"),
        ("ablated[without=momentum]", "write ablated[optimizer="),
        ("linearised[optimizer=sgd,at=home]", "rest or path"),
        ("ablated[optimizer=sgd,without=bias,step=0]", "positive number"),
        ("ablated[optimizer=sdg,without=bias]", "unknown optimizer 'sdg'"),
    ],
)
def test_a_wrong_name_is_told_what_is_wrong(name, part):
    with pytest.raises(OptimizerError) as told:
        optimizers.get(name)
    assert part in str(told.value)
    assert "\n" not in str(told.value)


def test_what_is_no_system_of_single_parameters_is_refused():
    coupled = Entry("coupled", "hand-designed", lambda theta: planted.clip_by_global_norm())
    with pytest.raises(OptimizerError, match="not component-wise"):
        entries.entry(coupled, spec("clipping")).build({})
    assert "sees" not in resolve.entry("ablated[optimizer=sgd,without=bias]").discloses


COUPLED = ("adafactor", "lamb", "muon", "adam-clipnorm", "momentum-clipnorm", "mlp-linear-regression")
BY_VALUE = ("ftrl", "schedule-free-adamw", "schedule-free-sgd")
HAND_DESIGNED = [name for name in optimizers.names() if optimizers.get(name).kind == "hand-designed"]


@pytest.mark.parametrize("name", [*HAND_DESIGNED, "rnnprop-mixture", "gru-rosenbrock", "mlp-linear-regression"])
def test_every_entry_is_itself_as_rows_or_refused_in_one_line(name):
    """Rows of a state, one a parameter, move as the optimizer does on all parameters together."""
    entry = optimizers.get(name)
    build = entries.build(entry, {}, STEPS)
    if name in COUPLED + BY_VALUE:
        reason = "not component-wise" if name in COUPLED else "its state depends on the value of the parameter"
        with pytest.raises(OptimizerError, match=f"cannot ablate '{name}': .*{reason}"):
            entries.frozen(build)
        return
    made = entry.build(with_horizon(entry.defaults, STEPS))
    layout, params = entries.frozen(build).layout, tf.zeros((3,))
    state = made.init(params)
    rows = layout._packed(state, tf.zeros((3, 0)))
    for step, g in enumerate(tf.constant(GRADIENTS[:4], tf.float32)):
        expected, state = made.update(g, state, params, tf.constant(step))
        rows, updates = layout.step(rows, g, params, tf.constant(step))
        np.testing.assert_allclose(updates, expected, rtol=1e-5, atol=1e-12)
        np.testing.assert_allclose(rows, layout._packed(state, rows), rtol=1e-5, atol=1e-12)


def test_definitions_tell_ablations_apart():
    made = [
        entries.entry(held(n), s)
        for n, s in (("sgd", spec("bias")), ("sgd", spec("momentum")), ("clip", spec("bias")), ("sgd", spec("bias")))
    ]
    definitions = [identity.optimizer_definition(each) for each in made]
    assert len(set(definitions)) == 3
    assert definitions[0] == definitions[3]


def test_a_suite_races_ablations_beside_the_original(tmp_path):
    name = "ablated[optimizer=momentum[learning_rate=0.001],without=momentum]"
    pair = [name, "sgd[learning_rate=0.001]"]
    bench.run("smoke", tmp_path, tasks=["rosenbrock"], optimizers=pair, steps=20)
    board = bench.leaderboard(tmp_path).set_index("optimizer")
    assert set(board.index) == set(pair)
    curves = bench.curves(tmp_path)
    by_entry = [curves[curves.optimizer == n].sort_values(["seed", "step"]).loss for n in pair]
    np.testing.assert_allclose(*[losses.to_numpy() for losses in by_entry], rtol=1e-4)


def made_up(changes, seeds=64, metric="mean_loss"):
    """A study whose scores are those of the original, spread over problems, times a factor: {label: factor}."""
    rng, rows = np.random.default_rng(0), []
    base = np.exp(rng.normal(size=seeds))
    for variant in plan.variants(STEPS):
        factor = next((f for label, f in changes.items() if variant.label.startswith(label)), 1.0)
        noise = np.exp(0.01 * rng.normal(size=seeds))
        for tuned in (False, True):
            scores = {name: base * factor * noise for name in studies.METRICS}
            rows.append(Outcome(variant, variant.spec, tuned, False, scores, 0.0))
    return Study("made-up", "none", metric, STEPS, seeds, rows, "stable", 1.0)


def test_nothing_is_claimed_of_a_schedule_whose_end_does_nothing():
    study = made_up({"without schedule": 20.0})._replace(faint="it answers with nothing")
    found = {m["mechanism"]: m for m in analyze.mechanisms(study, analyze.logs(study))}
    assert found["schedule"]["verdict"] == "no claim"
    assert found["schedule"]["reason"].startswith("it answers with nothing")
    assert found["momentum"]["verdict"] == "does not"
    ladder = analyze.ladder(study, analyze.logs(study))
    assert (ladder["decomposable"], ladder["reason"]) == (False, "it answers with nothing")


def at_the_edge(study, *labels):
    """`study` where the best steps of these entries are the last ones tried."""
    return study._replace(rows=[row._replace(edge=row.tuned and row.variant.label in labels) for row in study.rows])


def test_verdicts_follow_the_effect_and_say_what_a_random_change_does():
    study = made_up(
        {
            "without momentum: random": 1.2,
            "without momentum": 2.0,
            "without clipping: random": 1.5,
            "without clipping": 1.5,
            "without bias: random": 1.1,
            "without bias": 0.5,
        }
    )
    study = at_the_edge(study, "without momentum")
    found = {m["mechanism"]: m for m in analyze.mechanisms(study, analyze.logs(study))}
    assert {name: m["verdict"] for name, m in found.items()} == {
        "momentum": "matters",
        "offset": "does not",
        "clipping": "matters",
        "schedule": "does not",
        "adaptation": "does not",
        "bias": "matters",
    }
    low, high = found["momentum"]["effect"]
    assert 1.98 < low < 2.0 < high < 2.02
    assert found["momentum"]["control"][0] < 1.2 < found["momentum"]["control"][1]
    assert found["momentum"]["reason"] == "worse without it; its best step is the end of what was tried"
    assert found["clipping"]["reason"] == "worse without it; a random change of equal size does as much"
    assert found["bias"]["reason"] == "better without it"


def test_nothing_matters_to_an_original_that_a_longer_step_might_better():
    study = at_the_edge(made_up({"without momentum": 2.0, "without clipping": 1.0}), "original")
    found = {m["mechanism"]: m for m in analyze.mechanisms(study, analyze.logs(study))}
    assert found["momentum"]["verdict"] == "no claim"
    assert found["momentum"]["reason"].startswith("the original's best step is the end of what was tried; ablate it at")
    assert found["clipping"]["verdict"] == "does not"


def test_interactions_compare_a_pair_with_the_product_of_both():
    of = analyze.logs(
        made_up(
            {
                "without clipping and schedule": 6.0,
                "without clipping and bias": 2.0,
                "without clipping": 2.0,
                "without schedule and bias": 1.0,
                "without schedule": 1.5,
            }
        )
    )
    found = {tuple(each["pair"]): each["interaction"][0] for each in analyze.interactions(of)}
    assert found["clipping", "schedule"] == pytest.approx(6.0 / 3.0, rel=0.02)
    assert found["clipping", "bias"] == pytest.approx(1.0, rel=0.02)
    assert found["schedule", "bias"] == pytest.approx(1 / 1.5, rel=0.02)
    assert ("momentum", "adaptation") not in found


RISING = {
    "constant rate": 4.0,
    "linearised at rest": 2.0,
    "linear at rest, saturating": 1.6,
    "linear along the path, saturating": 1.2,
}


def test_a_ladder_of_better_and_better_rungs_is_decomposable():
    study = made_up(RISING)
    found = analyze.ladder(study, analyze.logs(study))
    assert found["decomposable"]
    assert found["reason"] == ""
    ratios = [rung["over_below"][0] for rung in found["rungs"]]
    assert ratios == pytest.approx([1.0, 0.5, 0.8, 0.75, 1 / 1.2], rel=0.02)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"linear at rest, saturating": 2.5}, 'saturating" is worse than the rung below'),
        ({"linear along": 3.7, "linear at": 3.8, "linearised at": 3.9}, "less than half"),
    ],
)
def test_a_ladder_is_not_decomposable_by_the_stated_rule(change, reason):
    study = made_up({**change, **{k: v for k, v in RISING.items() if not k.startswith(tuple(change))}})
    found = analyze.ladder(study, analyze.logs(study))
    assert not found["decomposable"]
    assert reason in found["reason"]


def test_logarithmic_metrics_become_ratios():
    study = made_up({})
    rows = [
        row._replace(scores={"mean_log": np.arange(64.0) / 64 - (row.variant.role == "linear")}) for row in study.rows
    ]
    study = study._replace(rows=rows, metric="mean_log")
    line = next(r for r in analyze.table(study, analyze.logs(study)) if r["role"] == "linear")
    assert line["ratio"] == pytest.approx([0.1, 0.1, 0.1])


def test_every_variant_fits_the_program_it_shares():
    for variant in plan.variants(200):
        swept, fixed = plan.program_of(variant.spec)
        flags = variant.spec.flags()
        assert all(flags[name] == value for name, value in fixed.items()), variant.label
        assert set(swept) | set(fixed) == set(flags)
    assert len({plan.program_of(v.spec)[0] for v in plan.variants(200)}) == 4


@pytest.fixture(scope="module")
def told():
    """The command's own report of tuned momentum on Rosenbrock, small."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(studies, "COARSE", (0.25, 1.0, 4.0))
        patch.setattr(studies, "FINE", (0.5, 2.0))
        given = "momentum[learning_rate=0.00005,momentum=0.8]"
        done = CliRunner().invoke(
            ablate, [given, "--task", "rosenbrock", "--seeds", "64", "--steps", "40", "--format", "json"]
        )
    assert done.exit_code == 0, done.output
    return json.loads(done.stdout)


@pytest.mark.parametrize("task", ["rosenbrock", "quadratic"])
def test_the_settings_that_a_run_tuned_are_ablated(task, tmp_path, monkeypatch):
    """For the metric that the study judges by; a task without a cell there is ablated at the defaults."""
    theta = {**optimizers.get("momentum").defaults, "learning_rate": 0.0125}
    record = samples.record("rosenbrock", "momentum")
    Store(tmp_path).write(record._replace(thetas={**record.thetas, "mean_log": theta}))
    seen = []
    monkeypatch.setattr("bench.studies.ablation.study.causal_tests", lambda entry, *_, **__: seen.append(entry) or {})
    monkeypatch.setattr("bench.studies.ablation.study.keep", lambda *_: None)
    monkeypatch.setattr("bench.studies.ablation.report.render", lambda *_: "")
    told = ["momentum", "--task", task, "--metric", "mean_log", "--out", str(tmp_path)]
    done = CliRunner().invoke(ablate, told)
    assert done.exit_code == 0, done.output
    at_defaults = optimizers.get("momentum")
    named = optimizers.get(f"momentum[learning_rate=0.0125,momentum={theta['momentum']}]")
    assert dict(named.defaults) == theta
    expected = named if task == "rosenbrock" else at_defaults
    assert (seen[0].name, dict(seen[0].defaults)) == (expected.name, dict(expected.defaults))


def test_the_command_reads_what_momentum_is_for(told):
    assert told["metric"] == "mean_log"
    assert told["seeds"] == 64
    found = {m["mechanism"]: m for m in told["mechanisms"]}
    assert found["momentum"]["as_is"][1] > 2.0
    for absent in ("clipping", "schedule", "adaptation", "bias"):
        assert found[absent]["verdict"] == "does not"
        assert found[absent]["as_is"] == pytest.approx([1.0, 1.0, 1.0], rel=1e-3)
    lines = {line["label"]: line for line in told["entries"] if not line["step_tuned"]}
    assert lines["linearised at rest"]["ratio"][0] == pytest.approx(1.0, rel=1e-3)
    assert lines["original"]["entry"] == "momentum[learning_rate=0.00005,momentum=0.8]"
    for line in told["entries"]:
        assert resolve.entry(line["entry"]).name == line["entry"]


def test_reports_print_in_every_format(told):
    text, markdown, csv = (report.render(told, form) for form in ("text", "md", "csv"))
    assert "Mechanisms (steps re-tuned)" in text
    assert "without momentum, step re-tuned" in text
    assert "| momentum |" in markdown
    assert len(csv.splitlines()) == 1 + len(told["entries"])
    assert json.loads(report.render(told, "json")) == told
    assert math.isfinite(told["seconds"])
