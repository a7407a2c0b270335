"""Meta-training stopped, damaged or misused: nothing is lost, and every mistake is one line."""

import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

import tasks
from bench.errors import UserError
from bench.metatraining import metatrain
from bench.metatraining.componentwise import check_separable
from optimizers import Optimizer, OptimizerError, learned, shipped
from tasks import tf

SMALL = {"loss": "log", "discount": 0.9, "batch": 4, "unroll": 10, "progress": False}


class Rate:
    """Gradient descent with one learned rate, θ = {log_rate}."""

    def initial(self, seed):
        return {"log_rate": np.float32(-8.0)}

    def build(self, theta):
        def update(gradients, state, params, step):
            return tf.nest.map_structure(lambda g: -tf.exp(theta["log_rate"]) * g, gradients), state

        return Optimizer(lambda params: (), update)


class NormedRate(Rate):
    """The same after dividing by the norm over all parameters."""

    def build(self, theta):
        def update(gradients, state, params, step):
            return -tf.exp(theta["log_rate"] + 8.0) * gradients / tf.norm(gradients), state

        return Optimizer(lambda params: (), update)


class Negative(tasks.Task):
    """A loss below zero, which has no logarithm."""

    def sample(self, key):
        return tf.random.stateless_normal([2], key, alg="philox"), ()

    def loss(self, params, data, batch):
        return tf.reduce_sum(tf.square(params)) - 100.0


class Noisy(tasks.Task):
    """A bowl seen through noise, anew at every step."""

    def sample(self, key):
        return {"x": tf.random.stateless_normal([2], key, alg="philox")}, ()

    def loss(self, params, data, batch):
        return tf.reduce_sum(tf.square(params["x"] - (0.0 if batch is None else 0.1 * batch)))

    def batches(self, key, steps):
        return tf.random.stateless_normal([steps, 2], key, alg="philox")


@pytest.mark.slow
def test_a_mixture_trains_on_each_of_its_tasks():
    both = metatrain("gru[units=2]", ["rosenbrock", "linear-regression"], steps=12, **SMALL)
    for one in ("rosenbrock", "linear-regression"):
        alone = metatrain("gru[units=2]", one, steps=12, **SMALL)
        assert any(np.any(both[name] != alone[name]) for name in both)


def test_stochastic_tasks_and_nested_params_train():
    assert metatrain(Rate(), Noisy(), steps=12, **{**SMALL, "rate": 0.1})["log_rate"] > -8.0


def test_an_architecture_of_ones_own_trains_without_a_name():
    theta = metatrain(Rate(), "rosenbrock", steps=5, **SMALL)
    assert theta["log_rate"] != -8.0
    with pytest.raises(OptimizerError, match="architecture Rate has no name"):
        metatrain(Rate(), "rosenbrock", steps=5, out="rate.npz", **SMALL)


def test_optimizers_of_single_parameters_are_told_from_others():
    assert check_separable(learned.get("gru[units=3]"))
    assert check_separable(Rate())
    assert not check_separable(NormedRate())


def test_a_meta_loss_that_is_never_finite_is_said():
    with pytest.raises(UserError, match=r"meta-loss 'log' was never finite .* \(3 of 3 iterations skipped\)"):
        metatrain("gru[units=2]", Negative(), steps=3, **SMALL)


@pytest.mark.parametrize(
    ("tasks_", "change", "error", "text"),
    [
        ([], {}, UserError, "no task to meta-train on"),
        ("rosenbrock", {"seed": -1}, UserError, "seed must be a whole number of at least 0, not -1"),
        ("rosenbrock", {"out": "My Weights.npz"}, OptimizerError, "'My Weights' is not valid"),
    ],
)
def test_mistakes_are_named_before_training(tasks_, change, error, text):
    with pytest.raises(error, match=text):
        metatrain("gru[units=2]", tasks_, **{"steps": 3, **SMALL, **change})


@pytest.mark.parametrize(
    "text",
    ["gru[64]", "gru[**{}]", "gru[units=3,units=4]", "gru[units=True]", "gru[output_scale=-1]", "gru[input_scale=abc]"],
)
def test_settings_that_would_be_ignored_or_fail_later(text):
    with pytest.raises(OptimizerError, match="settings: units=32"):
        learned.get(text)


def test_a_damaged_checkpoint_is_begun_anew(tmp_path):
    out = tmp_path / "gru-damaged.npz"
    out.with_suffix(".checkpoint").write_bytes(b"PK\x03\x04 not all of it")
    again = metatrain("gru[units=2]", "rosenbrock", steps=3, out=out, **SMALL)
    fresh = metatrain("gru[units=2]", "rosenbrock", steps=3, **SMALL)
    assert all(np.array_equal(again[name], fresh[name]) for name in fresh)
    assert dict(shipped.load_entry(out).defaults).keys() == fresh.keys()
    assert out.stat().st_mode & 0o044 == out.with_suffix(".json").stat().st_mode & 0o044
    beside = tmp_path / "plain"
    beside.touch()
    assert out.stat().st_mode == beside.stat().st_mode


def test_interrupted_training_goes_on_to_the_same_bits(tmp_path):
    """Ctrl-C well before the first periodic checkpoint, at whatever moment of an iteration it comes."""
    out, settings = tmp_path / "gru-stopped.npz", {**SMALL, "steps": 40, "unroll": 20}
    code = (
        "from bench.engine import process; process.prepare()\n"
        "from bench.metatraining import metatrain\n"
        "from bench.metatraining.loop import Loop\n"
        "validate = Loop.validate\n"
        "def slowly(self, state):\n"
        "    state = validate(self, state)\n"
        "    print('validated', flush=True)\n"
        "    import time; time.sleep(1)\n"
        "    return state\n"
        "Loop.validate = slowly\n"
        f"metatrain('gru[units=2]', 'rosenbrock', out={str(out)!r}, **{settings!r})\n"
    )
    root = Path(__file__).parents[1]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    process = subprocess.Popen([sys.executable, "-c", code], cwd=root, **pipes)
    assert process.stdout.readline() == "validated\n"
    assert process.stdout.readline() == "validated\n"
    time.sleep(0.2)
    process.send_signal(signal.SIGINT)
    assert "KeyboardInterrupt" in process.communicate(timeout=60)[1]
    checkpoint = out.with_suffix(".checkpoint")
    with np.load(checkpoint) as held:
        assert '"iteration": 6' in str(held["card"])  # the seventh was not whole
    resumed = metatrain("gru[units=2]", "rosenbrock", out=out, **settings)
    whole = metatrain("gru[units=2]", "rosenbrock", **settings)
    assert all(np.array_equal(resumed[name], whole[name]) for name in whole)
    assert not checkpoint.exists()


def test_the_pages_example_runs():
    page = (Path(__file__).parents[1] / "docs" / "metatraining.md").read_text()
    (code,) = re.findall(r"```python\n(.*?)```", page, re.DOTALL)
    scope = {}
    exec(code, scope)
    assert {name: value.shape for name, value in scope["theta"].items()} == {
        name: value.shape for name, value in learned.get("gru[units=4]").initial(0).items()
    }
