"""Probes find odd constants that somebody else planted, and say of every shipped architecture what they can."""

import json
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

import optimizers
from bench.commands.probe import command
from bench.probes.catalog import PROBES
from bench.probes.controls.catalog import visited
from bench.probes.minds import OTHERWISE
from bench.probes.read import read
from bench.probes.twins.draw import untrained
from optimizers import learned

FILE = str(Path(__file__).parent / "planted_outside.py")
FOUND = {
    ("ball", "momentum"): {"verdict": "present", "beta": 0.77, "alpha": 0.013, "gain": 0.013 / 0.23, "r2": 1.0},
    ("ball", "clipping"): {"verdict": "absent"},
    ("ball", "schedule"): {"verdict": "absent", "variation": 0.0},
    ("ball", "adaptation"): {"verdict": "absent"},
    ("clipped", "momentum"): {"verdict": "absent", "memory": 0.0},
    ("clipped", "clipping"): {"verdict": "present", "knee": 2.7, "slope": 0.004, "asymptote": 0.004 * 2.7},
    ("clipped", "schedule"): {"verdict": "absent", "initial": 0.004},
    ("clipped", "adaptation"): {"verdict": "absent"},
    ("scaled", "fixed_points"): {"verdict": "present", "spectral_radius": 0.83},
    ("scaled", "momentum"): {"verdict": "undecided"},
    ("scaled", "clipping"): {"verdict": "absent", "history_exponent": 1.0},
    ("scaled", "adaptation"): {"verdict": "present"},
    ("halved", "momentum"): {"verdict": "absent", "memory": 0.0},
    ("halved", "clipping"): {"verdict": "absent"},
    ("halved", "schedule"): {"verdict": "present", "initial": 0.002, "final": 0.001, "variation": 0.5},
    ("halved", "adaptation"): {"verdict": "absent"},
}


@pytest.fixture(scope="module")
def readings():
    def of(name):
        done = CliRunner().invoke(
            command, [f"outside-{name}", "--task", "linear-regression", "--import", FILE, "--format", "json"]
        )
        assert done.exit_code == 0, done.output
        return json.loads(done.stdout)

    return {name: of(name) for name in ("ball", "clipped", "scaled", "halved")}


@pytest.mark.parametrize(("name", "probe"), FOUND)
def test_constants_planted_from_outside_are_found(readings, name, probe):
    reading = readings[name][probe]
    found = {key: reading["values"][key]["value"] for key in FOUND[name, probe] if key != "verdict"}
    assert reading["verdict"] == FOUND[name, probe]["verdict"], reading["sentence"]
    assert found == {key: pytest.approx(FOUND[name, probe][key], rel=1e-3, abs=1e-9) for key in found}


def test_the_step_that_halves_the_rate_is_found(readings):
    rates = np.array(readings["halved"]["schedule"]["values"]["rates"])
    assert np.flatnonzero(np.abs(np.diff(rates)) > 1e-6).tolist() == [59]


def test_every_reading_says_what_would_change_its_mind(readings):
    for each in readings.values():
        for reading in each.values():
            said = reading["would_change"]
            assert said.startswith("It would be ") or (said == OTHERWISE and reading["verdict"] == "undecided")
            assert said.endswith(".")
            assert reading["twins"] is None
            assert not reading["discovered"]
    assert "(100 % comes later" not in readings["clipped"]["momentum"]["would_change"]
    assert "no gradient had reached 2.7," in readings["clipped"]["clipping"]["would_change"]
    assert "10 %" in readings["clipped"]["momentum"]["would_change"]


def test_a_delay_is_no_sum_of_exponentials(readings, monkeypatch):
    """Its state hands gradients on, so its Jacobian has too few eigenvectors; the kernel is read all the same."""
    monkeypatch.setattr("bench.probes.read.run_controls", lambda probe: ())
    reading = read(optimizers.get("outside-late").build({}), visited(40), ["momentum"])["momentum"]
    assert reading.verdict == "present", reading.sentence
    assert reading.values["kernel"][:5] == pytest.approx([0, 0, 0, 0.0137, 0], abs=1e-9)
    assert reading.values["gain"]["value"] == pytest.approx(0.0137, rel=1e-6)
    assert reading.values["memory"]["value"] == pytest.approx(1.0)
    assert reading.values["modes"] is None


SMALL = {"units": 4, "layers": 1}


@pytest.mark.parametrize("name", learned.ARCHITECTURES)
def test_every_architecture_is_read_or_says_in_a_sentence_why_not(name, monkeypatch):
    """Random weights of a small network of each; only the multilayer perceptron and stride see their neighbors."""
    monkeypatch.setattr("bench.probes.read.run_controls", lambda probe: ())
    sizes = {k: v for k, v in SMALL.items() if hasattr(learned.ARCHITECTURES[name](), k)}
    architecture = learned.ARCHITECTURES[name](**sizes)
    start = architecture.initial(0)
    moved = {key: value + np.float32(0.2) for key, value in start.items()}
    readings = read(architecture.build(untrained(architecture, moved, 0)), visited(40))
    assert list(readings) == list(PROBES)
    for probe, reading in readings.items():
        assert reading.sentence.startswith(probe.replace("_", " "))
        assert "\n" not in reading.sentence
        assert reading.would_change
        json.dumps(reading.to_json(), allow_nan=False)
    coupled = {reading.verdict for reading in readings.values() if "not component-wise" in reading.sentence}
    assert coupled == ({"undecided"} if name in ("mlp", "stride") else set())
