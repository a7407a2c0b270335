"""Layout helpers and families against NumPy, SciPy, scikit-learn and TensorFlow's own layers."""

import re
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf
from sklearn.datasets import load_breast_cancer, load_diabetes, load_digits, load_wine
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import StandardScaler

import tasks
from bench.maintain.floors import search
from tasks import base, mistakes
from tasks.data import load, rings, spirals
from tasks.layout import convolve, cross_entropy, dense, logistic, minibatches, mlp, patches, row_product
from tasks.matrix import DeepLinear, Factorization
from tasks.quadratic import Conditioned, Diagonal, Saddle
from tasks.regression import LeastSquares, Regression
from tasks.sequence import Adding, Reversing

KEY = tf.constant([1, 2])
RNG = np.random.default_rng(0)


def normal(*shape):
    return RNG.normal(size=shape).astype("float32")


def test_products():
    weight, bias, signal = normal(3, 4), normal(4), normal(3, 7)
    expected = weight.T @ signal + bias[:, None]
    np.testing.assert_allclose(dense((weight, bias), signal), expected, rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(row_product(bias, weight.T), bias @ weight.T, rtol=1e-5, atol=1e-6)
    layers = [(weight, bias), (normal(4, 2), normal(2))]
    hidden = np.maximum(weight.T @ signal + bias[:, None], 0)
    expected = layers[1][0].T @ hidden + layers[1][1][:, None]
    np.testing.assert_allclose(mlp(layers, signal, "relu"), expected, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize(("size", "stride"), [(3, 2), (2, 2), (3, 1), (5, 2), (1, 1)])
def test_convolution_is_tensorflows(size, stride):
    images, weight, bias = normal(2, 8, 8, 5), normal(2 * size * size, 3), normal(3)
    kernel = weight.reshape(size, size, 2, 3)
    expected = tf.nn.conv2d(images.transpose(3, 1, 2, 0), kernel, stride, "SAME") + bias
    result = convolve((weight, bias), images, size, stride)
    np.testing.assert_allclose(tf.transpose(result, [3, 1, 2, 0]), expected, atol=1e-4)
    assert patches(images, size, stride).shape[0] == 2 * size * size


def test_losses():
    logits, labels = normal(4, 9), np.eye(4, dtype="float32")[:, RNG.integers(4, size=9)]
    expected = tf.nn.softmax_cross_entropy_with_logits(labels.T, logits.T)
    np.testing.assert_allclose(cross_entropy(logits, labels), np.mean(expected), rtol=1e-6)
    assert np.isfinite(cross_entropy(1e4 * logits, labels))
    expected = tf.nn.sigmoid_cross_entropy_with_logits(labels[0], logits[0])
    np.testing.assert_allclose(logistic(logits[0], labels[0]), np.mean(expected), rtol=1e-6)


def test_minibatches_cover_all_examples_evenly():
    counts = np.bincount(np.ravel(minibatches(KEY, 2000, 8, 10)), minlength=10)
    assert counts.sum() == 16000
    assert abs(counts / 1600 - 1).max() < 0.1


def test_data_are_scikit_learns_standardized():
    for name, source in (("wine", load_wine), ("breast_cancer", load_breast_cancer)):
        inputs, labels = load(name)
        expected = StandardScaler().fit_transform(source().data)
        np.testing.assert_allclose(np.sort(inputs[0]), np.sort(expected[:, 0]), atol=1e-6)
        np.testing.assert_array_equal(labels.sum(1), np.bincount(source().target))
        np.testing.assert_array_equal(labels.sum(0), 1)
    inputs, labels = load("digits")
    assert inputs.shape == (64, 1797)
    np.testing.assert_allclose(inputs.mean(), load_digits().data.mean() / 16, rtol=1e-5)
    with pytest.raises(ValueError, match="read-only"):
        inputs[0] = 0


def test_planar_data_are_what_they_say():
    inputs, labels = rings(128, 0.0)
    np.testing.assert_allclose(np.hypot(*inputs), np.where(labels == 1, 0.5, 1.0), atol=1e-6)
    inputs, labels = spirals(128, 0.0)
    radius, angle = np.hypot(*inputs), np.arctan2(inputs[1], inputs[0])
    phase = angle - 2 * np.pi * radius - np.pi * labels
    np.testing.assert_allclose(np.cos(phase), 1, atol=1e-5)


@pytest.mark.parametrize(("name", "source"), [("breast-cancer", load_breast_cancer), ("wine", load_wine)])
def test_floor_of_logistic_regression_is_scikit_learns_minimum(name, source):
    inputs, target = source(return_X_y=True)
    inputs = StandardScaler().fit_transform(inputs)
    # scikit-learn minimizes C · Σ loss + ½ ‖W‖²: C = 1 / (n · penalty)
    fitted = LogisticRegression(C=1 / (len(target) * 1e-3), tol=1e-10, max_iter=10000)
    fitted.fit(inputs, target)
    chosen = fitted.predict_log_proba(inputs)[np.arange(len(target)), target]
    minimum = -chosen.mean() + 0.5e-3 * np.sum(fitted.coef_**2)
    assert 0 <= minimum - tasks.get(name).floor < 1e-4
    variant = {"breast-cancer": "breast-cancer-batches"}.get(name, name)
    assert tasks.get(variant).floor == tasks.get(name).floor


def test_floor_of_diabetes_is_least_squares():
    inputs, target = load_diabetes(return_X_y=True)
    x, y = StandardScaler().fit_transform(inputs), (target - target.mean()) / target.std()
    misfit = x @ np.linalg.lstsq(x, y, rcond=None)[0] - y
    assert 0 <= 0.5 * np.mean(misfit**2) - tasks.get("diabetes").floor < 1e-5


@pytest.mark.parametrize("name", ["wine", "circles"])
def test_a_short_search_ends_just_above_the_floor(name):
    found = search(name, problems=2, iterations=300)
    assert tasks.get(name).floor <= found.lowest < 1.2 * tasks.get(name).floor


def test_the_search_finds_known_minima_and_reads_the_score():
    assert 0 <= search("booth", problems=2, iterations=50).lowest < 1e-9
    found = search("diabetes", problems=2, iterations=50)
    np.testing.assert_allclose(found.lowest, 0.241126, atol=2e-6)
    assert found.lowest <= found.median
    # noise is no way below the floor: it is the evaluation that is searched
    assert 0 <= search("noisy[task='booth']", problems=2, iterations=50).lowest < 1e-9


def test_quadratics_have_their_spectra_and_minima():
    _, data = Conditioned(10, 1e4).sample(KEY)
    eigenvalues = np.linalg.eigvalsh(data["hessian"].numpy().astype("float64"))
    np.testing.assert_allclose(eigenvalues, np.geomspace(1e-4, 1, 10), rtol=2e-2)
    assert Conditioned().loss(data["minimizer"], data, None) == 0
    assert Conditioned().batches(KEY, 5) is None
    noise = Conditioned(noise=0.5).batches(KEY, 500).numpy()
    assert abs(noise.std() - 0.5) < 0.02
    _, data = Diagonal().sample(KEY)
    assert np.all((data["eigenvalues"] > 1e-4) & (data["eigenvalues"] < 1))
    assert Diagonal().loss(data["minimizer"], data, None) == 0


def test_the_saddle_has_one_way_down_and_two_minima():
    task = Saddle()
    start, data = task.sample(KEY)
    out = data["rotation"][-1]
    assert abs(float(tf.reduce_sum(start * out))) <= 1e-2
    for point, value in ((tf.zeros([10]), 0.25), (out, 0.0), (-out, 0.0)):
        np.testing.assert_allclose(task.loss(point, data, None), value, atol=1e-6)
    with tf.GradientTape() as outer, tf.GradientTape() as inner:
        x = tf.zeros([10])
        outer.watch(x)
        inner.watch(x)
        gradient = inner.gradient(task.loss(x, data, None), x)
    curvatures = np.linalg.eigvalsh(outer.jacobian(gradient, x))
    np.testing.assert_allclose(curvatures[0], -1, atol=1e-4)
    assert np.all(curvatures[1:] > 0)


def test_regressions_against_numpy():
    params, data = LeastSquares().sample(KEY)
    residuals = (params - data["solution"]).numpy() @ data["transposed"].numpy()
    loss = LeastSquares().loss(params, data, None)
    np.testing.assert_allclose(loss, 0.5 * np.sum(residuals**2), rtol=1e-5)
    params, data = Regression(outliers=0.1).sample(KEY)
    r = params.numpy() @ data["inputs"].numpy() - data["targets"].numpy()
    expected = {
        "square": 0.5 * r**2,
        "absolute": abs(r),
        "huber": np.where(abs(r) < 1, 0.5 * r**2, abs(r) - 0.5),
        "cauchy": np.log(1 + r**2),
    }
    for penalty, values in expected.items():
        loss = Regression(penalty, outliers=0.1).loss(params, data, None)
        np.testing.assert_allclose(loss, values.mean(), rtol=1e-5)


def test_matrices_against_numpy():
    task = Factorization(seen=0.6)
    params, data = task.sample(KEY)
    seen = data["weights"].numpy() > 0
    assert 0.4 < seen.mean() < 0.8
    misfit = (params["u"].numpy() @ params["v"].numpy().T - data["target"].numpy())[seen]
    np.testing.assert_allclose(task.loss(params, data, None), 0.5 * np.mean(misfit**2), rtol=1e-5)
    assert np.linalg.matrix_rank(data["target"].numpy(), tol=1e-4) == 3
    params, data = DeepLinear().sample(KEY)
    product = np.linalg.multi_dot([w.numpy() for w in params[::-1]])
    expected = 0.5 * np.mean((product - data["target"].numpy()) ** 2)
    np.testing.assert_allclose(DeepLinear().loss(params, data, None), expected, rtol=1e-4)


def test_adding_sequences_have_a_mark_in_either_half():
    _, data = Adding().sample(KEY)
    values, marks = data[:, 0].numpy(), data[:, 1].numpy()
    np.testing.assert_array_equal(marks[:4].sum(0), 1)
    np.testing.assert_array_equal(marks[4:].sum(0), 1)
    assert np.all((values >= 0) & (values < 1))
    seen = Adding().batches(KEY, 5)
    assert seen.shape == (5, 8, 2, 32)
    np.testing.assert_array_equal(seen[:, :, 1].numpy().sum(1), 2)


def test_gru_is_keras_gru():
    """Keras's cell with reset before the product and its gates in the order update, reset, candidate."""
    task = Adding(cell="gru")
    params, data = task.sample(KEY)
    kernels = [w.numpy() for w, _ in params["cell"]]
    layer = tf.keras.layers.GRU(8, reset_after=False)
    inputs = tf.transpose(data, [2, 0, 1])
    layer.build(inputs.shape)
    layer.set_weights([np.hstack([k[:2] for k in kernels]), np.hstack([k[2:] for k in kernels]), np.zeros(24)])
    weight, bias = params["readout"]
    output = layer(inputs).numpy() @ weight.numpy()[:, 0] + bias.numpy()[0]
    total = np.sum(data[:, 0].numpy() * data[:, 1].numpy(), axis=0)
    np.testing.assert_allclose(task.loss(params, data, None), np.mean((output - total) ** 2), rtol=1e-4)


def test_transformer_against_numpy():
    task = Reversing()
    params, data = task.sample(KEY)
    p = tf.nest.map_structure(lambda t: t.numpy().astype("float64"), params)
    losses = []
    for sequence in data.numpy():
        x = p["symbol"][sequence] + p["place"]
        q, k, v = (x @ p[n][0] + p[n][1] for n in ("query", "key", "value"))
        weights = np.exp(q @ k.T / np.sqrt(8))
        x = x + weights / weights.sum(1, keepdims=True) @ v
        hidden = np.maximum(x @ p["expand"][0] + p["expand"][1], 0)
        x = x + hidden @ p["contract"][0] + p["contract"][1]
        logits = x @ p["readout"][0] + p["readout"][1]
        chosen = logits[np.arange(6), sequence[::-1]]
        losses.append(np.log(np.exp(logits).sum(1)) - chosen)
    np.testing.assert_allclose(task.loss(params, data, None), np.mean(losses), rtol=1e-4)


def test_the_example_of_the_guide_runs_and_its_names_exist(monkeypatch):
    text = (Path(__file__).parents[1] / "docs" / "layout.md").read_text()
    registry = dict(base._registry)
    monkeypatch.setattr(base, "_registry", registry)
    exec(text.split("```python\n")[1].split("```")[0], {"__name__": "halves"})
    task = tasks.get("halves")
    params, data = task.sample(KEY)
    mistakes.check(task, params, data)
    assert 0 < task.loss(params, data, None) < 10
    shown = re.findall(r"^\| `([a-z-]+\[.*?\])`", text, re.MULTILINE)
    assert len(shown) == 6
    for name in shown:
        tasks.get(name)
