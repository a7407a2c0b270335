"""Every probe recovers mechanisms planted with random constants, and claims nothing of nulls."""

import json

import numpy as np
import pytest
import small_gru

from bench import probes
from bench.probes import PROBES, Subject, System, Visited, planted, read, system_of
from bench.probes.controls import CONTROLS, Control, visited
from bench.probes.modes import modes
from bench.probes.momentum import fit
from bench.probes.reading import strict

RNG = np.random.default_rng(2021)
RATE, BETA = RNG.uniform(0.01, 0.5), RNG.uniform(0.5, 0.95)
THRESHOLD, FACTOR = RNG.uniform(0.5, 2.5), RNG.uniform(0.2, 0.7)
EVERY, WARM = int(RNG.integers(20, 80)), int(RNG.integers(5, 60))
RHO, SCALE = RNG.uniform(0.8, 0.97), 10 ** RNG.uniform(-2, 2)


def probe(name, optimizer, material=None):
    return PROBES[name](Subject.of(system_of(optimizer), material or visited()))


def value(reading, name):
    return reading.values[name]["value"]


def close(number):
    return pytest.approx(number, rel=1e-3)


@pytest.mark.parametrize("name", PROBES)
def test_controls_pass(name):
    for control in probes.run_controls(name):
        assert control["passed"], control
        assert set(control) == {"name", "passed", "expected", "measured"}


def test_fixed_point_of_a_random_linear_map():
    A = RNG.standard_normal((4, 4))
    A *= 0.9 / np.max(np.abs(np.linalg.eigvals(A)))
    b, c, d = RNG.standard_normal(4), RNG.standard_normal(4), -0.3
    reading = probe("fixed_points", planted.linear(A, b, c, d))
    assert reading.verdict == "present"
    assert value(reading, "spectral_radius") == close(0.9)
    held = c @ np.linalg.solve(np.eye(4) - A, b) + d
    for point in reading.values["fixed_points"]:
        assert point["update"] == pytest.approx(held * point["gradient"], rel=1e-3, abs=1e-9)
        assert point["speed"] < 1e-18
        assert point["stability"] == "stable"


def test_two_attractors_are_two_fixed_points():
    system = System(lambda h, g, t: (np.tanh(2 * h) + 0 * g[:, None], -g), np.array([0.1]))
    states = np.linspace(-1, 1, 32)[:, None]
    reading = PROBES["fixed_points"](Subject.of(system, Visited(np.ones(32), states, 50)))
    assert value(reading, "count") == 3
    kinds = [p["stability"] for p in reading.values["fixed_points"] if p["gradient"] == 0]
    assert sorted(kinds) == ["stable", "stable", "unstable"]


def test_heavy_ball():
    reading = probe("momentum", planted.heavy_ball(RATE, BETA))
    assert reading.verdict == "present"
    assert value(reading, "alpha") == close(RATE)
    assert value(reading, "beta") == close(BETA)
    assert value(reading, "gain") == close(RATE / (1 - BETA))
    assert value(reading, "memory") == close(BETA)
    for drift in reading.values["drift_kernels"]:
        assert drift["beta"] == close(BETA)


def test_several_heavy_balls_are_told_apart():
    rates, betas = (0.2, RATE, RATE / 5), (0.0, BETA, 0.985)
    reading = probe("momentum", planted.aggmo(rates, betas))
    found = {round(m["decay"], 3): m["alpha"] for m in reading.values["modes"]}
    assert found[round(BETA, 3)] == close(RATE * BETA)
    assert found[0.985] == close(RATE / 5 * 0.985)


def test_cancelling_modes_do_not_pose_as_memory():
    A, b = np.diag([0.99, 0.99 - 1e-6]), np.ones(2)
    reading = probe("momentum", planted.linear(A, b, np.array([0.1, -0.1]), -0.5))
    assert value(reading, "memory") < 0.02
    assert reading.verdict == "absent"


