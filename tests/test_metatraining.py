"""Meta-training: it learns, it repeats, it resumes to the same bits, and mistakes are named."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

import bench
import optimizers
from bench.errors import UserError
from bench.metatraining import metatrain
from optimizers import shipped

SMALL = {"steps": 120, "loss": "log", "discount": 0.9, "batch": 8, "unroll": 20, "progress": False}


def equal(a, b):
    return all(np.array_equal(a[name], b[name]) for name in a)


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    path = tmp_path_factory.mktemp("weights") / "gru-whole.npz"
    return path, metatrain("gru[units=4]", "rosenbrock", out=path, **SMALL)


def test_a_shipped_recipe_at_reduced_length_reaches_its_bar():
    """150 iterations of that for Rosenbrock, GRU-32: the baselines reach about −3."""
    recipe = {"loss": "log", "discount": 0.9, "rate": 3e-3, "batch": 64}
    theta = metatrain("gru", "rosenbrock", steps=150, progress=False, **recipe)
    build = optimizers.learned.get("gru").build
    entry = optimizers.Entry("short", "learned", build, defaults=theta)
    frame = bench.evaluate("rosenbrock", entry, seeds=128, record="all")
    losses = frame["loss"].to_numpy().reshape(128, 201)
    assert np.log10(losses / losses[:, :1] + 1e-14).mean() < -4


@pytest.mark.slow
def test_same_command_same_weights(whole):
    assert equal(whole[1], metatrain("gru[units=4]", "rosenbrock", **SMALL))
    assert not equal(whole[1], metatrain("gru[units=4]", "rosenbrock", seed=1, **{**SMALL, "steps": 2}))


def test_weights_load_as_an_entry_that_knows_its_origin(whole):
    path, theta = whole
    entry = shipped.load_entry(path)
    assert entry.kind == "learned"
    assert entry.name == "gru-whole"
    assert entry.discloses["trained_on"] == ["rosenbrock"]
    assert entry.discloses["metatraining_gradients"] == 120 * 8 * 21
    assert equal(dict(entry.defaults), theta)
    assert not path.with_suffix(".checkpoint").exists()
    damaged = bytearray(path.read_bytes())
    damaged[len(damaged) // 2] ^= 1
    other = path.with_name("gru-damaged.npz")
    other.write_bytes(damaged)
    other.with_suffix(".json").write_text(path.with_suffix(".json").read_text())
    with pytest.raises(optimizers.OptimizerError, match="not those of their card"):
        dict(shipped.load_entry(other).defaults)


@pytest.mark.slow
def test_killed_and_run_again_gives_the_same_bits(whole, tmp_path):
    out = tmp_path / "gru-killed.npz"
    code = (
        "from bench.engine import process; process.load_tensorflow()\n"
        "from bench.metatraining import metatrain\n"
        f"metatrain('gru[units=4]', 'rosenbrock', out={str(out)!r}, **{SMALL!r})\n"
    )
    root = Path(__file__).parents[1]
    process = subprocess.Popen([sys.executable, "-c", code], cwd=root, stderr=subprocess.DEVNULL)
    checkpoint = out.with_suffix(".checkpoint")
    deadline = time.time() + 120
    while not checkpoint.exists() and process.poll() is None and time.time() < deadline:
        time.sleep(0.005)
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    assert checkpoint.exists()
    assert not out.exists()
    assert equal(whole[1], metatrain("gru[units=4]", "rosenbrock", out=out, **SMALL))


@pytest.mark.parametrize(
    ("change", "text"),
    [
        ({"steps": 0}, "steps must be a whole number of at least 1, not 0"),
        ({"batch": -1}, "batch must be"),
        ({"loss": "best"}, "loss must be mean, log or mixed"),
        ({"discount": 1.5}, "discount must be above 0"),
        ({"speed": 3}, "no such setting"),
        ({"out": "weights.txt"}, r"must end in \.npz"),
    ],
)
def test_mistakes(change, text):
    with pytest.raises(UserError, match=text):
        metatrain("gru", "rosenbrock", **{"steps": 3, **change})


def test_shipped_weights_say_how_they_were_made():
    from optimizers.shipped import FOLDER
    from optimizers.weights_file import read_card

    known = {"generalist": 2, "generalist-2": 1, "replica-full-rosenbrock": 33}  # which exploded: docs/paper.md
    paths = sorted(FOLDER.glob("*.npz"))
    assert {path.stem for path in paths} >= {"gru-linear-regression", "gru-rosenbrock", "gru-two-moons-small"}
    for path in paths:
        card = read_card(path)
        assert card["command"].startswith("python -m bench metatrain")
        assert card["non_finite_steps"] == known.get(path.stem, 0)
        assert card["seconds"] > 0
        assert path.stat().st_size < 2**20
        assert dict(optimizers.get(path.stem).defaults)
