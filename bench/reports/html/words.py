"""What the words on the page mean, for somebody who has not read anything else of the project."""

from __future__ import annotations

from bench.scores.metrics import METRICS
from bench.scores.results import Results

WORDS: dict[str, str] = {
    "optimizer": "A rule that turns gradients into updates of the parameters.",
    "learned": "An optimizer whose update rule is a small network, trained beforehand on other problems.",
    "hand-designed": "An optimizer such as Adam, whose hyper-parameters are tuned before the race.",
    "oracle": "An optimizer that gets information which the others lack. It shows what is possible, and has no rank.",
    "task": "A family of optimization problems, such as Rosenbrock's valley from random starting points.",
    "problem": "One draw of a task: a starting point and its data. Every optimizer runs on the same problems.",
    "run": "One optimizer on one problem for the whole number of steps.",
    "step": "One gradient evaluation and one update. Every optimizer has the same number.",
    "cell": "One optimizer on one task: its tuning, and its runs on all report problems.",
    "θ (theta)": "What tuning or training sets: hyper-parameters such as learning_rate, or weights of a learned one.",
    "tuning": "Trying configurations of θ on tuning problems, and the best few again on fresh problems. The report "
    "problems are different ones, and are used once.",
    "trial": "One configuration of θ tried in tuning.",
    "other trials": "The 95 % interval of a score if tuning had drawn other trials. It is estimated on the tuning "
    "problems, because only the chosen trial is raced on the report problems.",
    "tuned for": "The metric by which tuning chose θ. A table shows the runs tuned for its own metric.",
    "floor": "The lowest loss that can be reached on a task, known or the best ever found.",
    "diverged": "A run whose loss became infinite or rose beyond a million times its initial value.",
    "rank": "A place, or a range of places for optimizers that do not differ significantly (test paired by problem, "
    "Holm-corrected, 5 %).",
    "tier": "Rows between two lines. No rank range reaches from one tier into another.",
    "[95 %]": "The interval that covers the number in 95 of 100 repetitions with other problems of these tasks. There "
    "is none if a few runs dominate a mean.",
    "geometric mean": "The exponential of the mean of logarithms. For losses that differ a thousand-fold it gives a "
    "typical value; the arithmetic mean is dominated by the largest few.",
    "[other tasks]": "The 95 % interval of a score over other problems and other tasks.",
    "gradient evaluations": "How often a gradient was computed for one problem. Budgets are counted in them.",
    "standing": "tuned: tuned on the task. home: meta-trained on the task, not tuned. foreign: neither, so not "
    "ranked. generalist: meta-trained on several other tasks, shown apart. as it comes: untuned.",
    "break-even": "How many tunings of the best hand-designed optimizer cost as much as a learned optimizer's "
    "meta-training, on its training task. Never, if the learned one is not ahead.",
    "probe": "A measurement of one mechanism inside an optimizer, such as momentum.",
    "control": "An optimizer whose mechanism is known. A probe makes a claim only if it is right about its controls.",
    "verdict": "present: the mechanism is there; absent: it is not; undecided: the probe cannot decide. No claim "
    "if a control failed.",
    "discovered": "Present, and stronger than in untrained twins: the same architecture with random weights.",
}


def glossary(results: Results) -> list[tuple[str, str]]:
    """(word, meaning): the metrics first, then every word that the results need."""
    kinds = {results.kind(name) for name in results.optimizers}
    metrics = [
        (name, f"{metric.summary[0].upper()}{metric.summary[1:]}. {metric.better.capitalize()} is better.")
        for name, metric in METRICS.items()
    ]
    return metrics + [(word, meaning) for word, meaning in WORDS.items() if word != "oracle" or "oracle" in kinds]
