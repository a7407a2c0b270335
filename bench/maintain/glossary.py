"""docs/glossary.md: the words of this project, those on the report page among them."""

from __future__ import annotations

from pathlib import Path

from bench.reports.html.words import WORDS
from bench.scores.metrics import METRICS

PAGE = Path(__file__).parents[2] / "docs" / "glossary.md"
MORE: dict[str, str] = {
    "ablation": "An optimizer with one mechanism removed, raced against the original.",
    "baseline": "A hand-designed optimizer that others are compared with, tuned with the same number of trials.",
    "budget": "The numbers of steps, problems and trials. They are equal for all optimizers.",
    "component-wise": "Updating every parameter independently, each with its own state. Most probes need this.",
    "effective learning rate": "How far a small new gradient moves the parameter at once, per unit of that gradient.",
    "effective momentum": "The factor by which the response to one gradient shrinks from step to step.",
    "entry": "A registered optimizer: its name, how to build it, what tuning searches, its defaults.",
    "family": "Tasks of one kind, such as quadratic or network. It is a task's first tag.",
    "fixed point": "A state that does not change while the gradient is zero (or constant).",
    "initial gap": "The initial loss minus the floor of the task.",
    "interquartile mean": "The mean without the highest and the lowest quarter (IQM): the score over tasks.",
    "kernel": "The response to one gradient, step by step: minus the update j steps later, for each j.",
    "knee": "The gradient beyond which updates stop growing.",
    "ledger": "The cost of a cell: gradient evaluations and seconds of tuning, reporting and meta-training.",
    "mechanism": "Something an optimizer does with gradients: momentum, clipping, a schedule, adaptation.",
    "meta-gradient": "The gradient of a run's loss with respect to θ, the weights of a learned optimizer.",
    "meta-seed": "The seed of one meta-training. Three meta-seeds are three networks trained by one recipe.",
    "meta-training": "Minimizing a meta-loss over θ: training a learned optimizer on many problems before any race.",
    "plug-in": "A Python file of yours with tasks or optimizers, given with --import.",
    "record": "The stored data of a cell: losses of its runs, trials, θ, ledger, and the machine.",
    "report problems": "The problems that every published number comes from. Nothing was tuned on them.",
    "rest": "The stable fixed point at zero gradient.",
    "seed": "The number of a problem. Problem 17 is the same for every optimizer.",
    "specialist": "A learned optimizer that was meta-trained on one task.",
    "suite": "Tasks × optimizers, with a budget: what one `run` does.",
    "target": "A loss to reach, as a share of the distance from the initial loss to the floor.",
    "truncation": "Differentiating through one part of a run at a time.",
    "unroll": "The steps of a run that meta-training differentiates through.",
    "untrained twins": "Networks of the same architecture with random weights, tested by the same probe.",
    "update curve": "The update as a function of the gradient, in one state.",
}
"""Words that the report page does not use."""


def page() -> str:
    """The whole page, words in alphabetical order, then the metrics."""
    words = sorted({**WORDS, **MORE}.items(), key=lambda pair: pair[0].strip("[").lower())
    lines = ["# Glossary", "", "Made by `python -m bench maintain library`; a test checks that it is current.", ""]
    lines += [f"**{word}**: {meaning}\n" for word, meaning in words]
    lines += ["## Metrics", ""]
    lines += [
        f"**{name}**: {metric.summary[0].upper()}{metric.summary[1:]}. {metric.better.capitalize()} is better.\n"
        for name, metric in METRICS.items()
    ]
    return "\n".join([*lines, "[Formulas](scores.md)", ""])
