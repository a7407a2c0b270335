"""The parts of meta-training alone, by hand-known values: mixtures, schedules, Adam, checkpoints, curves, the line."""

import dataclasses
import json
import re
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

import bench.metatraining
from bench.commands import anatomy, maintain, metatrain
from bench.commands.targets import command as targets_command
from bench.engine.keys import digest
from bench.errors import UserError
from bench.lookup.resolve import named_task
from bench.maintain import retrain
from bench.metatraining import Settings, baselines, curves, descent, mixture, state, training
from bench.metatraining.card import command, identity
from bench.metatraining.loop import Loop
from bench.metatraining.metagradient import Estimate
from optimizers import learned
from tasks import tf


def settings(**changes):
    return Settings(**{"steps": 100, **changes})


def fresh():
    return state.start({"a": np.float32([1.0, -2.0]), "b": np.float32([0.5])})


def test_a_task_is_drawn_as_often_as_its_weight_says():
    s = settings(weights=(1.0, 3.0), batch=(2, 4))
    drawn = [mixture.draw(s, 2, i) for i in range(2000)]
    assert np.mean([d.task for d in drawn]) == pytest.approx(0.75, abs=0.03)
    assert {(d.task, len(d.numbers)) for d in drawn} == {(0, 2), (1, 4)}
    numbers = [number for d in drawn for number in d.numbers]
    assert len(set(numbers)) == len(numbers)


def test_without_weights_and_schedules_an_iteration_sees_what_it_always_saw():
    drawn = mixture.draw(settings(seed=5, batch=8), 3, 7)
    assert drawn.task == digest("mixture/5/7") % 3
    assert drawn.numbers[0] == (digest("metatrain/5") + 7 * 8) % (2**31 - 2**17)
    assert np.diff(drawn.numbers).tolist() == [1] * 7
    assert {settings().stage(i) for i in range(100)} == {(200, 0.95)}


def test_schedules_reach_their_ends_in_five_stages():
    s = settings(unroll=100, unroll_from=20, discount=0.9, discount_from=0.5)
    stages = [s.stage(i) for i in range(100)]
    assert [stages[i].unroll for i in (0, 19, 20, 40, 60, 80, 99)] == [20, 20, 40, 60, 80, 100, 100]
    assert stages[0].discount == 0.5
    assert stages[99].discount == pytest.approx(0.9)


def test_the_cards_command_means_the_same_settings(monkeypatch, tmp_path):
    """What the card says is what the command line hands over, every setting of it."""
    subjects = [named_task("rosenbrock"), named_task("scaled-loss[task='booth',factor=2.0]")]
    for s in (
        settings(),
        settings(batch=(8, 2), weights=(1.0, 2.5), unroll_from=20, discount_from=0.5, validation=16, parts=2),
        settings(loss="log", log_weight=0.3, rate=1e-4, seed=7, estimator="backprop"),
    ):
        seen = {}
        monkeypatch.setattr(
            bench.metatraining, "metatrain", lambda *given, seen=seen, **more: seen.update(more, given=given)
        )
        line = command("gru[units=4,input=raw]", subjects, s, tmp_path / "x.npz")
        done = CliRunner().invoke(metatrain.command, retrain.shlex.split(line)[4:])
        assert done.exit_code == 0, done.output
        assert seen.pop("given") == ("gru[units=4,input=raw]", [x.name for x in subjects])
        assert seen.pop("out") == tmp_path / "x.npz"
        assert (seen.pop("baselines"), seen.pop("plot"), seen.pop("workers")) == (True, None, 1)
        assert Settings(**seen) == s


def test_adams_first_steps_and_the_clip_by_hand():
    first = descent.descend(fresh(), {"a": np.float32([0.3, -0.1]), "b": np.float32([0.0])}, 0.5, 0.01, settings())
    np.testing.assert_allclose(first.theta["a"], [0.99, -1.99], rtol=1e-6)  # rate × sign
    assert first.theta["b"] == 0.5
    assert (first.updates, first.norms) == (1, [0.5])
    assert descent.norm_of({"a": np.float32([3.0]), "b": np.float32([4.0])}) == 5.0
    known = dataclasses.replace(fresh(), norms=[1.0] * 99)
    clipped = descent.descend(known, {"a": np.float32([8.0, 0.0]), "b": np.float32([0.0])}, 8.0, 0.01, settings())
    np.testing.assert_allclose(clipped.first["a"], [0.1 * 8.0 / 8.0, 0.0], rtol=1e-6)  # norm at most 1
    small = dataclasses.replace(fresh(), norms=[0.1] * 99)
    clipped = descent.descend(small, {"a": np.float32([0.8, 0.0]), "b": np.float32([0.0])}, 0.8, 0.01, settings())
    np.testing.assert_allclose(clipped.first["a"], [0.1 * 0.2, 0.0], rtol=1e-6)  # twice the median
    assert known.norms == [1.0] * 99


