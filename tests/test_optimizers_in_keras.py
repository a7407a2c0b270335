"""Our optimizers as Keras's: the engine's trajectory, in everything that `compile` and `fit` can ask for."""

import subprocess
import sys

import keras
import numpy as np
import pytest
import tensorflow as tf

import bench
import optimizers
from bench.lookup.resolve import named_task
from optimizers import Entry, Optimizer, OptimizerError

NAME = "gru-two-moons-small"
SPELLED = {n: optimizers.get(n).build.architecture for n in optimizers.names() if optimizers.get(n).kind == "learned"}
LEARNED = {spelled.partition("[")[0]: name for name, spelled in SPELLED.items()}
"""One set of shipped weights of every architecture."""
LIKE_OTHERS = ("lstm", "vanilla", "ugrnn", "lds", "mlp", "linear", "aggmo", "hyperparameters")
"""Left to the slow tests."""
WALKED = [(NAME, "two-moons-small"), ("aggmo", "linear-regression")] + [
    pytest.param(name, "linear-regression", marks=[pytest.mark.slow] * (architecture in LIKE_OTHERS))
    for architecture, name in LEARNED.items()
]


def walk(optimizer, task, steps):
    """Losses of problem 0 before every step and after the last, by `optimizer.apply`."""
    subject = named_task(task).task
    params, data = bench.draw(task, 0)
    params = [tf.constant(leaf) for leaf in tf.nest.flatten(params)]
    data = tf.nest.map_structure(tf.constant, data)
    structure = bench.draw(task, 0)[0]
    variables = [keras.Variable(p, name=f"v{i}") for i, p in enumerate(params)]

    @tf.function(jit_compile=True)
    def gradients(*leaves):
        with tf.GradientTape() as tape:
            tape.watch(leaves)
            loss = subject.loss(tf.nest.pack_sequence_as(structure, list(leaves)), data, None)
        return loss, tape.gradient(loss, leaves)

    losses = []
    for _ in range(steps):
        loss, slopes = gradients(*[tf.convert_to_tensor(v) for v in variables])
        losses.append(float(loss))
        optimizer.apply(list(slopes), variables)
    return [*losses, float(gradients(*[tf.convert_to_tensor(v) for v in variables])[0])]


@pytest.mark.parametrize(("name", "task"), WALKED)
def test_the_trajectory_is_the_engines(name, task):
    steps = 7 if name.startswith("generalist") else 12  # at step 8 its loss jumps, and last digits with it
    ours = bench.evaluate(task, name, seeds=1, steps=steps, record="all")["loss"]
    np.testing.assert_allclose(walk(optimizers.load(name), task, steps), ours, rtol=1e-6, atol=1e-6 * ours.iloc[0])


def data(rows=64):
    rng = np.random.default_rng(0)
    x = rng.normal(size=(rows, 8, 8, 1)).astype("float32")
    return x, (x.mean(axis=(1, 2, 3)) > 0).astype("int32")


def net(frozen=False):
    keras.utils.set_random_seed(0)
    layers = keras.layers
    model = keras.Sequential(
        [
            layers.Input((8, 8, 1)),
            layers.Conv2D(4, 3, name="conv"),
            layers.BatchNormalization(),
            layers.Flatten(),
            layers.Dense(2, name="head"),
        ]
    )
    model.get_layer("conv").trainable = not frozen
    return model


def fitted(model, optimizer, epochs=4, callbacks=(), x=None, y=None, **how):
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(optimizer, loss, **how)
    if x is None:
        x, y = data()
    return model.fit(x, y, batch_size=32, epochs=epochs, verbose=0, shuffle=False, callbacks=list(callbacks)).history[
        "loss"
    ]


@pytest.mark.parametrize("how", [{"jit_compile": True}, {"jit_compile": False}, {"run_eagerly": True}])
def test_it_trains_in_fit(how):
    losses = fitted(net(), optimizers.load(NAME), **how)
    assert losses[-1] < losses[0]
    same = fitted(net(), optimizers.load(NAME), jit_compile=False)
    np.testing.assert_allclose(losses, same, rtol=2e-3)


