"""Keras models as tasks: what they hold works, their draws are keyed, what cannot be is refused in one line."""

import subprocess
import sys

import keras
import numpy as np
import pytest
from keras import layers

import optimizers
from bench.engine import replay
from bench.engine.keys import keys
from bench.engine.problems import Problems
from bench.engine.race import race
from bench.engine.sampling import batches, sample
from bench.errors import UserError
from bench.lookup.named import NamedTask
from bench.records.record import Budget
from bench.records.store import Store
from bench.running.cell import evaluate_cell
from bench.suites import toml
from bench.suites.jobs import job
from tasks import KerasTask, TaskError, tf
from tasks.wrappers import Rescaled

rng = np.random.default_rng(0)
X, Y = rng.normal(size=(60, 4)), rng.normal(size=(60, 1))


def dense():
    return keras.Sequential([layers.Dense(5, "tanh"), layers.Dense(1)])


def noisy():
    body = [layers.Dense(5), layers.BatchNormalization(), layers.Dropout(0.5), layers.GaussianNoise(0.1)]
    return keras.Sequential([keras.Input((4,)), *body, layers.Dense(1)])


def frozen():
    model = noisy()
    model.layers[0].trainable = False
    return model


class Penalized(keras.Model):
    """Subclassed; its own loss is ten times the mean square of its outputs."""

    def __init__(self):
        super().__init__()
        self.head = layers.Dense(1)

    def call(self, x):
        y = self.head(x)
        self.add_loss(10.0 * keras.ops.mean(y**2))
        return y


class Global(layers.Layer):
    def call(self, x):
        return x + keras.random.normal(keras.ops.shape(x))


def two_by_two():
    number, word = keras.Input((4,), name="number"), keras.Input((3,), dtype="int32", name="word")
    together = layers.concatenate([number, layers.Flatten()(layers.Embedding(5, 2)(word))])
    return keras.Model(
        {"number": number, "word": word}, {"a": layers.Dense(1)(together), "b": layers.Dense(3)(together)}
    )


def raced(task, *, name="mine", optimizer="sgd", steps=3, rate=0.05):
    entry = optimizers.get(optimizer)
    theta = {**entry.defaults, "learning_rate": rate}
    return race(entry, [theta], Problems(NamedTask(name, task), "report", range(2), steps))


def test_importing_it_imports_no_keras():
    code = "import sys, tasks; tasks.KerasTask; sys.exit('keras' in sys.modules or 'tensorflow' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0


def test_small_dense_models_run_side_by_side_and_others_alone():
    assert not KerasTask(dense, (X, Y), "mse").alone
    assert KerasTask(noisy, (X, Y), "mse").alone


def test_both_ways_give_the_same_losses(monkeypatch):
    task = KerasTask(dense, (X, Y), "mse", batch=16, metric="mae")
    together = raced(task, optimizer="adam")
    monkeypatch.setattr(KerasTask, "alone", True)
    alone = raced(KerasTask(dense, (X, Y), "mse", batch=16, metric=("mae",)), optimizer="adam")
    np.testing.assert_allclose(alone.runs.losses, together.runs.losses, rtol=1e-5)
    np.testing.assert_allclose(alone.measured["mae"], together.measured["mae"], rtol=1e-5)


def test_problems_and_batches_follow_their_keys():
    task = KerasTask(noisy, (X, Y), "mse", batch=7)
    first, again, other = (sample(task, keys("mine", "report", [seed])) for seed in (0, 0, 1))
    kernel = "sequential/dense/kernel"
    assert list(first[0]) == list(task.network.trained)
    assert kernel in first[0]
    np.testing.assert_array_equal(first[0][kernel], again[0][kernel])
    assert not np.array_equal(first[0][kernel], other[0][kernel])
    rows = batches(task, keys("mine", "batches-report", [0]), 8)["rows"][0].numpy()
    assert rows.shape == (8, 7)
    assert len(set(rows.reshape(-1))) == 56


