"""Numbers that the paper's claims ask for, by hand; and quantities of systems that are known."""

import math

import numpy as np
import pytest
from paper_samples import on, race, seed

from bench.probes.dynamics.subject import Subject, Visited
from bench.probes.dynamics.system import System
from bench.studies.paper import arms as dynamics
from bench.studies.paper import extract, grids, quantities
from bench.studies.paper.evidence import Seed
from bench.studies.paper.extract import of, over_tuned_rate
from bench.studies.paper.plan import LINEAR, ROSENBROCK


def arms(plus, minus, rest, settled=True, radius=0.9):
    rates = [*minus[::-1], rest, *plus]
    sizes = [0.01, 0.1, 1.0]
    found = {"gradients": [-1.0, -0.1, -0.01, 0.0, *sizes], "rates": rates, "centred": rates}
    return Seed("gru", {}, {}, {"arms": {**found, "settled": [settled] * 7, "radii": [radius] * 7}})


def test_numbers_of_the_arms_by_hand():
    one = arms((10.0, 5.0, 1.0), (8.0, 5.0, 2.0), 4.0)
    task = on(one)
    assert extract.fall_of_rate(task, one) == pytest.approx(0.25)
    assert extract.centred_fall(task, one) == pytest.approx(0.25)
    assert extract.rise_over_tip(task, one) == pytest.approx(6.0)
    assert extract.least_rate(task, one) == 1.0
    assert over_tuned_rate(extract.least_rate)(task, one) == 2.0
    assert extract.small_rate(task, one) == 9.0
    assert extract.tip_rate(task, one) == 1.5
    assert extract.asymmetry(task, one) == pytest.approx(1 / 3)
    assert extract.attractors(task, one) == 1.0
    assert extract.attractors(task, arms((1.0,) * 3, (1.0,) * 3, 1.0, radius=1 + 1e-5)) == 0.0
    assert extract.peak_over_rest(task, one) == 2.5
    power = arms((100.0, 10.0, 1.0), (100.0, 10.0, 1.0), 1.0)
    assert extract.slope_of_rate(task, power) == pytest.approx(-1.0)


def test_a_rate_that_does_not_settle_is_not_read():
    one = arms((10.0, 5.0, 1.0), (8.0, 5.0, 2.0), 4.0, settled=False)
    reads = (extract.fall_of_rate, extract.least_rate, extract.asymmetry, extract.slope_of_rate)
    assert [read(on(one), one) for read in reads] == [None] * 4
    assert extract.attractors(on(one), one) == 0.0
    nothing = seed()
    assert [read(on(), nothing) for read in (*reads, extract.attractors, extract.centred_fall)] == [None] * 6


def test_numbers_of_the_modes_and_of_the_schedule_by_hand():
    modes = [{"alpha": 3.7, "momentum": 0.89}, {"alpha": -5.0, "momentum": 0.3}, {"alpha": None, "momentum": 0.9}]
    kernel = [{"decay": 0.6, "decay_imag": 0.6, "alpha": 1.0}]
    rates = {"initial": 2.0, "peak": 6.0, "final": 4.0, "peak_step": 1}
    readings = {
        "momentum": {"values": {"eigenmodes": modes, "modes": kernel, "modes_needed": {"value": 2}}},
        "schedule": {"values": {**{n: {"value": v} for n, v in rates.items()}, "rates": [0.1, 6.0, 2.0, 0.4]}},
        "clipping": {"values": {"knee": {"value": 2.0, "low": 1.0, "high": 4.0}}},
    }
    one = Seed("gru", race(curve=[5.0, 4.0, 3.0]), readings, {})
    task = on(one, baselines={"momentum": race(curve=[5.0, 4.5, 2.0])})
    assert extract.leading_decay(task, one) == 0.3
    assert extract.mode_at_optimum(task, one) == 1.0
    assert extract.modes_needed(task, one) == 2.0
    assert extract.leading_exponential(task, one) == pytest.approx(0.6 * math.sqrt(2))
    assert extract.peak_over("initial")(task, one) == 3.0
    assert extract.peak_over("final")(task, one) == 1.5
    assert extract.crosses_tuned_rate(task, one) == 3.0
    assert extract.knee_spread(task, one) == 4.0
    assert extract.overtaken(task, one) == 2.0
    ahead = on(one, baselines={"momentum": race(curve=[5.0, 2.0, 3.5])})
    assert extract.overtaken(ahead, one) == math.inf
    assert of("momentum", "nothing")(task, one) is None


