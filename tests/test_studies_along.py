"""Along training: planted rules read by hand values, series sorted, the claim judged, the cause raced and drawn."""

import dataclasses
import json

import numpy as np
import pytest
from click.testing import CliRunner

import optimizers
from bench.commands.anatomy import command
from bench.errors import UserError
from bench.lookup.resolve import named_task
from bench.probes.dynamics.subject import Subject, Visited
from bench.probes.dynamics.system import System
from bench.studies.along import claim
from bench.studies.along.answers import answers, shared
from bench.studies.along.claim import mean_of
from bench.studies.along.figure import PANELS, figure
from bench.studies.along.measure import along, measure, write
from bench.studies.along.report import sentences
from bench.studies.along.row import Numbers
from bench.studies.along.series import Series, load
from optimizers.shipped import save

HORIZON = 60


def subject(function, size):
    gradients = np.random.default_rng(0).standard_normal(4 * HORIZON)
    return Subject.of(System(function, np.zeros(size)), Visited(gradients, None, HORIZON))


def heavy_ball(h, g, t):
    v = 0.9 * h[:, 0] + g
    return v[:, None], -0.1 * v


def agreement(h, g, t):
    """Rate 0.1 e^(0.7 a), a an average of whether signs agree; Rprop in leaky form. State: a, last sign."""
    sign = np.clip(g / 0.01, -1, 1)
    after = np.where(sign == 0, h[:, 0], 0.5 * h[:, 0] + 0.5 * sign * h[:, 1])
    return np.stack([after, np.where(sign == 0, h[:, 1], sign)], axis=1), -0.1 * np.exp(0.7 * h[:, 0]) * g


def braking(h, g, t):
    """Rate 0.1 / (1 + |m|), m a leaky average."""
    m = 0.8 * h[:, 0] + 0.2 * g
    return m[:, None], -0.1 / (1 + np.abs(h[:, 0])) * g


def size_memory(h, g, t):
    """Rate 0.1 / (1 + v), v an average of |g|: falls whatever the signs."""
    return (0.8 * h[:, 0] + 0.2 * np.abs(g))[:, None], -0.1 / (1 + h[:, 0]) * g


def pushed(h, g, t):
    """tanh of a velocity: its slope at 0 falls, its largest slope stays."""
    v = 0.8 * h[:, 0] + 0.2 * g
    return v[:, None], -0.1 * np.tanh(v)


@pytest.mark.parametrize(
    ("rule", "size", "change", "constant", "alternating"),
    [
        (heavy_ball, 1, 1.0, 1.0, 1.0),
        (agreement, 2, np.exp(0.7), np.exp(0.7), np.exp(-0.7)),
        (braking, 1, 1 / 11, 1 / 2, 1 / (1 + 0.2 / 1.8)),  # |m| of ±1 settles at 0.2 / (1 + 0.8)
        (size_memory, 1, 1 / 11, 1 / 2, 1 / 2),
    ],
)
def test_planted_rules_answer_by_their_own_law(rule, size, change, constant, alternating):
    found = answers(subject(rule, size), 1.0)
    assert found.gradients[[0, -1]].tolist() == [0.01, 10.0]
    assert found.change == pytest.approx(change, rel=0.02)
    assert found.constant[0] == pytest.approx(constant, rel=0.02)
    assert found.alternating[0] == pytest.approx(alternating, rel=0.02)
    assert found.constant[1] == pytest.approx(change, rel=0.02)
    assert found.rise == pytest.approx(max(change, 1.0), rel=0.02)


def test_a_saturating_velocity_keeps_its_largest_slope_while_gradients_reach_back():
    """Pushed by 0.8 g*, an update curve over ±10 still holds its middle for g* below 2.5."""
    found = answers(subject(pushed, 1), 1.0)
    near = found.gradients < 2.4
    np.testing.assert_allclose(found.centred[:, near], 1.0, atol=0.1)
    last = np.flatnonzero(near)[-1]
    velocity = 0.8 * found.gradients[last]
    np.testing.assert_allclose(found.at_zero[:, last], 1 / np.cosh(velocity) ** 2, rtol=0.02)


def test_gaussian_histories_of_a_memory_of_sizes():
    found = answers(subject(size_memory, 1), 1.0)
    np.testing.assert_allclose(
        found.gaussian, 1 / (1 + np.array([1, 10]) * np.sqrt(2 / np.pi)), rtol=0.2
    )  # E|g| of a standard normal


def test_what_arms_share_by_hand():
    factors = np.array([[2.0, 0.5, 2.0, np.nan], [3.0, 0.25, 0.5, 2.0]])
    np.testing.assert_allclose(shared(factors), [2.0, 0.5, 1.0, np.nan])


