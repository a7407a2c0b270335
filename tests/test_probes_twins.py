"""A reading beside untrained networks: how they are drawn, run and kept, and what "discovered" needs."""

import dataclasses

import numpy as np
import pytest

import optimizers
from bench.errors import UserError
from bench.lookup import resolve
from bench.probes import run, twins
from bench.probes.catalog import PROBES, Deciding, Probe
from bench.probes.controls.catalog import visited
from bench.probes.dynamics.component import system_of
from bench.probes.dynamics.system import System
from bench.probes.reading import Reading, exact
from bench.probes.twins import measure
from bench.probes.twins.compare import beside, most, power
from bench.probes.twins.draw import FIRST, aligned, untrained
from bench.probes.twins.family import systems
from bench.reports.readings import readings_text
from optimizers import learned, shipped

GRU = learned.get("gru[units=4,output_scale=1.0]")


def trained(architecture=GRU, seed=0):
    """θ away from where training starts, wherever that is."""
    rng = np.random.default_rng(seed)
    start = architecture.initial(seed)
    return {name: np.asarray(v + 0.3 * rng.standard_normal(np.shape(v)), "float32") for name, v in start.items()}


def test_a_twin_has_drawn_weights_and_the_sizes_of_what_is_not_drawn():
    theta = trained()
    many = [untrained(GRU, theta, i) for i in range(200)]
    np.testing.assert_array_equal(many[3]["kernel"], GRU.initial(FIRST + 3)["kernel"])
    assert {name: v.shape for name, v in many[0].items()} == {name: v.shape for name, v in theta.items()}
    for name in ("readout", "initial_state", "bias"):
        start = GRU.initial(0)[name]
        sizes = [np.sqrt(np.mean((twin[name] - start) ** 2)) for twin in many]
        assert np.sqrt(np.mean(np.square(sizes))) == pytest.approx(
            np.sqrt(np.mean((theta[name] - start) ** 2)), rel=0.1
        )


def test_twins_repeat_and_those_of_a_network_at_its_start_do_nothing_either():
    theta = GRU.initial(7)
    np.testing.assert_equal(untrained(GRU, theta, 1), untrained(GRU, theta, 1))
    assert not np.any(untrained(GRU, theta, 1)["readout"])


def test_twins_are_turned_downhill_and_brought_to_the_size_of_the_network():
    def line(slope):
        return System(lambda h, g, t: (h, slope * g), np.zeros(0))

    gradients = np.random.default_rng(0).standard_normal((3, 20))
    step = aligned(line(5.0), line(-0.1), gradients).step(np.zeros((2, 0)), np.array([1.0, -2.0]), 0)[1]
    np.testing.assert_allclose(step, [-0.1, 0.2])
    still = aligned(line(0.0), line(-0.1), gradients).step(np.zeros((1, 0)), np.ones(1), 0)[1]
    assert not still.any()


@pytest.mark.parametrize("spelled", ["gru[units=3]", "lstm[units=3]", "lds[units=3]", "rnnprop[units=3]"])
def test_one_program_runs_every_network_of_an_architecture(spelled):
    architecture = learned.get(spelled)
    family = systems(architecture.build, trained(architecture))
    assert type(family).__name__ == "_Family"
    other = trained(architecture, seed=1)
    gradients = np.random.default_rng(1).standard_normal((30, 5)) * [0.01, 0.1, 1, 10, 100]
    both = [family(other), system_of(architecture.build(other))]
    np.testing.assert_array_equal(both[0].h0, both[1].h0)
    found = [system.rollout(np.tile(system.h0, (5, 1)), gradients, 3) for system in both]
    stepped = [system.step(paths[0][-1], gradients[0], 7) for system, paths in zip(both, found, strict=True)]
    for fast, slow in [*zip(*found, strict=True), *zip(*stepped, strict=True)]:
        np.testing.assert_allclose(fast, slow, rtol=1e-9, atol=1e-12)


def test_what_is_no_row_of_numbers_is_compiled_for_itself():
    architecture = learned.get("hyperparameters[optimizer=momentum]")
    theta = architecture.initial(0)
    system = systems(architecture.build, theta)(theta)
    defaults = optimizers.get("momentum").defaults
    moves = system.rollout(system.h0[None], np.array([[1.0], [0.0]]))[1][:, 0]
    np.testing.assert_allclose(moves, -defaults["learning_rate"] * np.array([1, defaults["momentum"]]), rtol=1e-5)


