"""What every reading promises: controls first, strict JSON, refusals that say why."""

import json
import re
from pathlib import Path

import numpy as np
import pytest
import small_gru

from bench.probes import figures
from bench.probes.catalog import PROBES, Probe
from bench.probes.controls import planted
from bench.probes.controls.catalog import CONTROLS, Control, check, visited
from bench.probes.read import read, run_controls
from bench.probes.reading import Reading, exact
from bench.records.files import strict
from bench.reports.readings import readings_text


@pytest.mark.parametrize("name", PROBES)
def test_controls_pass(name):
    for control in run_controls(name):
        assert control["passed"], control
        assert set(control) == {"name", "passed", "expected", "measured"}


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
        assert set(card) == {
            *("verdict", "values", "controls", "sentence", "would_change"),
            *("twins", "no_twins", "discovered"),
        }


def test_the_promised_names_are_there(untrained):
    promised = {
        "momentum": {"alpha", "beta", "r2", "gain"},
        "clipping": {"asymptote", "slope", "knee", "half_point", "share_beyond"}
        | {"share_beyond_early", "share_beyond_late", "soft_clip_r2"},
        "schedule": {"initial", "peak", "peak_step", "final", "warm_up", "decay_time"}
        | {"explained_by_step", "explained_by_gradients"},
        "adaptation": {"change", "law", "alternating", "random", "slope"},
    }
    adam = read(planted.adam(), visited(), ["adaptation"])  # the untrained network climbs: nothing is measured
    readings = {**untrained, **adam}
    for name, quantities in promised.items():
        for quantity in quantities:
            assert set(readings[name].values[quantity]) == {"value", "low", "high"}
    points = untrained["fixed_points"].values["fixed_points"]
    assert {"gradient", "speed", "spectral_radius", "stability"} <= set(points[0])
    adaptation = adam["adaptation"].values
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
    run_controls.cache_clear()
    reading = read(planted.heavy_ball(), visited(), ["momentum"])["momentum"]
    run_controls.cache_clear()
    assert reading.verdict == "undecided"
    assert "no claim" in reading.sentence
    assert "'heavy ball misread'" in reading.sentence


def test_a_control_that_raises_fails():
    raising = Control("norm", planted.clip_by_global_norm, {"verdict": "present"})
    checked = check(PROBES["momentum"], raising)
    assert not checked["passed"]
    assert "component-wise" in checked["measured"]["verdict"]


def test_coupled_optimizers_are_undecided_and_say_so():
    readings = read(planted.clip_by_global_norm(), visited())
    assert {reading.verdict for reading in readings.values()} == {"undecided"}
    assert "not component-wise" in readings["clipping"].sentence


def test_unknown_probes_are_named():
    with pytest.raises(ValueError, match="unknown probe 'inertia'; known: fixed_points, momentum"):
        read(planted.sgd(), visited(), ["inertia"])


@pytest.mark.slow
def test_readings_repeat_exactly(untrained):
    again = read(small_gru.gru(small_gru.weights(8, seed=5)), visited())
    for name, reading in untrained.items():
        assert again[name].to_json() == reading.to_json()


def test_strict_knows_numpy():
    given = {"a": np.float32(1), "b": (np.nan, np.inf), "c": np.arange(2), "d": np.bool_(True)}
    assert strict(given) == {"a": 1.0, "b": [None, None], "c": [0, 1], "d": True}


def test_the_figure_is_drawn_from_json(untrained, tmp_path):
    figures.draw(untrained, tmp_path / "a.png", title="untrained")
    cards = {name: reading.to_json() for name, reading in untrained.items()}
    figures.draw(cards, tmp_path / "b.png", title="untrained")
    figures.draw(read(planted.adam(), visited(), ["momentum"]), tmp_path / "c.png")
    assert (tmp_path / "a.png").read_bytes() == (tmp_path / "b.png").read_bytes()


def test_a_new_probe_states_its_own_headline_and_panel(untrained, tmp_path, monkeypatch):
    drawn = []
    new = Probe("oddness", "is it odd?", headline=("bias",), panels=(lambda axis, values: bool(drawn.append(values)),))
    values = {"other": exact(3.0), "bias": exact(0.25)}
    reading = Reading("present", values, "oddness: all of it", [{"name": "sgd", "passed": True}]).to_json()
    figures.draw(untrained, tmp_path / "before.svg")
    monkeypatch.setitem(PROBES, "oddness", new)
    figures.draw({**untrained, "oddness": reading}, tmp_path / "after.svg")
    text = readings_text("gru", "bowl", {"oddness": reading})
    assert drawn == [reading["values"]]
    assert "oddness: PRESENT; all of it (controls passed: 1) bias 0.250" in " ".join(text.split())
    before, after = ((tmp_path / f"{name}.svg").read_text().count('<g id="axes_') for name in ("before", "after"))
    assert after == before + 1


def test_the_example_of_the_page_on_mechanisms(capsys):
    page = Path(__file__).parents[1] / "docs" / "probes-mechanisms.md"
    exec(re.search(r"```python\n(.*?)```", page.read_text(), re.DOTALL)[1], {})
    verdict, slope = capsys.readouterr().out.split()
    assert verdict == "present"
    assert float(slope) == pytest.approx(-1, abs=0.01)
