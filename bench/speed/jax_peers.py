"""JAX with optax, as an expert and as anybody writes it. Runs in a process without TensorFlow.

Expert: one jitted program, `vmap` over seeds outside and over configurations inside, `lax.scan` over steps, and one of
two recordings: the full curve, which is the idiom, or what our engine keeps, in the carry (jax_recording). Obvious:
`vmap` of a whole run over the flat product of configurations and seeds, textbook formulas, full curve.

Programs take (params (S, …), data (S, …), hyper (C,)).
"""

from __future__ import annotations

import math
from functools import partial
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import optax
from jax import lax

from bench.scores.metrics import CAP
from bench.speed import jax_losses
from bench.speed.cells import Workload, sweep
from bench.speed.processes import Contender

RECORDINGS = ("full curve", "in the carry")


def expert(cell: Workload, problem, layout: str, recording: str) -> Contender:
    """`layout` as in jax_losses.EXPERT, `recording` as in RECORDINGS."""
    loss = jax_losses.EXPERT[cell.family][layout]
    full = recording == "full curve"
    program = full_curve(loss, cell.steps) if full else carried(loss, problem.recorded)
    return contender(program, _arguments(cell, loss, problem), cell.work)


def obvious(cell: Workload, problem) -> Contender:
    """A whole run, `vmap`ped over the flat product."""
    loss = jax_losses.OBVIOUS[cell.family]
    return contender(flat(loss, cell.steps), _arguments(cell, loss, problem), cell.work)


def expert_curves(cell: Workload, problem, steps: int, layout: str, recording: str) -> np.ndarray:
    """Every loss the expert's program notes: (configurations, seeds, steps + 1)."""
    loss = jax_losses.EXPERT[cell.family][layout]
    arguments = _arguments(cell, loss, problem)
    if recording == "full curve":
        losses, last = full_curve(loss, steps)(*arguments)
        return np.concatenate([losses, last[None]]).transpose(2, 1, 0)
    carry = carried(loss, np.arange(steps + 1))(*arguments)
    return np.asarray(carry.losses[:-1]).transpose(2, 1, 0)


def obvious_curves(cell: Workload, problem, steps: int) -> np.ndarray:
    """Every loss of the obvious program: (configurations, seeds, steps + 1)."""
    loss = jax_losses.OBVIOUS[cell.family]
    losses, last = flat(loss, steps)(*_arguments(cell, loss, problem))
    whole = np.concatenate([losses, last[:, None]], axis=1)
    return whole.reshape(cell.configurations, cell.seeds, steps + 1)


def full_curve(loss, steps: int):
    """Program -> losses (steps, S, C), last losses (S, C)."""
    configurations = jax.vmap(partial(_run, loss, steps), (None, None, 0), (1, 0))
    return jax.jit(jax.vmap(configurations, (0, 0, None), (1, 0)))


def flat(loss, steps: int):
    """Program -> losses (C × S, steps), last losses (C × S,)."""

    @jax.jit
    def program(params, data, hyper):
        seeds, configurations = len(jax.tree.leaves(params)[0]), len(hyper["epsilon"])
        params, data = jax.tree.map(lambda x: jnp.tile(x, (configurations,) + (1,) * (x.ndim - 1)), (params, data))
        hyper = jax.tree.map(lambda h: jnp.repeat(h, seeds), hyper)
        return jax.vmap(partial(_run, loss, steps))(params, data, hyper)

    return program


def carried(loss, recorded):
    """Program -> jax_recording.Carry. The scan is outside and the two `vmap`s are of one step."""
    steps = int(recorded[-1])
    state_axes = (optax.ScaleByAdamState(count=None, mu=0, nu=0), optax.EmptyState())
    run_axes = (0, state_axes)

    def one(run, data, hyper):
        params, state = run
        value, gradients = jax.value_and_grad(loss)(params, data)
        updates, state = adam(hyper).update(gradients, state)
        return (optax.apply_updates(params, updates), state), value

    inner = jax.vmap(one, (run_axes, None, 0), (run_axes, 0))
    every = jax.vmap(inner, (run_axes, 0, None), (run_axes, 0))
    final = jax.vmap(jax.vmap(loss, (0, None)), (0, 0))

    @jax.jit
    def program(params, data, hyper):
        seeds, configurations = len(jax.tree.leaves(params)[0]), len(hyper["epsilon"])
        params = jax.tree.map(lambda p: jnp.broadcast_to(p[:, None], (seeds, configurations, *p.shape[1:])), params)
        blank, note = summaries(recorded, (seeds, configurations))

        def step(carry, t):
            run, losses = every(carry[0], data, hyper)
            return (run, note(carry[1], t, losses)), None

        start = (params, adam(sweep(1)).init(params)), blank
        ((params, _), carry), _ = lax.scan(step, start, jnp.arange(steps))
        return note(carry, steps, final(params, data))

    return program


def adam(hyper):
    """optax.adam from a mapping with Keras's names."""
    return optax.adam(hyper["learning_rate"], hyper["beta_1"], hyper["beta_2"], hyper["epsilon"])


def _run(loss, steps: int, params, data, hyper):
    """One run -> losses before each of `steps` steps (steps,), and after them."""
    optimizer = adam(hyper)

    def step(carry, _):
        params, state = carry
        value, gradients = jax.value_and_grad(loss)(params, data)
        updates, state = optimizer.update(gradients, state)
        return (optax.apply_updates(params, updates), state), value

    start = params, optimizer.init(params)
    (params, _), losses = lax.scan(step, start, None, length=steps)
    return losses, loss(params, data)


def _arguments(cell: Workload, loss, problem):
    params, data = jax_losses.adopt(loss, problem.params, problem.data)
    return jax.device_put((params, data, sweep(cell.configurations)))


def contender(program, arguments, work: int) -> Contender:
    """Inputs are placed already, results are fetched."""

    def run() -> None:
        for result in jax.tree.leaves(program(*arguments)):
            np.asarray(result)

    return Contender(run, work)


class Recorded(NamedTuple):
    """Losses (K + 1, S, C), the last slot a bin; the rest (S, C)."""

    losses: Any
    mean: Any
    best: Any
    diverged: Any
    initial: Any


def summaries(recorded: np.ndarray, shape: tuple[int, int]):
    """Blank carry of runs (S, C) = `shape`, and note(carry, t, losses (S, C)) -> carry; `recorded` (K,), 0 … T."""
    horizon, size = int(recorded[-1]), len(recorded)
    slots = np.full(horizon + 1, size, "int32")
    slots[recorded] = np.arange(size)
    table, weight = jnp.asarray(slots), 1.0 / (horizon + 1)
    zeros = jnp.zeros(shape)
    blank = Recorded(jnp.zeros((size + 1, *shape)), zeros, jnp.full(shape, math.inf), jnp.full(shape, -1), zeros)

    def note(carry: Recorded, t, losses) -> Recorded:
        initial = jnp.where(t == 0, losses, carry.initial)
        ratio = losses / initial
        sound = jnp.isfinite(ratio) & (ratio <= CAP)
        ratio = jnp.where(sound, ratio, CAP)
        return Recorded(
            carry.losses.at[table[t]].set(losses),
            carry.mean + weight * ratio,
            jnp.minimum(carry.best, jnp.where(sound, losses, carry.best)),
            jnp.where(~sound & (carry.diverged < 0), t, carry.diverged),
            initial,
        )

    return blank, note