def test_the_rate_warms_up_and_falls_to_a_hundredth():
    assert descent.rate_at(Settings(steps=10**6, rate=1.0), 10) == pytest.approx(0.5)
    assert descent.rate_at(Settings(steps=1000, rate=1.0), 500) == pytest.approx(0.505)
    assert descent.rate_at(Settings(steps=1000, rate=1.0), 1000) == pytest.approx(0.01)


def test_the_papers_descent_by_hand():
    """Two steps of one weight at 3 under gradients 0.5 and −0.2, every element clipped to ± 0.3."""
    s = settings(beta_1=0.8, beta_2=0.6, epsilon=0.1, clip_each=0.3, l2=0.01, rate=0.5, decay=0.25)
    now = state.start({"a": np.float32([3.0])})
    a, m, v = 3.0, 0.0, 0.0
    for k, slope in enumerate((0.5, -0.2)):
        g = np.clip(slope + 0.01, -0.3, 0.3)  # of the norm of one weight, its sign
        m, v = 0.8 * m + 0.2 * g, 0.6 * v + 0.4 * g * g
        rate = 0.5 * 0.25 ** (k / 1000)
        a -= rate * m / (1 - 0.8 ** (k + 1)) / (np.sqrt(v / (1 - 0.6 ** (k + 1))) + 0.1)
        now = descent.descend(now, {"a": np.float32([slope])}, abs(slope), descent.rate_at(s, k + 1), s)
        np.testing.assert_allclose(now.theta["a"], [a], rtol=1e-6)
    assert descent.rate_at(s, 1001) == pytest.approx(0.125)


def test_a_checkpoint_comes_back_whole_and_from_before_younger_settings(tmp_path):
    about = json.loads(json.dumps(identity("gru", [named_task("rosenbrock")], settings())))
    kept = dataclasses.replace(
        fresh(), iteration=3, norms=[1.5, 2.0], score=0.25, history=[[3, 0.25, 0.5, -1.0]], curve=[[1, 0, 0.5, 2.0, 0]]
    )
    state.save(tmp_path / "x.checkpoint", kept, about)
    again = state.load(tmp_path / "x.checkpoint", fresh(), about)
    for field in dataclasses.fields(kept):
        np.testing.assert_equal(getattr(again, field.name), getattr(kept, field.name))
    younger = ("log_weight", "validation", "weights", "unroll_from", "discount_from", "estimator")
    older = {name: value for name, value in about.items() if name not in younger}
    state.save(tmp_path / "old.checkpoint", kept, older)
    assert state.load(tmp_path / "old.checkpoint", fresh(), about).iteration == 3
    with pytest.raises(UserError, match="belongs to a training with other settings"):
        state.load(tmp_path / "old.checkpoint", fresh(), {**about, "log_weight": 0.3})


def test_curves_stay_small_and_keep_every_validation():
    long = dataclasses.replace(
        fresh(),
        curve=[[i, 0, 0.123456789, 1.23456789e-5, 0] for i in range(1, 10001)],
        history=[[i, 0.5, 0.25, -3.0] for i in (5000, 10000)],
    )
    lines = curves.text(long, ["two-moons-small"]).splitlines()
    assert sum(map(len, lines)) < 100_000
    assert lines[0].split(",") == list(curves.HEADER)
    assert lines[1] == "1,two-moons-small,0.123457,1.23457e-05,0,,,"
    assert lines[-1] == "10000,,,,,0.5,0.25,-3"
    assert len(lines) > 1000


def test_the_line_sets_the_held_out_score_beside_the_best_baseline():
    subjects = [named_task("rosenbrock"), named_task("booth")]
    known = {
        "rosenbrock": {"momentum": {"mean": 0.05}, "adam": {"mean": 0.1}},
        "booth": {"momentum": {"mean": 0.4}, "adam": {"mean": 0.2}},
    }
    assert baselines.compared([0.043], subjects[:1], known) == "×0.86 momentum"
    assert baselines.compared([0.1, 0.1], subjects, known) == "×1 the best baselines"
    assert baselines.compared([0.1], subjects[:1], {}) is None
    now = dataclasses.replace(fresh(), shown={"mean": 0.043, "log10": -5.1}, means=[0.043], baselines=known, skipped=2)
    line = training.status(now, subjects[:1])
    assert line == "mean 0.043 (×0.86 momentum) log10 -5.1 skipped 2"
    assert training.status(fresh(), subjects) == ""
    assert training._brief("gru[units=16]", 2) == "gru[…] seed 2"
    assert training._brief("gru", 0) == "gru"


