"""The meta-gradient in JAX: `grad` of a scan, with the same losses and the same cell. No TensorFlow in its process."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax
from jax.flatten_util import ravel_pytree

from bench.speed import jax_losses
from bench.speed.jax_gru import cell_step
from bench.speed.metagradients import MetaCell, Style
from bench.speed.processes import Contender


def contend(cell: MetaCell, style: Style, order: str, problem) -> Contender:
    """One meta-gradient, fetched; inputs are placed already."""
    program = compile_gradient(cell, style, order, problem)
    arguments = jax.device_put((problem.theta, problem.params, problem.data))

    def run() -> None:
        for leaf in jax.tree.leaves(program(*arguments)):
            np.asarray(leaf)

    return Contender(run, cell.work)


def gradients(cell: MetaCell, style: Style, order: str, problem) -> dict[str, np.ndarray]:
    """Like θ."""
    found = compile_gradient(cell, style, order, problem)(problem.theta, problem.params, problem.data)
    return {name: np.asarray(value) for name, value in found.items()}


def compile_gradient(cell: MetaCell, style: Style, order: str, problem):
    """Program (θ, params (B, …), data (B, …)) -> gradient of the mean of f / f₀ over steps and problems, like θ."""
    loss = LOSSES[cell.task]
    one = jax.tree.map(lambda leaf: leaf[0], problem.params)
    restore = ravel_pytree(one)[1]
    cut = cell_step if style.split else sliced_step

    def step(theta, x, state, data):
        """One step of one problem -> (x, state, loss before it)."""
        value, g = jax.value_and_grad(lambda x: loss(restore(x), data))(x)
        state = cut(theta, jnp.arcsinh(problem.input_scale * g), state)
        move = problem.output_scale * (state @ theta["readout"] + theta["offset"])
        return x + move, state, value

    if style.checkpoint:
        step = jax.checkpoint(step)
    unroll = _vmap_of_scan if order == "vmap of scan" else _scan_of_vmap

    def objective(theta, params, data):
        x = jax.vmap(lambda params: ravel_pytree(params)[0])(params)
        start = jnp.broadcast_to(theta["initial_state"], (*x.shape, cell.units))
        x, losses = unroll(step, cell.steps, theta, x, start, data)
        last = jax.vmap(lambda x, data: loss(restore(x), data))(x, data)
        losses = jnp.concatenate([losses, last[None]])
        return jnp.mean(losses / lax.stop_gradient(losses[0]))

    return jax.jit(jax.grad(objective))


def _scan_of_vmap(step, steps: int, theta, x, state, data):
    """-> x after the steps (B, P), losses before each (steps, B)."""
    every = jax.vmap(step, (None, 0, 0, 0))

    def body(carry, _):
        x, state, losses = every(theta, *carry, data)
        return (x, state), losses

    (x, _), losses = lax.scan(body, (x, state), None, length=steps)
    return x, losses


def _vmap_of_scan(step, steps: int, theta, x, state, data):
    """The same, problem by problem as far as the program says."""

    def run(x, state, data):
        def body(carry, _):
            x, state, loss = step(theta, *carry, data)
            return (x, state), loss

        (x, _), losses = lax.scan(body, (x, state), None, length=steps)
        return x, losses

    return jax.vmap(run, out_axes=(0, 1))(x, state, data)


def sliced_step(weights, shown, state):
    """The same cell with gates cut by slices, as most implementations have it."""
    n = state.shape[1]
    inputs = shown[:, None] * weights["kernel"] + weights["bias"]
    hidden = state @ weights["recurrent"]
    keep = jax.nn.sigmoid(inputs[:, :n] + hidden[:, :n])
    reset = jax.nn.sigmoid(inputs[:, n : 2 * n] + hidden[:, n : 2 * n])
    new = hidden[:, 2 * n :] + weights["recurrent_bias"]
    return keep * state + (1.0 - keep) * jnp.tanh(inputs[:, 2 * n :] + reset * new)


def small_moons(params, data):
    signal = data["inputs"]
    for weight, bias in params[:-1]:
        signal = jnp.tanh(weight.T @ signal + bias[:, None])
    weight, bias = params[-1]
    logits = (weight.T @ signal)[0] + bias
    squares = sum(jnp.sum(jnp.square(leaf)) for leaf in jax.tree.leaves(params))
    return jnp.mean(jax.nn.softplus(logits) - data["labels"] * logits) + 1e-3 * squares


LOSSES = {
    "linear-regression": jax_losses.quadratic,
    "rosenbrock": jax_losses.rosenbrock,
    "two-moons-small": small_moons,
}
