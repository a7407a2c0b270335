"""Which families the generalists were trained on, on which the design was looked at, and which are reported.

A family is the first tag of a task. The digits are data of the family `image`, so neither training nor choice looked at
`digits-softmax`, `digits-tanh` or `digits-relu`. The list trained on is that of the training's command; the rest was
written down while it ran, before anything was measured on a reported family.
"""

from __future__ import annotations

from bench.lookup.resolve import named_task

TRAINED_ON = {
    "quadratic": ("linear-regression", "quadratic-ill", "quadratic-diagonal", "saddle"),
    "regression": ("least-squares", "regression-batches", "regression-huber"),
    "network": ("two-moons-small", "spirals-batches", "moons-relu"),
}
"""All of them randomly scaled."""
CHOSEN_ON = {"logistic": ("breast-cancer", "breast-cancer-batches", "wine")}
REPORTED = {
    "classic": ("rosenbrock", "rosenbrock-10", "beale", "ackley", "rastrigin", "levy"),
    "matrix": ("matrix-factorization", "matrix-completion", "deep-linear"),
    "image": ("digits-conv", "digits-autoencoder"),
    "sequence": ("adding-gru", "reversing-transformer"),
}
"""The tasks of the suite `core` in these families."""
AT_HOME = ("linear-regression", "quadratic")
"""Of a family trained on, and asked for by name; they are in no count."""


def family(task: str) -> str:
    return named_task(task).task.tags[0]


def reported() -> tuple[str, ...]:
    return tuple(task for tasks in REPORTED.values() for task in tasks)
