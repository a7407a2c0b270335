"""What only shows or only shares the machine moves no bit: baselines, curves, pictures, other processes."""

import csv
import json

import numpy as np
import pytest

from bench.metatraining import metatrain
from bench.metatraining.seeds import Training, check, paths, train_seeds, unfinished
from bench.running.executor import Means
from optimizers import shipped

SMALL = {"steps": 6, "loss": "log", "batch": 4, "unroll": 10}


@pytest.fixture(scope="module")
def alone():
    return {seed: metatrain("gru[units=2]", "rosenbrock", seed=seed, progress=False, **SMALL) for seed in (0, 5)}


def equal(a, b):
    return all(np.array_equal(a[name], b[name]) for name in a)


@pytest.mark.slow
def test_baselines_curves_and_pictures_leave_the_weights_alone(alone, tmp_path, capsys):
    out, picture = tmp_path / "gru-seen.npz", tmp_path / "curves.png"
    theta = metatrain("gru[units=2]", "rosenbrock", out=out, plot=picture, **SMALL)
    assert equal(theta, alone[0])
    card = json.loads(out.with_suffix(".json").read_text())
    known = card["baselines"]["rosenbrock"]
    assert set(known) == {"tuning_seeds", "momentum", "rmsprop", "adam"}
    shown = capsys.readouterr().err
    assert "the meta-gradient will take 0." in shown
    mean = card["validation"]["iteration, meta-loss, mean, log10"][-1][2]
    best = min(("momentum", "rmsprop", "adam"), key=known.get)
    assert f"mean {mean:.4g} (×{mean / known[best]:.3g} {best}) log10" in shown
    assert picture.read_bytes().startswith(b"\x89PNG")
    with out.with_suffix(".csv").open() as file:
        rows = list(csv.DictReader(file))
    assert [int(row["iteration"]) for row in rows if row["task"]] == [1, 2, 3, 4, 5, 6]
    history = [float(row["held_out_meta_loss"]) for row in rows if not row["task"]]
    assert min(history) == pytest.approx(card["validation"]["meta_loss"], rel=1e-5)


def test_seeds_side_by_side_give_the_bits_of_each_alone(alone, tmp_path):
    settings = {**SMALL, "progress": False}
    outs = train_seeds(Training("gru[units=2]", ["rosenbrock"], settings), tmp_path / "pair.npz", (0, 5), Means(2))
    assert [path.name for path in outs] == ["pair.npz", "pair-2.npz"]
    for path, seed in zip(outs, (0, 5), strict=True):
        assert equal(dict(shipped.load_entry(path).defaults), alone[seed])
        card = json.loads(path.with_suffix(".json").read_text())
        assert f"--out {path} --steps 6 --seed {seed} " in card["command"]


def test_finished_seeds_are_kept_when_others_are_not(tmp_path, capsys):
    training, seeds = Training("gru[units=2]", ["rosenbrock"], SMALL), {tmp_path / "a.npz": 0, tmp_path / "b.npz": 5}
    first, second = seeds
    assert unfinished(training, seeds) == seeds
    metatrain("gru[units=2]", "rosenbrock", out=first, seed=0, progress=False, **SMALL)
    assert unfinished(training, seeds) == {second: 5}
    assert capsys.readouterr().err == f"note: {first}: trained already, and kept\n"
    metatrain("gru[units=2]", "rosenbrock", out=second, seed=5, progress=False, **SMALL)
    assert unfinished(training, seeds) == seeds  # all are there: all are made again


@pytest.mark.parametrize("change", [{"batch": 5}, {"steps": 5}, {"tasks": ["booth"]}, {"seed": 1}])
def test_weights_of_another_training_are_not_what_it_makes(change, tmp_path):
    out = tmp_path / "gru.npz"
    metatrain("gru[units=2]", "rosenbrock", out=out, progress=False, **SMALL)
    assert check("gru[units=2]", ["rosenbrock"], out, **SMALL)
    wanted = {"tasks": ["rosenbrock"], **SMALL, **change}
    assert not check("gru[units=2]", wanted.pop("tasks"), out, **wanted)


def test_names_of_several_seeds(tmp_path):
    found = [path.name for path in paths(tmp_path / "gru.npz", 3)]
    assert found == ["gru.npz", "gru-2.npz", "gru-3.npz"]