def test_frozen_layers_stay():
    model = net(frozen=True)
    before = model.get_layer("conv").get_weights()
    losses = fitted(model, optimizers.load(NAME))
    assert losses[-1] < losses[0]
    for one, other in zip(before, model.get_layer("conv").get_weights(), strict=True):
        np.testing.assert_array_equal(one, other)


def test_several_inputs_embeddings_and_variables_without_a_gradient():
    layers = keras.layers
    words, numbers = layers.Input((5,), dtype="int32"), layers.Input((3,))
    embedded = layers.LSTM(4)(layers.Embedding(20, 4)(words))
    out = layers.Dense(2)(layers.Concatenate()([embedded, numbers]))
    model = keras.Model([words, numbers], out)
    rng = np.random.default_rng(0)
    x = [rng.integers(0, 20, (64, 5)), rng.normal(size=(64, 3)).astype("float32")]
    losses = fitted(model, optimizers.load(NAME), x=x, y=(x[1][:, 0] > 0).astype("int32"))
    assert losses[-1] < losses[0]
    one, other = keras.Variable([1.0, 2.0]), keras.Variable(3.0)
    optimizer = optimizers.load(NAME)
    optimizer.build([one, other])
    with pytest.warns(UserWarning, match="Gradients do not exist"):
        optimizer.apply([tf.ones([2]), None], [one, other])
    assert float(other) == 3.0
    assert not np.array_equal(one.numpy(), [1.0, 2.0])


def test_in_a_function_of_ones_own():
    variable, optimizer = keras.Variable(tf.ones([2, 3, 1, 2, 1])), optimizers.load(NAME)

    @tf.function(jit_compile=True)
    def step():
        with tf.GradientTape() as tape:
            loss = tf.reduce_sum(tf.square(variable.value))
        optimizer.apply(tape.gradient(loss, [variable.value]), [variable])
        return loss

    optimizer.build([variable])
    losses = [float(step()) for _ in range(10)]
    assert losses[-1] < losses[0]
    assert int(optimizer.iterations) == 10


def test_mixed_precision_with_loss_scaling():
    keras.mixed_precision.set_dtype_policy("mixed_float16")
    try:
        losses = fitted(net(), optimizers.load(NAME), jit_compile=False)
    finally:
        keras.mixed_precision.set_dtype_policy("float32")
    np.testing.assert_allclose(losses, fitted(net(), optimizers.load(NAME), jit_compile=False), rtol=0.05)
    scaled = optimizers.load(NAME, loss_scale_factor=256.0)
    np.testing.assert_allclose(
        fitted(net(), scaled, jit_compile=False), fitted(net(), optimizers.load(NAME), jit_compile=False), rtol=1e-4
    )


def test_accumulated_gradients_are_one_step():
    (whole, parts), values = (keras.Variable(tf.ones([3])) for _ in range(2)), np.linspace(-1, 1, 12).reshape(4, 3)
    plain, gathering = optimizers.load(NAME), optimizers.load(NAME, gradient_accumulation_steps=2)
    for pair in (values[:2], values[2:]):
        plain.apply([tf.constant(pair.mean(0), tf.float32)], [whole])
        for gradient in pair:
            gathering.apply([tf.constant(gradient, tf.float32)], [parts])
    np.testing.assert_allclose(whole.numpy(), parts.numpy(), rtol=1e-6)


