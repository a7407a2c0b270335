"""What the words on the page mean, for somebody who has not read anything else of the project."""

from __future__ import annotations

from bench.scores.metrics import METRICS
from bench.scores.results import Results

WORDS: dict[str, str] = {
    "optimizer": "What competes: a rule that turns gradients into updates of the parameters.",
    "learned": "An optimizer whose update rule is a small network, trained beforehand on other problems.",
    "hand-designed": "An optimizer such as Adam, whose hyper-parameters are tuned before the race.",
    "oracle": "A rule that is told what the others must find out. It shows what is possible and holds no rank.",
    "task": "A family of optimization problems, such as Rosenbrock's valley from random starting points.",
    "problem": "One draw of a task: a starting point and its data. Every optimizer runs on the same problems.",
    "run": "One optimizer on one problem for the whole number of steps.",
    "step": "One gradient evaluation and one update. Every optimizer has the same number.",
    "cell": "One optimizer on one task: its tuning, and its runs on all report problems.",
    "θ (theta)": "What tuning or training sets: hyper-parameters such as learning_rate, or weights of a learned one.",
    "tuning": "Trying configurations of θ on tuning problems, the best few again on fresh ones. The report problems "
    "are others, and are used once.",
    "trial": "One configuration of θ tried in tuning.",
    "other trials": "Where a score would lie had tuning drawn other trials (95 %): the luck of tuning, estimated on "
    "the tuning problems, as only the chosen trial is raced on the report problems.",
    "tuned for": "The metric by which tuning chose θ. A table shows the runs tuned for its own metric.",
    "floor": "The lowest loss that can be reached on a task, known or the best ever found.",
    "diverged": "A run whose loss became infinite or rose beyond a million times its initial value.",
    "rank": "A place, or a range of places where no test tells the optimizers apart (paired by problem, "
    "Holm-corrected, 5 %).",
    "tier": "Rows between two lines. No rank range reaches from one tier into another.",
    "[95 %]": "The interval that covers the number in 95 of 100 repetitions with other problems of these tasks. Where "
    "a few runs decide a mean there is none.",
    "geometric mean": "The mean of logarithms, as a number again. Of losses that differ a thousand-fold it says what "
    "is typical; in the arithmetic mean the largest few decide.",
    "[other tasks]": "The same with other tasks too: how much depends on which tasks were chosen.",
    "gradient evaluations": "How often a gradient was computed, for one problem: what everybody pays with.",
    "standing": "tuned: on the task itself. home: not tuned there, meta-trained there. foreign: neither, so not "
    "ranked. generalist: meta-trained on several other tasks, shown apart. as it comes: untuned.",
    "break-even": "How many tunings of the best hand-designed optimizer, on the task a learned one was trained on, "
    "cost what its meta-training did. Never, where it is not ahead.",
    "probe": "A measurement of one mechanism inside an optimizer, such as momentum.",
    "control": "An optimizer whose mechanism is known. A probe makes a claim only if it finds what is known there.",
    "verdict": "present: the mechanism is there; absent: it is not; undecided: neither can be said. No claim where a "
    "control failed.",
    "discovered": "Present, and beyond its untrained twins: networks of the same architecture with random weights.",
}


def glossary(results: Results) -> list[tuple[str, str]]:
    """(word, meaning): the metrics first, then every word that the results need."""
    kinds = {results.kind(name) for name in results.optimizers}
    metrics = [
        (name, f"{metric.summary[0].upper()}{metric.summary[1:]}. {metric.better.capitalize()} is better.")
        for name, metric in METRICS.items()
    ]
    return metrics + [(word, meaning) for word, meaning in WORDS.items() if word != "oracle" or "oracle" in kinds]