def test_an_interval_of_factors_by_hand():
    """Mean 0.5, deviation of the mean 0.5, t of 3 degrees of freedom 3.182."""
    value, low, high = mean_of(np.exp([-0.5, 0.5, 0.5, 1.5]))
    error = np.std([-0.5, 0.5, 0.5, 1.5], ddof=1) / 2
    np.testing.assert_allclose(
        [value, low, high], np.exp([0.5, 0.5 - 3.18245 * error, 0.5 + 3.18245 * error]), rtol=1e-5
    )


def rows(*told):
    """{iteration: numbers} of (iteration, score, change, constant, alternating)."""
    return {
        i: Numbers(score, change=change, centred=change, constant_large=constant, alternating_large=alternating)
        for i, score, change, constant, alternating in told
    }


def grown(shift=0.0):
    """A series whose rate falls when young and follows sign agreement when grown, a little apart."""
    far = np.exp(shift)
    return rows(
        (0, 1.0, None, None, None),
        (10, 0.5, 0.9, 0.9, 1.0),
        (50, 0.03, 0.5 * far, 0.8, 0.98),
        (200, 0.02, 0.8, 1.5 * far, 0.7),
        (400, 0.5, 3.0, 3.0, 0.1),
    )


def test_young_and_grown_are_the_first_and_last_within_twice_the_best():
    assert claim.ages(grown()) == (50, 200)
    assert claim.ages(rows((0, 1.0, None, None, None), (3, 0.9, 1.0, 1.0, 1.0))) == (3, 3)


def verdicts(series):
    found = claim.parts(series)
    return {part.name: part for part in found}, claim.together(found)


def test_a_planted_growth_is_held_and_its_interval_is_by_hand():
    found, together = verdicts([grown(-0.1), grown(0.0), grown(0.1)])
    assert together == "held"
    young = found["young falls"]
    width = 4.302653 * 0.1 / np.sqrt(3)  # t of two degrees of freedom
    np.testing.assert_allclose([young.value, young.low, young.high], 0.5 * np.exp([0, -width, width]), rtol=1e-6)
    grows = found["agreement grows"]
    assert grows.value == pytest.approx((1.5 / 0.7) / (0.8 / 0.98))
    assert found["score"].value == pytest.approx(2 / 3)


def test_no_growth_is_not_held_and_one_seed_or_no_number_decides_nothing():
    still = rows((0, 1.0, None, None, None), (50, 0.03, 0.5, 0.8, 0.98), (200, 0.02, 0.5, 0.8, 0.98))
    found, together = verdicts([still, still, still])
    assert found["young falls"].verdict == "held"
    assert found["grown rises"].verdict == "not held"
    assert together == "not held"
    assert verdicts([grown()])[1] == "not decidable"
    unknown = {i: row._replace(change=None) for i, row in grown().items()}
    assert verdicts([unknown, grown(), grown()])[0]["young falls"].verdict == "not decidable"


def test_seeds_that_scatter_decide_nothing():
    assert claim.judge(True, 1.5, 0.9, 2.5) == "not decidable"
    assert claim.judge(True, 1.5, 1.01, 2.2) == "held"
    assert claim.judge(False, 0.95, 0.92, 1.2) == "not held"


def card(seed, iteration, command="train"):
    return {
        "architecture": "gru[units=2]",
        "tasks": ["rosenbrock"],
        "command": command,
        "iterations": iteration,
        "seed": seed,
    }


def test_series_are_told_apart_by_the_command_of_their_cards(tmp_path):
    for seed in (1, 0):
        for i in (0, 3, 12):
            path = tmp_path / f"gru{seed}.kept" / f"gru{seed}-at-{i:02d}.npz"
            save(path, {"a": np.ones(1)}, card(seed, i, f"train --seed {seed}"))
    found = load([tmp_path / "gru1.kept", *sorted((tmp_path / "gru0.kept").glob("*.npz"))])
    assert [(one.name, one.seed, list(one.entries)) for one in found] == [
        ("gru0", 0, [0, 3, 12]),
        ("gru1", 1, [0, 3, 12]),
    ]
    assert found[0].entries[12].name == "gru0-at-12"


def test_what_is_no_series_is_refused_in_one_line(tmp_path):
    with pytest.raises(UserError, match="nowhere is neither a folder nor a weights file; keep some by"):
        load([tmp_path / "nowhere"])
    with pytest.raises(UserError, match="holds no weights"):
        load([tmp_path])
    save(tmp_path / "a-at-1.npz", {"a": np.ones(1)}, card(0, 1))
    with pytest.raises(UserError, match=r"a-at-1.npz is the only one of its training"):
        load([tmp_path])
    save(tmp_path / "b-at-1.npz", {"a": np.ones(1)}, card(0, 1))
    with pytest.raises(UserError, match="are of the same iteration of one training"):
        load([tmp_path])
    save(tmp_path / "plain.npz", {"a": np.ones(1)}, {k: v for k, v in card(0, 1).items() if k != "iterations"})
    with pytest.raises(UserError, match="does not say after how many iterations"):
        load([tmp_path / "plain.npz"])


