"""Which families the generalists were trained on, on which they were chosen, and which are reported.

A family is the first tag of a task. The digits are data of the family `image`, so neither training nor choice looked at
`digits-softmax`, `digits-tanh` or `digits-relu`. The list trained on is that of the training's command. Two settings of
`stride` were chosen afterwards, on the families of CHOSEN_ON, by a rule that was written down first (decision 32).
"""

from __future__ import annotations

from bench.lookup.resolve import named_task

TRAINED_ON = {
    "quadratic": ("linear-regression", "quadratic-ill", "quadratic-diagonal", "saddle"),
    "regression": ("least-squares", "regression-batches", "regression-huber"),
    "network": ("two-moons-small", "spirals-batches", "moons-relu"),
}
"""All of them randomly scaled."""
CHOSEN_ON = {"logistic": ("breast-cancer", "wine"), "classic": ("rosenbrock-10", "ackley", "rastrigin", "levy")}
REPORTED = {
    "matrix": ("matrix-factorization", "matrix-completion", "matrix-symmetric", "deep-linear"),
    "image": ("digits-conv", "digits-autoencoder"),
    "sequence": ("adding-rnn", "adding-gru", "reversing-transformer"),
}
"""Every task of the library in these families."""
AT_HOME = ("linear-regression", "quadratic")
"""Of a family trained on, and asked for by name; they are in no count."""


def family(task: str) -> str:
    return named_task(task).task.tags[0]


def reported() -> tuple[str, ...]:
    return tuple(task for tasks in REPORTED.values() for task in tasks)
