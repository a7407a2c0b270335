"""PyTorch: `torch.func`, the same two nested maps as ours, Adam by hand, eager. Runs in a process of its own."""

from __future__ import annotations

import numpy as np
import torch
from torch.func import grad_and_value, vmap
from torch.utils import _pytree as pytree

from bench.speed import problems
from bench.speed.cells import Workload, sweep
from bench.speed.processes import Contender
from tasks.moons import moons

STEPS = 20
"""Of one timed run: nothing is compiled, so a step costs the same in a short one."""


def rosenbrock(params, data):
    x, y = params[0], params[1]
    return (1.0 - x) ** 2 + 100.0 * (y - x * x) ** 2


def regression(params, data):
    return ((params[None] @ data["inputs"])[0] - data["targets"]).square().mean()


def moons_loss(params, data):
    inputs, labels = (torch.tensor(array) for array in moons(problems.MOONS, problems.NOISE))
    signal = inputs
    for weight, bias in params[:-1]:
        signal = torch.tanh(weight.T @ signal + bias[:, None])
    weight, bias = params[-1]
    logits = (weight.T @ signal)[0] + bias
    return torch.mean(torch.nn.functional.softplus(logits) - labels * logits)


def convolution(params, data):
    columns, labels = (torch.tensor(array) for array in problems.patches())
    maps = torch.relu(params["kernel"].T @ columns + params["bias"][:, None])
    logits = params["dense"].T @ maps.reshape(-1, problems.IMAGES) + params["offset"][:, None]
    chosen = (logits * torch.eye(problems.CLASSES)[labels.long()].T).sum(0)
    return torch.mean(torch.logsumexp(logits, 0) - chosen)


LOSSES = {"rosenbrock": rosenbrock, "regression": regression, "moons": moons_loss, "convolution": convolution}


def func(cell: Workload, problem) -> Contender:
    """All runs of the cell, STEPS steps, every loss kept and fetched."""

    def run() -> None:
        _unroll(cell, problem, STEPS)

    return Contender(run, cell.configurations * cell.seeds * STEPS)


def func_curves(cell: Workload, problem, steps: int) -> np.ndarray:
    """Every loss: (configurations, seeds, steps + 1)."""
    return _unroll(cell, problem, steps + 1).transpose(2, 1, 0)


def _unroll(cell: Workload, problem, steps: int) -> np.ndarray:
    """Losses (steps, seeds, configurations), each before its step."""
    torch.set_num_threads(1)
    gradient = grad_and_value(LOSSES[cell.family])
    has_data = bool(pytree.tree_leaves(problem.data))
    inner = vmap(gradient, (0, None))
    every = vmap(inner, (0, 0 if has_data else None))
    data = pytree.tree_map(torch.from_numpy, problem.data)
    leaves, structure = pytree.tree_flatten(problem.params)
    params = [_spread(torch.from_numpy(leaf), cell.configurations) for leaf in leaves]
    mean, square = ([torch.zeros_like(p) for p in params] for _ in range(2))
    hyper, losses = {k: torch.from_numpy(v) for k, v in sweep(cell.configurations).items()}, []
    for t in range(1, steps + 1):
        gradients, loss = every(pytree.tree_unflatten(params, structure), data)
        losses.append(loss)
        _adam(params, pytree.tree_leaves(gradients), mean, square, hyper, t)
    return torch.stack(losses).numpy()


def _spread(leaf, configurations: int):
    """(S, …) -> (S, C, …), contiguous."""
    return leaf[:, None].expand(-1, configurations, *leaf.shape[1:]).contiguous()


def _adam(params, gradients, mean, square, hyper, t: int) -> None:
    """One step in place; `hyper` (C,) each, ε before the bias correction as Keras has it."""
    first, second = hyper["beta_1"], hyper["beta_2"]
    rate = hyper["learning_rate"] * torch.sqrt(1 - second**t) / (1 - first**t)
    for p, g, m, v in zip(params, gradients, mean, square, strict=True):
        lead = (-1,) + (1,) * (p.ndim - 2)
        m.add_((g - m) * (1 - first).view(lead))
        v.add_((g * g - v) * (1 - second).view(lead))
        p.sub_(rate.view(lead) * m / (torch.sqrt(v) + hyper["epsilon"].view(lead)))