def test_the_papers_grids():
    assert grids.constant(LINEAR, 1e9)[[0, -1]] == pytest.approx([0.1, 10])
    assert len(grids.constant(LINEAR, 1e9)) == 8
    np.testing.assert_allclose(grids.constant(ROSENBROCK, 1.0), 10.0 ** np.arange(-3, 3.5, 0.5))
    assert grids.constant("booth", 7.0)[[0, -1]] == pytest.approx([7e-5, 7])
    assert (grids.update_range(ROSENBROCK, 3.0), grids.update_range("booth", 3.0)) == (1000, 3)


def heavy_ball(h, g, t):
    v = 0.9 * h - 0.05 * g[:, None]
    return v, v[:, 0]


def test_quantities_of_a_heavy_ball_are_exact():
    gradients = np.random.default_rng(0).standard_normal((8, 50)) * 0.9 ** np.arange(50)
    found = quantities_of(heavy_ball, gradients)
    assert found["linearity"] == pytest.approx({"late": 1.0, "all": 1.0})
    assert found["shift"] == pytest.approx(1.0)
    largest = np.abs(gradients).max()
    expected = {"slope": 0.05, "asymptote": 0.05 * largest, "knee": largest, "share_beyond": 0.0}
    assert found["initial"] == pytest.approx(expected)
    assert found["arms"]["rates"] == pytest.approx([0.05] * 33)
    assert found["arms"]["centred"] == pytest.approx([0.05] * 33)
    assert found["arms"]["settled"] == [True] * 33
    assert found["arms"]["radii"] == pytest.approx([0.9] * 33)
    assert found["arms"]["cosine"] == pytest.approx(-1.0)
    assert found["alternating"]["over_rest"] == pytest.approx([1.0] * 16)
    assert found["ends"] == 1
    assert found["axes"] == pytest.approx([1.0])
    assert 0 < found["variance"]["peak_step"] < 20
    assert found["variance"]["left"] < 0.05


def test_quantities_of_a_clip_that_scales_the_next_update():
    """dx = −(1 + h) tanh(2 g): moving h changes the slope and nothing else; saturation from |g| = 1/2."""

    def function(h, g, t):
        return 0.9 * h + 0.01 * g[:, None], -(1 + h[:, 0]) * np.tanh(2 * g)

    gradients = np.linspace(-1, 1, 400).reshape(4, 100)
    found = quantities_of(function, gradients)
    assert found["shift"] < 1e-6
    assert found["initial"]["slope"] == pytest.approx(2.0, rel=1e-6)
    assert found["initial"]["knee"] == pytest.approx(np.tanh(2) / 2)
    assert found["initial"]["share_beyond"] == pytest.approx(1 - np.tanh(2) / 2, abs=0.01)
    assert found["arms"]["rates"][-1] == pytest.approx(2 * (1 + 0.01 / (1 - 0.9)), rel=1e-5)  # h* = g/10 at g = 1


def test_a_memory_of_sizes_and_two_resting_places():
    """The rate 1 / (1 + h²), h a leaky mean of g: a constant g = 1 halves it, alternating ones leave it (1/19)²."""

    def braking(h, g, t):
        return 0.9 * h + 0.1 * g[:, None], -g / (1 + h[:, 0] ** 2)

    gradients = np.linspace(-1, 1, 400).reshape(4, 100)
    found = quantities_of(braking, gradients)
    assert found["arms"]["rates"][-1] == pytest.approx(0.5, rel=1e-5)
    assert found["alternating"]["over_rest"][-1] == pytest.approx(1 / (1 + (1 / 19) ** 2), rel=1e-4)

    def split(h, g, t):
        return np.tanh(2 * h) + 0.1 * g[:, None], -g

    assert dynamics.ends(subject_of(split, gradients)) == 2


def subject_of(function, gradients):
    met = Visited(gradients.reshape(-1), None, horizon=gradients.shape[1])
    return Subject.of(System(function, h0=np.zeros(1)), met)


def quantities_of(function, gradients):
    return quantities.quantities(subject_of(function, gradients), "a task of our own")
