"""The shipped hand-designed entries, as a table: Keras classes with their published defaults and one search space each.

Spaces are the same for every task (Dahl et al., Benchmarking neural network training algorithms, 2023): wide enough for
problems whose best learning rates lie six decades apart. Decays are searched as 1 − log-uniform.

What is scored are the parameters as `fit` leaves them, under `use_ema` their averages. Those of schedule-free AdamW are
the average of its iterates: Keras 3.15 on TensorFlow takes gradients there, whatever β₁ is (optimizers/keras_shim.py).
"""

from __future__ import annotations

from typing import Any, NamedTuple

from optimizers import aggmo, schedule_free, sign_descent
from optimizers.registry import register
from optimizers.schedules import HORIZON
from optimizers.spaces import LogUniform, Uniform

_DECAY = LogUniform(3e-3, 1.0, complement=True)
_SLOW_DECAY = LogUniform(3e-4, 0.5, complement=True)
_EPSILON = LogUniform(1e-10, 1.0)
_RATE = LogUniform(1e-5, 10.0)
_ADAPTIVE_RATE = LogUniform(1e-5, 30.0)
_BOUND = LogUniform(1e-3, 1e3)
_SMALL = LogUniform(1e-8, 1e-2)


class Listed(NamedTuple):
    """One entry: its name, its Keras class, what tuning may set, the published defaults, and the source."""

    name: str
    source: str
    space: dict[str, Any]
    defaults: dict[str, Any]
    reference: str
    schedule: str = ""


_BETAS = {"beta_1": _DECAY, "beta_2": _SLOW_DECAY, "epsilon": _EPSILON}
_MOMENTUM = {"learning_rate": _RATE, "momentum": _DECAY}
_ADAM_SPACE = {"learning_rate": _ADAPTIVE_RATE, **_BETAS}
_ADAM = {"learning_rate": 1e-3, "beta_1": 0.9, "beta_2": 0.999, "epsilon": 1e-7}
_ADAMW_SPACE = {**_ADAM_SPACE, "weight_decay": LogUniform(1e-6, 0.1)}
_ADAMW = {**_ADAM, "weight_decay": 0.004}
_RMSPROP_SPACE = {"learning_rate": _ADAPTIVE_RATE, "rho": _SLOW_DECAY, "epsilon": _EPSILON}
_RMSPROP = {"learning_rate": 1e-3, "rho": 0.9, "epsilon": 1e-7}
_KINGMA = "Kingma and Ba, Adam: a method for stochastic optimization, 2015"
_POLYAK = "Polyak, Some methods of speeding up the convergence of iteration methods, 1964"
_CLIPPING = "Pascanu et al., On the difficulty of training recurrent neural networks, 2013"
_SCHEDULES = {
    "step": "He et al., Deep residual learning for image recognition, 2016",
    "cosine": "Loshchilov and Hutter, SGDR: stochastic gradient descent with warm restarts, 2017",
    "warmup-cosine": "Goyal et al., Accurate, large minibatch SGD, 2017, and Loshchilov and Hutter, SGDR, 2017",
    "linear": "Defazio et al., Optimal linear decay learning rate schedules and further refinements, 2023",
}