@pytest.mark.parametrize(
    ("words", "text"),
    [
        (["momentum", "adam"], "2 optimizers given, and a page is of one; name one, or --along for kept weights"),
        (["--along", "here", "--trials", "3"], "--trials has no meaning with --along, where nothing is tuned"),
        (["--along", "nowhere"], "nowhere is neither a folder nor a weights file"),
    ],
)
def test_mistaken_commands(words, text, tmp_path):
    done = CliRunner().invoke(command, [*words, "--task", "rosenbrock", "--out", str(tmp_path)])
    assert text in str(done.exception)
    with pytest.raises(UserError, match="seeds must be a whole number of at least 2, not 1"):
        along([], "rosenbrock", tmp_path, seeds=1)


@pytest.fixture(scope="module")
def planted(tmp_path_factory):
    """Momentum with growing β: (what was measured, folder, what progress said)."""
    from bench.studies.along.numbers import Place

    out, said = tmp_path_factory.mktemp("along"), []
    base = optimizers.get("momentum")
    entries = {
        i: dataclasses.replace(base, defaults={**base.defaults, "learning_rate": 1e-4, "momentum": beta})
        for i, beta in ((0, 0.2), (10, 0.5), (100, 0.9))
    }
    place = Place(named_task("rosenbrock"), 30, 4)
    found = measure([Series("planted", 0, entries), Series("again", 1, entries)], place, out, said.append)
    write(found, out)
    return found, out, said, place, entries


def test_a_planted_series_has_its_own_numbers(planted):
    found, out, *_ = planted
    for one in found["series"]:
        assert [row["beta"] for row in one["rows"]] == pytest.approx([0.2, 0.5, 0.9], rel=1e-4)
        assert [row["alpha"] for row in one["rows"]] == pytest.approx([1e-4] * 3, rel=1e-4)
        for row in one["rows"]:
            assert (row["knee"], row["beyond"]) == (None, 0.0)
            factors = [
                row[name] for name in ("peak", "change", "centred", "rise", "constant", "alternating", "gaussian")
            ]
            assert factors == pytest.approx([1.0] * 7, rel=1e-3)
    lines = (out / "along.csv").read_text().splitlines()
    assert len(lines) == 7
    assert lines[0].startswith("task,series,seed,iteration,score,")
    assert lines[3].startswith("rosenbrock,planted,0,100,")
    assert "not held" in sentences(found)[0]
    assert "**Not held** on rosenbrock" in (out / "along.md").read_text()


def test_the_score_is_the_geometric_mean_of_raced_problems(planted):
    import bench

    found, *_, entries = planted
    frame = bench.evaluate("rosenbrock", entries[100], seeds=4, steps=30, record="all")
    losses = frame["loss"].to_numpy().reshape(4, 31)
    by_hand = np.exp(np.log((losses / losses[:, :1]).mean(axis=1)).mean())
    assert found["series"][0]["rows"][2]["score"] == pytest.approx(by_hand, rel=1e-4)


def test_measured_again_is_read(planted, monkeypatch):
    found, out, _, place, entries = planted
    monkeypatch.setattr("bench.studies.along.numbers.scores", None)
    again = measure([Series("planted", 0, entries), Series("again", 1, entries)], place, out)
    assert json.dumps(again) == json.dumps(found)


def test_the_figure_has_a_line_per_seed_on_log_iterations_with_units(planted):
    drawn = figure(planted[0])
    axes = drawn.axes
    assert len(axes) == len(PANELS) == 12
    assert all(axis.get_xlabel() == "meta-iterations" and axis.get_ylabel() for axis in axes)
    assert {axis.get_xscale() for axis in axes} == {"symlog"}
    beta = axes[1]
    lines = [line for line in beta.lines if len(line.get_xdata()) == 3]
    assert len(lines) == 2
    assert len({line.get_marker() for line in lines}) == 2
    assert [text.get_text() for text in drawn.legends[0].get_texts()] == ["planted, seed 0", "again, seed 1"]


def test_a_graft_of_a_rule_without_adaptation_is_the_rule(planted):
    """Momentum's rate follows nothing: apart, frozen or on another's rate it is the same; β is what differs."""
    from bench.studies.along.cause import lost

    _, _, _, place, entries = planted
    found = {(pair.variant, pair.beside): pair for pair in lost(place, entries[100], entries[10])}
    for variant in ("no rise", "no adaptation", "no rise beyond the young"):
        assert found[variant, "grown"].ratio == pytest.approx(1.0, rel=1e-3)
    assert found["young", "grown"].ratio != pytest.approx(1.0, rel=0.01)