def test_the_learning_rate_multiplies_and_schedules_and_callbacks_act_on_it():
    def moved(optimizer, steps=1):
        variable = keras.Variable(tf.zeros([3]))
        for _ in range(steps):
            optimizer.apply([tf.constant([1.0, -2.0, 3.0])], [variable])
        return variable.numpy()

    usual = moved(optimizers.load(NAME))
    np.testing.assert_allclose(moved(optimizers.load(NAME, learning_rate=0.5)), 0.5 * usual, rtol=1e-6)
    schedule = keras.optimizers.schedules.PiecewiseConstantDecay([0], [1.0, 0.0])
    np.testing.assert_allclose(moved(optimizers.load(NAME, learning_rate=schedule), 3), usual, rtol=1e-6)
    optimizer = optimizers.load(NAME)
    callback = keras.callbacks.ReduceLROnPlateau(monitor="loss", factor=0.1, patience=0, min_delta=100.0)
    fitted(net(), optimizer, callbacks=[callback])
    assert float(optimizer.learning_rate) == pytest.approx(1e-3, rel=1e-5)


def test_a_saved_model_goes_on_elsewhere(tmp_path):
    model, path = net(), tmp_path / "model.keras"
    fitted(model, optimizers.load(NAME, learning_rate=0.5))
    model.save(path)
    x, y = data()
    there = keras.saving.load_model(path, safe_mode=True)
    assert there.optimizer.get_config() == model.optimizer.get_config()
    on, again = (m.fit(x, y, epochs=2, verbose=0, shuffle=False).history["loss"] for m in (model, there))
    np.testing.assert_allclose(on, again, rtol=1e-5)
    code = f"import keras, optimizers; print(int(keras.saving.load_model({str(path)!r}).optimizer.iterations))"
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert shown.returncode == 0, shown.stderr[-2000:]
    assert shown.stdout.split()[-1] == "8"


def test_what_cannot_run_in_keras_is_refused():
    with tf.distribute.MirroredStrategy(["CPU:0"]).scope():
        optimizer = optimizers.load(NAME)
        with pytest.raises(OptimizerError, match="runs on one device, not under a distribution strategy"):
            optimizer.build([keras.Variable(1.0)])
    with pytest.raises(OptimizerError, match=r"unknown optimizer 'gru-two-moon'.*did you mean"):
        optimizers.load("gru-two-moon")
    with pytest.raises(OptimizerError, match=r"no weights at mine\.npz"):
        optimizers.load("mine.npz")
    oracle = next(name for name in optimizers.names() if optimizers.get(name).informed)
    with pytest.raises(OptimizerError, match="is told the loss itself"):
        optimizers.load(oracle)


def test_a_model_without_an_input():
    losses = fitted(keras.Sequential([keras.layers.Flatten(), keras.layers.Dense(2)]), optimizers.load(NAME))
    assert losses[-1] < losses[0]
    model = keras.Sequential([keras.layers.Flatten(), keras.layers.Dense(2)])
    with pytest.raises(OptimizerError, match="give the model an Input"):
        fitted(model, optimizers.load("schedule-free-sgd"))


def test_others_load_as_what_they_are(monkeypatch):
    adam = optimizers.load("adam", learning_rate=0.25)
    assert type(adam) is keras.optimizers.Adam
    assert float(adam.learning_rate) == 0.25

    def build(theta):
        return Optimizer(
            lambda p: {"count": tf.constant(0)},
            lambda g, s, p, t: (tf.nest.map_structure(lambda x: -theta["rate"] * x, g), {"count": s["count"] + 1}),
        )

    monkeypatch.setattr(optimizers.registry, "_registry", dict(optimizers.registry._registry))
    optimizers.register(Entry("test-own", "hand-designed", build, {}, {"rate": 0.5, "word": "x"}))
    own, variable = optimizers.load("test-own"), keras.Variable([2.0])
    again = keras.optimizers.deserialize(keras.optimizers.serialize(own))
    for optimizer in (own, again):
        variable.assign([2.0])
        optimizer.apply([tf.constant([1.0])], [variable])
        assert float(variable.value[0]) == 1.5


def test_importing_optimizers_stays_light():
    code = "import sys, optimizers; assert not {'keras', 'tensorflow'} & set(sys.modules); assert optimizers.load"
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0