def test_a_start_is_the_same_in_another_process():
    code = (
        "from bench.engine import process; process.load_tensorflow(); import keras, numpy as np;"
        "keras.layers.Dense(3); from test_tasks_keras_model import *;"
        "start = sample(KerasTask(noisy, (X, Y), 'mse'), keys('mine', 'report', [3]))[0];"
        "print(float(start['sequential/dense/kernel'][0, 0, 0]))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd="tests", check=True)
    mine = sample(KerasTask(noisy, (X, Y), "mse"), keys("mine", "report", [3]))[0]["sequential/dense/kernel"]
    assert float(done.stdout) == float(mine[0, 0, 0])


def test_averages_are_carried_and_frozen_layers_stay():
    task = KerasTask(frozen, (X, Y), "mse", batch=60)
    params, data = (tf.nest.map_structure(lambda t: t[0], part) for part in sample(task, keys("f", "report", [0])))
    assert "sequential/dense/kernel" in data["state"]
    assert "sequential/dense/kernel" not in params
    batch = {"rows": tf.range(60), "key": tf.constant([1, 2])}
    _, ahead = task.train_loss(params, data["state"], data, batch)
    hidden = X @ data["state"]["sequential/dense/kernel"].numpy()
    mean = ahead["sequential/batch_normalization/moving_mean"]
    np.testing.assert_allclose(mean, 0.01 * hidden.mean(axis=0), rtol=1e-3, atol=1e-6)
    np.testing.assert_array_equal(ahead["sequential/dense/kernel"], data["state"]["sequential/dense/kernel"])


def test_noise_is_that_of_the_key_and_absent_from_the_score():
    task = KerasTask(noisy, (X, Y), "mse", batch=60)
    params, data = (tf.nest.map_structure(lambda t: t[0], part) for part in sample(task, keys("n", "report", [0])))
    first, again, other = (
        float(task.loss(params, data, {"rows": tf.range(60), "key": tf.constant([1, k])})) for k in (2, 2, 3)
    )
    assert first == again != other
    assert float(task.evaluate(params, data)) == float(task.evaluate(params, data))


def test_added_losses_count():
    task = KerasTask(Penalized, (X, Y), "mse")
    params, data = (tf.nest.map_structure(lambda t: t[0], part) for part in sample(task, keys("p", "report", [0])))
    kernel, bias = (next(v for k, v in params.items() if k.endswith(part)) for part in ("kernel", "bias"))
    outputs = X @ kernel.numpy() + bias.numpy()
    assert float(task.evaluate(params, data)) == pytest.approx(
        np.mean((outputs - Y) ** 2) + 10 * np.mean(outputs**2), rel=1e-5
    )


def test_constraints_hold_after_every_step():
    def build():
        return keras.Sequential([keras.Input((4,)), layers.Dense(1, use_bias=False, kernel_constraint="non_neg")])

    low = raced(KerasTask(build, (X, -X.sum(axis=1, keepdims=True)), "mse", batch=60), steps=40, rate=0.2)
    best = np.mean(X.sum(axis=1) ** 2)  # all weights at zero
    assert low.runs.losses[0, 0, -1] == pytest.approx(best, rel=1e-5)


def test_several_inputs_and_outputs():
    words, classes = rng.integers(0, 5, (60, 3)), rng.integers(0, 3, 60)
    losses = {"a": "mse", "b": keras.losses.SparseCategoricalCrossentropy(from_logits=True)}
    runs = raced(KerasTask(two_by_two, ({"number": X, "word": words}, {"a": Y, "b": classes}), losses)).runs
    assert np.isfinite(runs.losses).all()
    assert (runs.losses[..., -1] < runs.losses[..., 0]).all()


def test_gradients_of_rows_met_twice_are_summed():
    """Adam's first step is the sign of the sum, whatever the rows were met."""
    ids = np.array([[0], [0], [1], [2]])
    values = np.array([1.0, -3.0, 1.0, 1.0])

    def table():
        return keras.Sequential([keras.Input((1,), dtype="int32"), layers.Embedding(3, 1, "zeros"), layers.Flatten()])

    task = KerasTask(table, (ids, values[:, None]), "mse", batch=4)
    scores = raced(task, optimizer="adam", steps=1, rate=0.1).runs.losses[0, 0]
    expected = np.mean((np.array([-0.1, -0.1, 0.1, 0.1]) - values) ** 2)
    assert scores[-1] == pytest.approx(expected, rel=1e-4)


def test_scores_of_many_examples_are_those_of_one_piece(monkeypatch):
    from tasks import keras_network

    task = KerasTask(dense, (X, Y), "mse", metric="mae")
    whole = raced(task)
    monkeypatch.setattr(keras_network, "CHUNK", 16)
    monkeypatch.setattr(KerasTask, "alone", True)
    pieces = raced(KerasTask(dense, (X, Y), "mse", metric=keras.metrics.MeanAbsoluteError("mae")))
    np.testing.assert_allclose(pieces.runs.losses, whole.runs.losses, rtol=1e-5)
    np.testing.assert_allclose(pieces.measured["mae"], whole.measured["mae"], rtol=1e-5)


def test_the_record_holds_measures_and_how_it_was_run(tmp_path):
    task = KerasTask(noisy, (X, Y), "mse", metric="mae", validation=0.25)
    record = evaluate_cell(job("cell", task, "sgd", Budget(2, 2, 1, 1)))
    assert record.status == "ok", record.error
    assert len(record.measures["default"]["mae"]) == 2
    assert record.provenance["execution"] == "one run at a time, without XLA"
    store = Store(tmp_path / "out")
    store.write(record)
    assert store.read(record.cell.id).measures == record.measures


def test_what_needs_runs_side_by_side_says_so():
    task = KerasTask(noisy, (X, Y), "mse")
    with pytest.raises(UserError, match="one at a time"):
        replay.replay(NamedTask("mine", task), optimizers.get("sgd"), {"learning_rate": 0.1}, seeds=[0], steps=1)
    with pytest.raises(TaskError, match="cannot be wrapped"):
        Rescaled(task)


@pytest.mark.parametrize("form", ["npz", "csv", "parquet", "batched", "single", "dict"])
def test_forms_of_data(tmp_path, form):
    import pandas as pd

    x, y = X.astype("float32"), Y[:, 0].astype("float32")
    table = pd.DataFrame(x, columns=list("abcd")).assign(y=y)
    if form == "npz":
        np.savez(tmp_path / "d.npz", x=x, y=y)
    elif form == "csv":
        table.to_csv(tmp_path / "d.csv", index=False)
    elif form == "parquet":
        table.to_parquet(tmp_path / "d.parquet")
    dataset = tf.data.Dataset.from_tensor_slices((x, y))
    data = {"batched": dataset.batch(7), "single": dataset, "dict": {"x": x, "y": y}}.get(form, tmp_path / f"d.{form}")
    held = KerasTask(dense, data, "mse").data
    np.testing.assert_allclose(held.inputs, x, rtol=1e-6)
    np.testing.assert_allclose(held.targets, y, rtol=1e-6)


class Own(keras.Sequential):
    """Keras's own training would triple the loss."""

    def compute_loss(self, *args, **kwargs):
        return 3.0 * super().compute_loss(*args, **kwargs)


class Stepping(keras.Sequential):
    def train_step(self, data):
        return {"loss": 0.0}


def half():
    keras.config.set_dtype_policy("mixed_float16")
    try:
        return keras.Sequential([layers.Dense(4), layers.Dense(1)])
    finally:
        keras.config.set_dtype_policy("float32")


@pytest.mark.parametrize(
    ("settings", "line"),
    [
        ({"data": (X, Y[:5])}, "every array holds as many examples"),
        ({"data": X}, "data has no targets"),
        ({"data": "nowhere.npz"}, "is not there"),
        ({"batch": 61}, "from 1 to 60"),
        ({"validation": 2.0}, "a share between 0 and 1"),
        ({"build": lambda: 3}, "return an uncompiled keras.Model"),
        ({"build": lambda: keras.Sequential([layers.Dense(4), Global(), layers.Dense(1)])}, "SeedGenerator"),
        ({"loss": None}, "no loss is given"),
        ({"build": lambda: Own([layers.Dense(1)])}, "Own has a compute_loss of its own, which a task never calls"),
        ({"build": half}, "a model of the policy mixed_float16, whose loss fit scales and a task does not"),
        ({"build": lambda: Stepping([layers.Dense(1)])}, "Stepping has a train_step of its own"),
    ],
)
def test_mistakes_are_one_line(settings, line):
    with pytest.raises((TaskError, UserError), match=line) as raised:
        raced(KerasTask(**{"build": dense, "data": (X, Y), "loss": "mse", **settings}))
    assert "\n" not in str(raised.value)


def test_identity_is_of_data_settings_and_source():
    first, again = (KerasTask(dense, (X.copy(), Y), "mse") for _ in range(2))
    assert first == again
    assert hash(first) == hash(again)
    assert repr(first) == repr(again)
    assert first != KerasTask(dense, (X + 1, Y), "mse")
    assert first != KerasTask(dense, (X, Y), "mae")
    assert KerasTask(lambda: noisy(), (X, Y), "mse") != KerasTask(lambda: dense(), (X, Y), "mse")


def test_a_suite_defines_one(tmp_path, monkeypatch):
    monkeypatch.setattr("tasks.base._registry", dict(__import__("tasks").base._registry))
    np.savez(tmp_path / "points.npz", x=X, y=Y)
    (tmp_path / "models.py").write_text(
        "def build():\n    import keras\n    return keras.Sequential([keras.layers.Dense(1)])\n"
    )
    path = tmp_path / "mine.toml"
    text = 'optimizers = ["sgd"]\n[tasks]\nnames = ["rosenbrock"]\n[tasks.mine]\nbuild = "models.py:build"\n'
    path.write_text(text + 'data = "points.npz"\nloss = "mse"\n')
    suite = toml.read(path)
    assert suite.tasks == ("rosenbrock", "mine")
    assert suite.files == (str(path),)
    path.write_text(text + 'data = "absent.npz"\nloss = "mse"\n')
    with pytest.raises(UserError, match=r"line 4: data file .*absent.npz is not there"):
        toml.read(path)


def drawn_by_tensorflow():
    model = dense()
    model.build((None, 4))
    model.layers[0].kernel.assign(tf.random.normal([4, 5]))
    return model


def test_what_build_draws_by_tensorflow_is_keyed_too():
    task = KerasTask(drawn_by_tensorflow, (X, Y), "mse")
    one, other, again = (task.sample(tf.constant(key))[0] for key in ([1, 2], [1, 3], [1, 2]))
    kernel = next(iter(task.network.trained))
    assert not np.array_equal(one[kernel], other[kernel])
    np.testing.assert_array_equal(one[kernel], again[kernel])


def test_drawing_a_problem_leaves_tensorflow_s_seed_alone(monkeypatch):
    task = KerasTask(noisy, (X, Y), "mse")
    assert task.network.parameters
    monkeypatch.setattr(tf.random, "set_seed", lambda seed: pytest.fail("it makes the process forget its kernels"))
    one, other = (task.sample(tf.constant(key))[0] for key in ([1, 2], [1, 3]))
    assert not np.array_equal(*(next(iter(params.values())) for params in (one, other)))