def made_up(*numbers, verdict="present", name="lasting"):
    return [{"verdict": verdict, "values": {name: number}} for number in numbers]


PRESENT = Reading("present", {"lasting": exact(0.8)}, "momentum: much")


@pytest.mark.parametrize(
    ("others", "reached", "beyond"),
    [
        (made_up(*[0.5] * 39), 0, True),
        (made_up(0.8, *[0.5] * 38), 1, True),
        (made_up(0.8, 0.9, *[0.5] * 37), 2, False),
        (made_up(None, None, *[0.5] * 37), 2, False),
        ([*made_up(0.9, 0.9, verdict="undecided"), *made_up(*[0.5] * 37)], 0, True),
    ],
)
def test_beyond_its_twins_is_one_in_twenty(others, reached, beyond):
    found = beside("momentum", PRESENT, others)
    assert (found["count"], found["reached"], found["beyond"]) == (39, reached, beyond)
    assert found["p"] == (1 + reached) / 40
    assert dataclasses.replace(PRESENT, twins=found).discovered is beyond
    assert found["sentence"].endswith("): discovered" if beyond else "): not discovered")


def test_only_what_is_present_is_discovered():
    absent = dataclasses.replace(PRESENT, verdict="absent")
    found = beside("momentum", absent, [*made_up(*[0.1] * 30), *made_up(*[0.1] * 10, verdict="absent")])
    assert (found["share"], found["present"], found["beyond"]) == (0.25, 0.75, False)
    assert found["verdicts"] == {"present": 30, "absent": 10, "undecided": 0}
    assert not dataclasses.replace(absent, twins=found).discovered


def test_quantiles_of_every_main_number_are_of_the_twins_that_have_it():
    found = beside("momentum", PRESENT, made_up(*np.linspace(0, 1, 41), None))["quantiles"]
    assert set(found) == set(PROBES["momentum"].main)
    assert found["lasting"] == {"low": 0.025, "median": 0.5, "high": pytest.approx(0.975), "below": 32 / 41}
    assert found["alpha"] == {"low": None, "median": None, "high": None, "below": None}


def test_the_power_is_that_of_the_number_of_twins():
    assert [most(count) for count in (18, 19, 38, 39, 58, 59)] == [-1, 0, 0, 1, 1, 2]
    assert power(18) == 0.0
    assert power(39) == pytest.approx(0.99**39 + 39 * 0.01 * 0.99**38)


@pytest.mark.parametrize(
    ("direction", "little", "much"),
    [("more", -3, 2), ("nearer 0", -3, 2), ("further from 0", 2, -3), ("further from 1", 2, 0.3)],
)
def test_directions(direction, little, much):
    deciding = Deciding("x", direction)
    assert deciding.amount(much) > deciding.amount(little)


def test_every_shipped_probe_says_what_decides():
    assert all(probe.deciding and probe.deciding.number in probe.main for probe in PROBES.values())


def test_twins_are_measured_once(monkeypatch, tmp_path):
    calls = []

    def measured(network, probes, count, progress):
        calls.append((network.spelled, list(probes), count))
        return {name: made_up(0.1 * len(calls), float("inf")) for name in probes}

    monkeypatch.setattr(measure, "_measured", measured)
    monkeypatch.setenv("OPTOSCOPE_CACHE", str(tmp_path))
    network = measure.Network("gru[units=4]", GRU, trained(), visited(40))

    def ask(network, names, version=1):
        return measure.twins(network, names, 39, version, lambda share: None)

    first = ask(network, ["momentum"])
    assert first["momentum"][1]["values"]["lasting"] is None
    assert ask(network, ["momentum", "schedule"])["momentum"] == first["momentum"]
    ask(network, ["momentum"], version=2)
    ask(network._replace(theta=trained(seed=1)), ["momentum"])
    ask(network._replace(visited=visited(50)), ["momentum"])
    monkeypatch.setenv("OPTOSCOPE_CACHE", "")
    ask(network, ["momentum"])
    assert [probes for _, probes, _ in calls] == [["momentum"], ["schedule"], *[["momentum"]] * 4]