class Two:
    """An estimator of two segments whose meta-gradient is θ itself, the second one not finite where asked."""

    def __init__(self, broken=()):
        self.broken, self.seen = broken, []

    def segments(self, unroll):
        return 2

    def compile(self, goal):
        self.goal = goal
        return self

    def begin(self, theta, params, data, batches):
        return 0

    def segment(self, theta, carry, data, batches, k, key):
        self.seen.append((carry, k, tuple(key.numpy())))
        loss = np.nan if len(self.seen) in self.broken else 1.0
        return Estimate(tf.constant(loss), None, dict(theta)), carry + 1


def test_theta_moves_after_every_segment_and_broken_ones_are_counted():
    loop = Loop(learned.get("gru[units=2]"), [named_task("booth")], settings(batch=3, unroll=10))
    loop.estimator = Two(broken=(3,))
    now = state.start(learned.get("gru[units=2]").initial(0))
    for _ in range(2):
        now = loop.iterate(now)
    assert (now.iteration, now.updates, now.skipped) == (2, 3, 1)
    assert now.gradients == 2 * 3 * 11
    assert [(carry, k) for carry, k, _ in loop.estimator.seen] == [(0, 0), (1, 1)] * 2
    assert len({key for *_, key in loop.estimator.seen}) == 4
    assert [row[4] for row in now.curve] == [0, 0, 1, 0]
    assert loop.estimator.goal.score.log_weight == 0.005
    shrunk = np.abs(now.theta["kernel"]) < np.abs(learned.get("gru[units=2]").initial(0)["kernel"])
    assert shrunk.all()


@pytest.mark.parametrize(
    ("tasks_", "change", "text"),
    [
        ("booth", {"batch": 10**9}, r"would take .* GB, .* lower --batch"),
        ("booth", {"weights": [1, 2]}, "weights has 2 numbers for 1 task; give one for each"),
        (["booth", "beale"], {"batch": [8, 8, 8]}, "batch has 3 numbers for 2 tasks"),
        (["booth", "beale"], {"weights": [1.0, 0.0]}, r"weights must be above 0, not \[1.0, 0.0\]"),
        ("booth", {"unroll_from": 0}, "unroll_from must be a whole number of at least 1"),
        ("booth", {"discount_from": 2.0}, "discount_from must be above 0 and at most 1, not 2.0"),
        ("booth", {"estimator": "psychic"}, "unknown estimator 'psychic'; known: backprop, truncated"),
    ],
)
def test_mistakes_are_named_before_anything_runs(tasks_, change, text):
    with pytest.raises(UserError, match=text):
        bench.metatraining.metatrain("gru[units=2]", tasks_, steps=3, progress=False, **change)


@pytest.mark.parametrize(
    ("options", "text"),
    [
        (["--seed", "a"], "--seed must be a whole number of at least 0, not 'a'"),
        (["--seed", "1,1"], "--seed names one twice: 1,1"),
        (["--seed", "0,1", "--workers", "0"], "workers must be a whole number of at least 1"),
        (["--seed", "0,1", "--plot", "x.png"], "--plot draws one training"),
        (["--batch", "8,x"], "--batch must be a whole number of at least 1, not 'x'"),
    ],
)
def test_mistaken_options(options, text, tmp_path):
    line = ["gru", "--tasks", "booth", "--out", str(tmp_path / "x.npz"), *options]
    done = CliRunner().invoke(metatrain.command, line)
    assert isinstance(done.exception, UserError)
    assert text in str(done.exception)


def test_remaking_runs_the_cards_command_elsewhere(tmp_path):
    (made,) = retrain.commands(["gru-rosenbrock"], tmp_path)["gru-rosenbrock"]
    assert made[1:4] == ["-m", "bench", "metatrain"]
    assert made[made.index("--out") + 1] == str(tmp_path / "gru-rosenbrock.npz")
    assert set(retrain.commands([])) >= {"gru-rosenbrock", "gru-linear-regression"}
    with pytest.raises(UserError, match=r"no shipped weights nope; there are: .*gru-"):
        retrain.commands(["nope"])


def test_the_pages_options_exist():
    page = (Path(__file__).parents[1] / "docs" / "metatraining.md").read_text()
    known = {
        name
        for command in (metatrain.command, maintain.weights, targets_command, anatomy.command)
        for option in command.params
        for name in (*option.opts, *option.secondary_opts)
    } | {"--optimizers"}
    assert set(re.findall(r"--[a-z0-9-]+", page)) - {"---"} <= known
