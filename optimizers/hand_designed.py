"""The shipped hand-designed entries: Keras classes with their published defaults and one search space each.

Spaces are the same for every task (Dahl et al., Benchmarking neural network training algorithms, 2023): wide
enough for problems whose best learning rates lie six decades apart. Decays are searched as 1 − log-uniform.
"""

from __future__ import annotations

from optimizers.base import register
from optimizers.spaces import LogUniform

_DECAY = LogUniform(3e-3, 1.0, complement=True)
_SLOW_DECAY = LogUniform(3e-4, 0.5, complement=True)
_EPSILON = LogUniform(1e-10, 1.0)


def _rate(low: float, high: float) -> LogUniform:
    return LogUniform(low, high)


def register_all() -> None:
    """Register every hand-designed entry."""
    adam = {"learning_rate": 1e-3, "beta_1": 0.9, "beta_2": 0.999, "epsilon": 1e-7}
    adam_space = {
        "learning_rate": _rate(1e-5, 30.0), "beta_1": _DECAY, "beta_2": _SLOW_DECAY, "epsilon": _EPSILON,
    }  # fmt: skip
    momentum_space = {"learning_rate": _rate(1e-5, 10.0), "momentum": _DECAY}
    register(
        "sgd", "SGD", space={"learning_rate": _rate(1e-5, 10.0)}, defaults={"learning_rate": 0.01},
        reference="Robbins and Monro, A stochastic approximation method, 1951",
    )  # fmt: skip
    register(
        "momentum", "SGD", space=momentum_space, defaults={"learning_rate": 0.01, "momentum": 0.9},
        reference="Polyak, Some methods of speeding up the convergence of iteration methods, 1964",
    )  # fmt: skip
    register(
        "nesterov", "SGD", space=momentum_space,
        defaults={"learning_rate": 0.01, "momentum": 0.9, "nesterov": True},
        reference="Nesterov, A method for solving the convex programming problem with rate O(1/k²), 1983",
    )  # fmt: skip
    register(
        "rmsprop", "RMSprop",
        space={"learning_rate": _rate(1e-5, 30.0), "rho": _SLOW_DECAY, "epsilon": _EPSILON},
        defaults={"learning_rate": 1e-3, "rho": 0.9, "epsilon": 1e-7},
        reference="Tieleman and Hinton, Lecture 6.5: RMSProp, 2012",
    )  # fmt: skip
    register(
        "adam", "Adam", space=adam_space, defaults=adam,
        reference="Kingma and Ba, Adam: a method for stochastic optimization, 2015",
    )  # fmt: skip
    register(
        "adamw", "AdamW", space={**adam_space, "weight_decay": LogUniform(1e-6, 0.1)},
        defaults={**adam, "weight_decay": 0.004},
        reference="Loshchilov and Hutter, Decoupled weight decay regularization, 2019",
    )  # fmt: skip
    register(
        "nadam", "Nadam", space=adam_space, defaults=adam,
        reference="Dozat, Incorporating Nesterov momentum into Adam, 2016",
    )  # fmt: skip
    register(
        "lion", "Lion", space={"learning_rate": _rate(1e-6, 1.0), "beta_1": _DECAY, "beta_2": _DECAY},
        defaults={"learning_rate": 1e-3, "beta_1": 0.9, "beta_2": 0.99},
        reference="Chen et al., Symbolic discovery of optimization algorithms, 2023",
    )  # fmt: skip