@pytest.mark.parametrize("build", [planted.sgd, planted.clip, planted.still])
def test_no_momentum_without_state(build):
    reading = probe("momentum", build())
    assert reading.verdict == "absent"
    assert value(reading, "memory") == 0
    assert reading.sentence.startswith("momentum: none")


@pytest.mark.parametrize("build", [planted.adam, planted.rmsprop, planted.one_over_t_state])
def test_no_kernel_without_a_derivative_at_rest(build):
    assert probe("momentum", build()).verdict == "undecided"


def test_adams_memory_is_found_at_visited_states():
    reading = probe("momentum", planted.adam(beta_1=BETA))
    assert value(reading, "beta_visited") == pytest.approx(BETA, rel=0.01)


@pytest.mark.parametrize("scale", [1.0, SCALE])
def test_hard_clip(scale):
    material = visited()._replace(gradients=scale * visited().gradients)
    reading = probe("clipping", planted.clip(scale * THRESHOLD, RATE), material)
    assert reading.verdict == "present"
    assert value(reading, "knee") == close(scale * THRESHOLD)
    assert value(reading, "half_point") == close(2 * scale * THRESHOLD)
    assert value(reading, "slope") == close(RATE)
    beyond = np.mean(np.abs(material.gradients) > value(reading, "knee"))
    assert value(reading, "share_beyond") == close(beyond)
    shares = reading.values["share_beyond"]
    assert shares["low"] <= shares["value"] <= shares["high"]


def test_tanh_clip():
    reading = probe("clipping", planted.tanh_clip(THRESHOLD, RATE))
    assert reading.verdict == "present"
    assert value(reading, "knee") == close(THRESHOLD)
    assert value(reading, "asymptote") == close(THRESHOLD * RATE)


def test_a_clip_that_nothing_reaches_is_no_mechanism():
    reading = probe("clipping", planted.clip(20.0))
    assert reading.verdict == "absent"
    assert "no gradient reached it" in reading.sentence


@pytest.mark.parametrize(
    "optimizer",
    [
        planted.sgd(RATE),
        planted.heavy_ball(RATE, BETA),
        planted.cosine(),
        planted.still(),
        planted.rmsprop(rho=RHO),
        planted.adam(),
    ],
)
def test_no_clipping(optimizer):
    assert probe("clipping", optimizer).verdict == "absent"