CLASSES = [
    Listed(
        "sgd",
        "SGD",
        {"learning_rate": _RATE},
        {"learning_rate": 0.01},
        "Robbins and Monro, A stochastic approximation method, 1951",
    ),
    Listed("momentum", "SGD", _MOMENTUM, {"learning_rate": 0.01, "momentum": 0.9}, _POLYAK),
    Listed(
        "nesterov",
        "SGD",
        _MOMENTUM,
        {"learning_rate": 0.01, "momentum": 0.9, "nesterov": True},
        "Nesterov, A method for solving the convex programming problem with rate O(1/k²), 1983",
    ),
    Listed("rmsprop", "RMSprop", _RMSPROP_SPACE, _RMSPROP, "Tieleman and Hinton, Lecture 6.5: RMSProp, 2012"),
    Listed("adam", "Adam", _ADAM_SPACE, _ADAM, _KINGMA),
    Listed(
        "adamw", "AdamW", _ADAMW_SPACE, _ADAMW, "Loshchilov and Hutter, Decoupled weight decay regularization, 2019"
    ),
    Listed("nadam", "Nadam", _ADAM_SPACE, _ADAM, "Dozat, Incorporating Nesterov momentum into Adam, 2016"),
    Listed(
        "lion",
        "Lion",
        {"learning_rate": LogUniform(1e-6, 1.0), "beta_1": _DECAY, "beta_2": _DECAY},
        {"learning_rate": 1e-3, "beta_1": 0.9, "beta_2": 0.99},
        "Chen et al., Symbolic discovery of optimization algorithms, 2023",
    ),
    Listed(
        "rmsprop-centered",
        "RMSprop",
        {**_RMSPROP_SPACE, "momentum": _DECAY},
        {**_RMSPROP, "momentum": 0.0, "centered": True},
        "Graves, Generating sequences with recurrent neural networks, 2013",
    ),
    Listed(
        "amsgrad",
        "Adam",
        _ADAM_SPACE,
        {**_ADAM, "amsgrad": True},
        "Reddi et al., On the convergence of Adam and beyond, 2018",
    ),
    Listed("adamax", "Adamax", _ADAM_SPACE, _ADAM, _KINGMA),
    Listed(
        "adagrad",
        "Adagrad",
        {"learning_rate": _ADAPTIVE_RATE, "initial_accumulator_value": LogUniform(1e-6, 10.0), "epsilon": _EPSILON},
        {"learning_rate": 1e-3, "initial_accumulator_value": 0.1, "epsilon": 1e-7},
        "Duchi et al., Adaptive subgradient methods for online learning and stochastic optimization, 2011",
    ),
    Listed(
        "adadelta",
        "Adadelta",
        {"learning_rate": LogUniform(1e-3, 1e3), "rho": _SLOW_DECAY, "epsilon": _EPSILON},
        {"learning_rate": 1.0, "rho": 0.95, "epsilon": 1e-6},
        "Zeiler, Adadelta: an adaptive learning rate method, 2012",
    ),
    Listed(
        "adafactor",
        "Adafactor",
        {
            "learning_rate": LogUniform(1e-5, 10.0),
            "beta_2_decay": Uniform(-1.0, -0.2),
            "epsilon_2": LogUniform(1e-5, 1.0),
            "clip_threshold": LogUniform(0.1, 10.0),
        },
        {
            "learning_rate": 1e-3,
            "beta_2_decay": -0.8,
            "epsilon_1": 1e-30,
            "epsilon_2": 1e-3,
            "clip_threshold": 1.0,
            "relative_step": True,
        },
        "Shazeer and Stern, Adafactor: adaptive learning rates with sublinear memory cost, 2018",
    ),
    Listed(
        "lamb",
        "Lamb",
        {**_ADAM_SPACE, "learning_rate": LogUniform(1e-5, 1.0)},
        _ADAM,
        "You et al., Large batch optimization for deep learning: training BERT in 76 minutes, 2020",
    ),
    Listed(
        "ftrl",
        "Ftrl",
        {
            "learning_rate": _ADAPTIVE_RATE,
            "initial_accumulator_value": LogUniform(1e-6, 10.0),
            "learning_rate_power": Uniform(-1.0, -0.1),
            "l1_regularization_strength": _SMALL,
            "l2_regularization_strength": _SMALL,
        },
        {
            "learning_rate": 1e-3,
            "learning_rate_power": -0.5,
            "initial_accumulator_value": 0.1,
            "l1_regularization_strength": 0.0,
            "l2_regularization_strength": 0.0,
            "l2_shrinkage_regularization_strength": 0.0,
            "beta": 0.0,
        },
        "McMahan et al., Ad click prediction: a view from the trenches, 2013",
    ),
    Listed(
        "muon",
        "Muon",
        {
            "learning_rate": LogUniform(1e-5, 10.0),
            "momentum": _DECAY,
            "weight_decay": LogUniform(1e-6, 0.1),
            "adam_beta_1": _DECAY,
            "adam_beta_2": _SLOW_DECAY,
            "adam_lr_ratio": LogUniform(0.1, 10.0),
        },
        {
            "learning_rate": 1e-3,
            "momentum": 0.95,
            "weight_decay": 0.004,
            "adam_beta_1": 0.9,
            "adam_beta_2": 0.999,
            "adam_weight_decay": 0.004,
            "adam_lr_ratio": 1.0,
            "epsilon": 1e-7,
            "rms_rate": 0.2,
        },
        "Jordan et al., Muon: an optimizer for hidden layers in neural networks, 2024",
    ),
    Listed(
        "schedule-free-adamw",
        "ScheduleFreeAdamW",
        {**_ADAM_SPACE, "beta_1": Uniform(0.5, 0.99)},
        {"learning_rate": 2.5e-3, "beta_1": 0.9, "beta_2": 0.999, "epsilon": 1e-8},
        "Defazio et al., The road less scheduled, 2024",
    ),
]
"""Every optimizer class of Keras. The first eight have published numbers: change nothing of theirs."""

CLIPPED = [
    Listed("adam-clipnorm", "Adam", {**_ADAM_SPACE, "clipnorm": _BOUND}, {**_ADAM, "clipnorm": 1.0}, _CLIPPING),
    Listed(
        "momentum-clipnorm",
        "SGD",
        {**_MOMENTUM, "clipnorm": _BOUND},
        {"learning_rate": 0.01, "momentum": 0.9, "clipnorm": 1.0},
        _CLIPPING,
    ),
    Listed(
        "momentum-clipvalue",
        "SGD",
        {**_MOMENTUM, "clipvalue": _BOUND},
        {"learning_rate": 0.01, "momentum": 0.9, "clipvalue": 0.5},
        _CLIPPING,
    ),
]


def _scheduled(name: str, source: str, space: dict, defaults: dict) -> list[Listed]:
    """Entry `name` under every schedule that is laid out along the horizon; the schedules' own numbers are theirs."""
    searched: dict[str, dict[str, Any]] = {
        "step": {"decay_rate": LogUniform(0.01, 0.7), "decay_fraction": Uniform(0.15, 0.9)},
        "cosine": {},
        "warmup-cosine": {"warmup_fraction": LogUniform(0.01, 0.5)},
        "linear": {},
    }
    rest = {key: v for key, v in space.items() if key != "learning_rate"}
    return [
        Listed(
            f"{name}-{schedule}",
            source,
            {HORIZON[schedule].peak: space["learning_rate"], **rest, **own},
            defaults,
            _SCHEDULES[schedule],
            schedule,
        )
        for schedule, own in searched.items()
    ]


SCHEDULED = [
    *_scheduled("adam", "Adam", _ADAM_SPACE, _ADAM),
    *_scheduled("momentum", "SGD", _MOMENTUM, {"learning_rate": 0.01, "momentum": 0.9}),
    *(row for row in _scheduled("adamw", "AdamW", _ADAMW_SPACE, _ADAMW) if row.schedule == "cosine"),
]


def register_all() -> None:
    """Register every hand-designed entry: of Keras classes, then functional ones."""
    for row in (*CLASSES, *CLIPPED, *SCHEDULED):
        register(
            row.name, row.source, space=row.space, defaults=row.defaults, reference=row.reference, schedule=row.schedule
        )
    for functional in (aggmo, schedule_free, sign_descent):
        register(functional.ENTRY)
