"""The problems' losses in JAX, single-instance, on the same parameters and data as our tasks.

Each problem in every layout that a person may choose; all layouts of a problem are the same sums in another order.
"""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

from bench.speed import problems
from tasks.moons import moons


def rosenbrock(params, data):
    x, y = params
    return jnp.square(1.0 - x) + 100.0 * jnp.square(y - x * x)


def quadratic(params, data):
    offset = params - data["minimizer"]
    return 0.5 * jnp.dot(offset @ data["hessian"], offset)


def regression_points_minor(params, data):
    return jnp.mean(jnp.square(params @ data["inputs"] - data["targets"]))


def regression(params, data):
    """Textbook: `data["inputs"]` (points, features)."""
    return jnp.mean(jnp.square(data["inputs"] @ params - data["targets"]))


def moons_points_minor(params, data):
    inputs, labels = moons(problems.MOONS, problems.NOISE)
    signal = inputs
    for weight, bias in params[:-1]:
        signal = jnp.tanh(weight.T @ signal + bias[:, None])
    weight, bias = params[-1]
    return _logistic((weight.T @ signal)[0] + bias, labels)


def moons_points_major(params, data):
    inputs, labels = moons(problems.MOONS, problems.NOISE)
    signal = inputs.T
    for weight, bias in params[:-1]:
        signal = jnp.tanh(signal @ weight + bias)
    weight, bias = params[-1]
    return _logistic((signal @ weight + bias)[:, 0], labels)


def convolution_images_minor(params, data):
    columns, labels = problems.patches()
    maps = jax.nn.relu(params["kernel"].T @ columns + params["bias"][:, None])
    logits = params["dense"].T @ maps.reshape(-1, problems.IMAGES) + params["offset"][:, None]
    return _cross_entropy(logits.T, labels)


def convolution_images_major(params, data):
    """The same patches one a row; `dense` (positions × channels, classes)."""
    columns, labels = problems.patches()
    rows = columns.reshape(9, -1, problems.IMAGES).transpose(2, 1, 0).reshape(-1, 9)
    maps = jax.nn.relu(rows @ params["kernel"] + params["bias"])
    logits = maps.reshape(problems.IMAGES, -1) @ params["dense"] + params["offset"]
    return _cross_entropy(logits, labels)


def convolution(params, data):
    """Textbook: `lax.conv_general_dilated`; `dense` (positions × channels, classes)."""
    pictures, labels = problems.images()
    kernel = params["kernel"].reshape(3, 3, 1, problems.CHANNELS)
    layout = ("NHWC", "HWIO", "NHWC")
    maps = lax.conv_general_dilated(jnp.asarray(pictures), kernel, (2, 2), "SAME", dimension_numbers=layout)
    maps = jax.nn.relu(maps + params["bias"])
    logits = maps.reshape(problems.IMAGES, -1) @ params["dense"] + params["offset"]
    return _cross_entropy(logits, labels)


def _logistic(logits, labels):
    return jnp.mean(jax.nn.softplus(logits) - labels * logits)


def _cross_entropy(logits, labels):
    chosen = jnp.take_along_axis(logits, labels[:, None], axis=1)[:, 0]
    return jnp.mean(jax.nn.logsumexp(logits, axis=1) - chosen)


EXPERT = {
    "rosenbrock": {"": rosenbrock},
    "linear-regression": {"": quadratic},
    "regression": {"points minor": regression_points_minor, "X@w": regression},
    "moons": {"points minor": moons_points_minor, "X@W": moons_points_major},
    "convolution": {"images minor": convolution_images_minor, "patches@W": convolution_images_major},
}
"""Losses worth trying by family; the layout that is faster is the expert's."""
OBVIOUS = {"rosenbrock": rosenbrock, "regression": regression, "moons": moons_points_major, "convolution": convolution}


def adopt(loss, params, data):
    """Problems (leading axis seeds) in the layout that `loss` wants: the same numbers in another order."""
    if loss is regression:
        data = {**data, "inputs": np.ascontiguousarray(data["inputs"].transpose(0, 2, 1))}
    if loss in (convolution, convolution_images_major):
        dense = params["dense"]
        split = dense.reshape(len(dense), problems.CHANNELS, -1, problems.CLASSES)
        params = {**params, "dense": split.transpose(0, 2, 1, 3).reshape(dense.shape)}
    return params, data