def test_the_twins_of_a_probe_of_ones_own_are_not_kept(monkeypatch, tmp_path):
    @dataclasses.dataclass(frozen=True)
    class Own(Probe):
        pass

    monkeypatch.setitem(PROBES, "own", Own("own", "is it mine?"))
    monkeypatch.setenv("OPTOSCOPE_CACHE", str(tmp_path))
    monkeypatch.setattr(measure, "_measured", lambda network, probes, *_: {name: made_up(0.1) for name in probes})
    network = measure.Network("gru[units=4]", GRU, trained(), visited(40))
    measure.twins(network, ["own"], 39, 1, lambda share: None)
    assert not list(tmp_path.rglob("*.json"))
    found = beside("own", PRESENT, made_up(0.5))
    assert (found["quantiles"], found["beyond"], found["sentence"]) == (
        {},
        None,
        "100 % of 1 untrained twins have it too",
    )


def test_only_learned_entries_of_a_named_architecture_have_twins():
    readings = {"momentum": PRESENT}
    assert twins.add(readings, optimizers.get("momentum"), {}, visited(40), 39, 0) == readings
    odd = dataclasses.replace(optimizers.get("momentum"), name="odd", kind="learned")
    found = twins.add(readings, odd, {}, visited(40), 39, 0)["momentum"]
    assert found.twins is None
    assert found.no_twins == "no untrained twins: 'odd' is not made of a named architecture; `metatrain` makes those"


def test_too_few_twins_are_refused():
    task, entry = resolve.named_task("rosenbrock"), resolve.entry("sgd")
    for count, said in (
        (18, "18 untrained twins cannot show a discovery; give 0 or at least 19"),
        (-1, "-1 untrained twins cannot show a discovery; give 0 or at least 19"),
        (39, "optimizer 'sgd' is hand-designed and has no untrained twins; leave them out"),
    ):
        with pytest.raises(UserError, match=said):
            run.probe(task, entry, dict(entry.defaults), twins=count)


def test_a_large_network_has_twins_only_when_asked():
    large = learned.get("gru[units=129]")
    entry = dataclasses.replace(optimizers.get("gru-rosenbrock"), build=Named("gru[units=129]"))
    found = twins.add({"momentum": PRESENT}, entry, large.initial(0), visited(40), None, 0)["momentum"]
    said = "no untrained twins: its state of 129 numbers makes them slow; ask for them with --twins 39"
    assert (found.twins, found.no_twins) == (None, said)


@dataclasses.dataclass(frozen=True)
class Named:
    architecture: str


def test_an_untrained_network_discovers_nothing(monkeypatch, tmp_path):
    """Random in all its weights, what `initial` leaves at zero too: present as its twins are, no more."""
    monkeypatch.setenv("OPTOSCOPE_CACHE", "")
    theta = {**GRU.initial(3), **{name: trained()[name] for name in ("readout", "offset", "initial_state", "bias")}}
    card = {"architecture": learned.spell(GRU), "tasks": ["rosenbrock"]}
    shipped.save(tmp_path / "random.npz", theta, card)
    entry = shipped.load_entry(tmp_path / "random.npz")
    system = system_of(entry.build(theta))
    names = ("schedule", "clipping")
    from bench.probes.dynamics.subject import Subject

    own = {name: PROBES[name](Subject.of(system, visited(60))) for name in names}
    found = twins.add(own, entry, dict(entry.defaults), visited(60), 19, 0)
    for name, reading in found.items():
        assert reading.twins["count"] == 19
        assert not reading.discovered
        assert set(reading.twins["quantiles"]) == set(PROBES[name].main)
    assert found["schedule"].twins["present"] > 0.5


def test_readings_in_words_say_what_was_discovered():
    control = {"name": "sgd", "passed": True}
    for numbers, said in ([0.5] * 39, "PRESENT and discovered"), ([0.9] * 39, "PRESENT, not discovered"):
        found = beside("momentum", PRESENT, made_up(*numbers))
        reading = dataclasses.replace(PRESENT, controls=(control,), twins=found, would_change="It would be absent.")
        text = " ".join(readings_text("a", "b", {"momentum": reading.to_json()}).split())
        assert said.upper() in text
        assert found["sentence"] in text
        assert "It would be absent. In brackets, but for the twins: the middle 95 %" in text
        brief = " ".join(readings_text("a", "b", {"momentum": reading.to_json()}, numbers=False).split())
        assert found["sentence"] in brief
        assert "It would be absent" not in brief