def _step_decay(t):
    return RATE * FACTOR ** (t // EVERY)


SCHEDULES = {
    "1/t": (planted.one_over_t(RATE), lambda t: RATE / (1 + t)),
    "1/t in the state": (planted.one_over_t_state(RATE), lambda t: RATE / (1 + t)),
    "step decay": (planted.step_decay(RATE, FACTOR, EVERY), _step_decay),
    "cosine": (planted.cosine(RATE), lambda t: RATE * (1 + np.cos(np.pi * t / 200)) / 2),
    "warm-up": (planted.warm_up(RATE, WARM), lambda t: RATE * np.minimum(1, (t + 1) / WARM)),
    "warm-up in the state": (planted.warm_up_state(RATE, BETA), lambda t: RATE * (1 - BETA**t)),
}


@pytest.mark.parametrize("name", SCHEDULES)
def test_schedules(name):
    optimizer, law = SCHEDULES[name]
    reading = probe("schedule", optimizer)
    rates = law(np.arange(201))
    assert reading.verdict == "present"
    np.testing.assert_allclose(reading.values["rates"], rates, rtol=1e-3, atol=1e-6 * RATE)
    assert value(reading, "peak") == close(rates.max())
    assert value(reading, "initial") == pytest.approx(rates[0], rel=1e-3, abs=1e-9)
    assert value(reading, "final") == pytest.approx(rates[-1], rel=1e-3, abs=1e-9)


@pytest.mark.parametrize("build", [planted.sgd, planted.heavy_ball, planted.clip, planted.still])
def test_no_schedule(build):
    assert probe("schedule", build()).verdict == "absent"


def test_rmsprop_adapts_as_one_over_g():
    reading = probe("adaptation", planted.rmsprop(RATE, RHO))
    assert reading.verdict == "present"
    assert value(reading, "slope") == close(-1)
    assert value(reading, "state_slope") == close(-1)
    expected = RATE / np.array(reading.values["gradients"])
    np.testing.assert_allclose(reading.values["secants"], expected, rtol=1e-3)
    local = expected / np.sqrt(RHO)
    np.testing.assert_allclose(reading.values["local_rates"], local, rtol=1e-3)


def test_adam_adapts_as_one_over_g():
    reading = probe("adaptation", planted.adam(RATE))
    assert reading.verdict == "present"
    assert value(reading, "state_slope") == close(-1)
    assert value(reading, "history_slope") == close(-1)


@pytest.mark.parametrize(
    "optimizer",
    [
        planted.sgd(RATE),
        planted.heavy_ball(RATE, BETA),
        planted.clip(THRESHOLD),
        planted.tanh_clip(THRESHOLD),
        planted.cosine(),
        planted.still(),
    ],
)
def test_no_adaptation(optimizer):
    reading = probe("adaptation", optimizer)
    assert reading.verdict == "absent"
    assert value(reading, "variation") < 1e-3


def test_a_clip_saturates_without_adapting():
    reading = probe("adaptation", planted.clip(0.01))
    assert value(reading, "slope_upper") < -0.9
    assert reading.verdict == "absent"


def _adagrad(rate):
    def rule(g, total, step):
        total = total + g * g
        return -rate * g / (np.sqrt(0.1) * 1e-3 + total**0.5), total

    return planted.optimizer(lambda x: 0 * x, rule)


def test_an_accumulator_without_fixed_points_is_judged_by_histories():
    reading = probe("adaptation", _adagrad(RATE))
    assert reading.verdict == "present"
    assert value(reading, "history_slope") < -0.8


@pytest.fixture(scope="module")
def untrained():
    theta = small_gru.weights(8, seed=5)
    return read(small_gru.gru(theta), visited())


def test_an_untrained_network_is_read_without_fuss(untrained):
    assert list(untrained) == list(PROBES)
    for reading in untrained.values():
        assert reading.verdict in {"present", "absent", "undecided"}
        assert reading.controls
    assert untrained["schedule"].verdict == "absent"


def test_a_network_that_does_nothing_has_no_mechanism():
    silent = small_gru.gru(small_gru.weights(8, seed=6, readout=0.0))
    readings = read(silent, visited())
    for name in ("momentum", "clipping", "schedule", "adaptation"):
        assert readings[name].verdict == "absent", readings[name].sentence


def test_json_is_strict(untrained):
    others = {**read(planted.sgd(), visited()), **read(planted.adam(), visited(), ["schedule"])}
    for reading in [*untrained.values(), *others.values()]:
        card = reading.to_json()
        assert json.loads(json.dumps(card, allow_nan=False)) == card
        assert set(card) == {"verdict", "values", "controls", "sentence"}


def test_the_promised_names_are_there(untrained):
    promised = {
        "momentum": {"alpha", "beta", "r2", "gain"},
        "clipping": {"asymptote", "slope", "knee", "half_point", "share_beyond"},
        "schedule": {"initial", "peak", "peak_step", "final"},
        "adaptation": {"slope"},
    }
    for name, quantities in promised.items():
        for quantity in quantities:
            assert set(untrained[name].values[quantity]) == {"value", "low", "high"}
    points = untrained["fixed_points"].values["fixed_points"]
    assert {"gradient", "speed", "spectral_radius", "stability"} <= set(points[0])
    adaptation = untrained["adaptation"].values
    assert len(adaptation["gradients"]) == len(adaptation["secants"])
    assert len(untrained["schedule"].values["rates"]) == 201


@pytest.mark.filterwarnings("error::RuntimeWarning")
@pytest.mark.parametrize(
    "optimizer",
    [
        planted.heavy_ball(0.1, 1.5),
        planted.optimizer(lambda x: x + 1, lambda g, h, step: (h * g, 10 * h * h)),
        planted.memoryless(lambda g, step: g / (0 * g)),
        planted.memoryless(lambda g, step: -(g**3)),
    ],
)
def test_optimizers_that_explode_are_read_without_a_crash(optimizer):
    for reading in read(optimizer, visited(40)).values():
        json.dumps(reading.to_json(), allow_nan=False)
    assert read(optimizer, visited(40), ["momentum"])["momentum"].verdict != "present"


def test_a_failed_control_silences_the_probe(monkeypatch):
    broken = Control("heavy ball misread", planted.heavy_ball, {"verdict": "present", "beta": 0.8})
    monkeypatch.setitem(CONTROLS, "momentum", [*CONTROLS["momentum"], broken])
    probes.run_controls.cache_clear()
    reading = read(planted.heavy_ball(), visited(), ["momentum"])["momentum"]
    probes.run_controls.cache_clear()
    assert reading.verdict == "undecided"
    assert "no claim" in reading.sentence
    assert "'heavy ball misread'" in reading.sentence


def test_a_control_that_raises_fails():
    raising = Control("norm", planted.clip_by_global_norm, {"verdict": "present"})
    checked = probes.controls.check(PROBES["momentum"], raising)
    assert not checked["passed"]
    assert "component-wise" in checked["measured"]["verdict"]


def test_coupled_optimizers_are_undecided_and_say_so():
    readings = read(planted.clip_by_global_norm(), visited())
    assert {reading.verdict for reading in readings.values()} == {"undecided"}
    assert "not component-wise" in readings["clipping"].sentence


def test_unknown_probes_are_named():
    with pytest.raises(ValueError, match="unknown probe 'inertia'; known: fixed_points, momentum"):
        read(planted.sgd(), visited(), ["inertia"])


def test_visited_states_may_be_given():
    states = RNG.standard_normal((500, 1))
    material = Visited(RNG.standard_normal(500), states, 50)
    reading = probe("momentum", planted.heavy_ball(RATE, BETA), material)
    assert value(reading, "beta") == close(BETA)
    assert reading.values["beta"]["low"] == close(BETA)


def test_readings_repeat_exactly(untrained):
    again = read(small_gru.gru(small_gru.weights(8, seed=5)), visited())
    for name, reading in untrained.items():
        assert again[name].to_json() == reading.to_json()


def test_fit_of_an_alternating_kernel():
    alpha, beta, r2 = fit(0.3 * (-0.6) ** np.arange(50.0))
    assert (alpha, beta, r2) == (close(0.3), close(-0.6), close(1))


def test_modes_of_a_resonance():
    lags = np.arange(200)
    kernel = 0.9**lags * np.cos(0.3 * lags)
    found = modes(kernel, 0.01)
    assert len(found) == 2
    assert abs(complex(found[0]["decay"], found[0]["decay_imag"])) == close(0.9)


def test_strict_knows_numpy():
    given = {"a": np.float32(1), "b": (np.nan, np.inf), "c": np.arange(2), "d": np.bool_(True)}
    assert strict(given) == {"a": 1.0, "b": [None, None], "c": [0, 1], "d": True}


def test_the_figure_is_drawn_from_json(untrained, tmp_path):
    from bench.probes import figures

    figures.draw(untrained, tmp_path / "a.png", title="untrained")
    cards = {name: reading.to_json() for name, reading in untrained.items()}
    figures.draw(cards, tmp_path / "b.png", title="untrained")
    figures.draw(read(planted.adam(), visited(), ["momentum"]), tmp_path / "c.png")
    assert (tmp_path / "a.png").read_bytes() == (tmp_path / "b.png").read_bytes()
