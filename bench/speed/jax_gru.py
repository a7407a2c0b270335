"""The GRU of `optimizers.learned.rnn` in JAX: the same cell, `vmap` over seeds, `lax.scan` over steps."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax
from jax.flatten_util import ravel_pytree

from bench.speed import jax_losses
from bench.speed.cells import Workload
from bench.speed.jax_peers import contender
from bench.speed.processes import Contender


def learned(cell: Workload, problem) -> Contender:
    """Every seed's run of the cell's shipped weights."""
    program = unroll(_loss(cell), problem.settings, cell.steps)
    arguments = jax.device_put((problem.params, problem.data, problem.weights))
    return contender(program, arguments, cell.work)


def learned_curves(cell: Workload, problem, steps: int) -> np.ndarray:
    """Every loss: (1, seeds, steps + 1)."""
    program = unroll(_loss(cell), problem.settings, steps)
    losses, last = program(problem.params, problem.data, problem.weights)
    return np.concatenate([losses, last[None]]).T[None]


def unroll(loss, settings: dict, steps: int):
    """Program (params (S, …), data (S, …), weights) -> losses (steps, S), last losses (S,)."""

    def run(params, data, weights):
        flat, restore = ravel_pytree(params)

        def step(carry, _):
            x, state = carry
            value, g = jax.value_and_grad(lambda x: loss(restore(x), data))(x)
            scaled = settings["input_scale"] * g
            shown = scaled if settings["input"] == "raw" else jnp.arcsinh(scaled)
            state = cell_step(weights, shown, state)
            move = settings["output_scale"] * (state @ weights["readout"] + weights["offset"])
            return (x + move, state), value

        state = jnp.broadcast_to(weights["initial_state"], (flat.size, settings["units"]))
        (x, _), losses = lax.scan(step, (flat, state), None, length=steps)
        return losses, loss(restore(x), data)

    return jax.jit(jax.vmap(run, (0, 0, None), (1, 0)))


def cell_step(weights, shown, state):
    """Next state (n, units) from inputs (n,)."""
    inputs = shown[:, None] * weights["kernel"] + weights["bias"]
    keep_in, reset_in, new_in = jnp.split(inputs, 3, axis=1)
    keep_h, reset_h, new_h = jnp.split(state @ weights["recurrent"], 3, axis=1)
    keep, reset = jax.nn.sigmoid(keep_in + keep_h), jax.nn.sigmoid(reset_in + reset_h)
    candidate = jnp.tanh(new_in + reset * (new_h + weights["recurrent_bias"]))
    return keep * state + (1.0 - keep) * candidate


def _loss(cell: Workload):
    return jax_losses.EXPERT[cell.family][""]
