"""The distilled controls: what ships is what its card says, and training one again works."""

import hashlib

import numpy as np
import pytest

from bench.maintain.controls import draw, make
from bench.maintain.retrain import todays
from bench.probes.controls.check import Within, agrees
from bench.probes.controls.distilled import FOLDER, architecture, card, student, teachers, weights
from bench.probes.controls.distilled.expected import EXPECTED, SCALES
from bench.probes.controls.distilled.teachers import TEACHERS
from bench.probes.dynamics.component import system_of
from bench.records import sealed


@pytest.mark.parametrize("name", TEACHERS)
def test_what_ships_is_what_its_card_says(name):
    path = FOLDER / f"{name}.npz"
    assert path.stat().st_size < 100_000
    assert hashlib.sha256(path.read_bytes()).hexdigest() == card(name)["sha256"]
    assert todays(card(name)["command"]) == ["python", "-m", "bench", "maintain", "controls", name]
    assert card(name)["relative_mean_squared_error"] < 0.004


@pytest.mark.parametrize("name", TEACHERS)
def test_students_follow_their_teachers(name):
    batch = draw(TEACHERS[name], np.random.default_rng(1))
    system = student(name)
    start = np.tile(system.h0, (batch.gradients.shape[1], 1))
    moves = system.rollout(start, batch.gradients)[1]
    assert np.mean(((moves - batch.updates) / batch.size) ** 2) < 0.01


def test_the_systems_are_those_of_the_architecture():
    name = "momentum"
    compiled = system_of(architecture(TEACHERS[name]).build(weights(name)))
    gradients = np.random.default_rng(0).standard_normal((20, 3))
    start = np.tile(compiled.h0, (3, 1))
    for ours, theirs in zip(student(name).rollout(start, gradients), compiled.rollout(start, gradients), strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-9, atol=1e-12)


def test_teachers_are_the_rules_they_name():
    gradients = np.array([[1.0], [0.0], [0.0]])
    heavy = [-0.05, -0.05 * 0.9, -0.05 * 0.81]
    np.testing.assert_allclose(teachers.momentum(gradients)[:, 0], heavy)
    first = -0.25 * 1.5 * np.tanh(1 / 1.5)
    np.testing.assert_allclose(teachers.clipped(gradients)[:2, 0], [first, 0.9 * first])
    np.testing.assert_allclose(teachers.rmsprop(gradients)[0, 0], -0.1 / (np.sqrt(0.1) + 0.05))


def test_every_probe_has_a_distilled_control_that_must_be_found():
    for name, wanted in EXPECTED.items():
        assert {entry[0] for entry in wanted} <= set(SCALES)
        assert any(entry[2]["verdict"] == "present" for entry in wanted), name


def test_tolerances():
    assert Within(0.9, absolute=0.01).holds(0.9099)
    assert not Within(0.9, absolute=0.01).holds(0.911)
    assert Within(2.0, relative=0.25).holds(1.51)
    assert not Within(2.0, relative=0.25).holds(1.49)
    assert Within(1.5, factor=2).holds(0.76)
    assert not Within(1.5, factor=2).holds(3.1)
    assert not agrees(float("nan"), Within(1.0, factor=2))
    assert agrees("undecided", "absent or undecided")
    assert not agrees("present", "absent or undecided")


def test_a_control_is_distilled_again_small(tmp_path):
    first = make("momentum", tmp_path, iterations=3)
    held = np.load(tmp_path / "momentum.npz", allow_pickle=False)
    assert set(held) == set(weights("momentum"))
    assert sealed.demand(tmp_path / "momentum.json", "") == first
    assert make("momentum", tmp_path, iterations=3)["sha256"] == first["sha256"]
