"""What the generalist uses: one mechanism of its weights taken away at a time, and raced again on reported tasks.

A mechanism is a part of θ. Taken away it is zero, or does what it does at rest; the rest of θ is as it was trained. The
same problems with and without it, so a difference is of pairs.

Clipping is not a part that can be taken away: second moments hold the gradient that they divide. It is measured, by one
gradient that is larger than all before it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

import numpy as np

import optimizers
from bench.lookup.resolve import named_task
from bench.scores.metrics import METRICS
from bench.scores.scale import leveled
from bench.scores.statistics import Interval, mean_interval
from bench.studies.generalist.trials import budget_of
from optimizers import Entry
from optimizers.learned.tensorwise import MOMENTA, SEEN, SQUARES

Theta = dict[str, np.ndarray]
PROBLEMS = 32
SHAPE, CALM, SPIKES = (16, 8), 50, (1.0, 10.0, 100.0, 1000.0)
"""Of the tensor whose move is measured; gradients before the large one; how large that is."""
_OWN = (SEEN - 4) // 2
_AGREEMENT, _PAST = slice(0, 1 + len(MOMENTA)), slice(1 + len(MOMENTA), 4 + len(MOMENTA))
_CLOCK = slice(SEEN - 3, SEEN)
_NEVER = -60.0
"""Added to a logit of a softmax: its share is 1e-26."""


def blind(theta: Theta, seen: slice) -> Theta:
    """Without numbers that a tensor shows, its own and their means over tensors."""
    own = list(range(SEEN)[seen])
    places = own + [place + _OWN for place in own if place < _OWN]
    kernel, longer = theta["kernel"].copy(), theta["longer_seen"].copy()
    kernel[places], longer[places] = 0.0, 0.0
    return {**theta, "kernel": kernel, "longer_seen": longer}


def gradient_alone(theta: Theta) -> Theta:
    """Every momentum replaced by the gradient: coefficients are summed."""
    axes = {"mixed_bias": 0, "mixed_state": 1, "each_mixed": 0}
    return {**theta, **{name: _first(theta[name], axis) for name, axis in axes.items()}}


def _first(array: np.ndarray, axis: int) -> np.ndarray:
    """The sum over `axis` in its first place, and zeros."""
    moved = np.zeros_like(array)
    np.moveaxis(moved, axis, 0)[0] = array.sum(axis)
    return moved


def zero(theta: Theta, *names: str) -> Theta:
    return {**theta, **{name: np.zeros_like(theta[name]) for name in names}}


def divided_by_tensor(theta: Theta) -> Theta:
    """By second moments of the whole tensor alone."""
    bias = theta["divisor_bias"].copy()
    bias[: len(SQUARES)] += _NEVER
    return {**theta, "divisor_bias": bias}


_MOMENTUM = "momentum: the gradient in place of its momenta"
_CLOCKED = "the clock: no number of steps is seen"
_AGREED = "agreement: no cosine with moves or momenta is seen"
AWAY: dict[str, Callable[[Theta], Theta]] = {
    _MOMENTUM: gradient_alone,
    "changes of the step: as long as it starts": lambda theta: zero(
        theta, "longer_seen", "longer_state", "longer_bias"
    ),
    _CLOCKED: lambda theta: blind(theta, _CLOCK),
    _AGREED: lambda theta: blind(theta, _AGREEMENT),
    "the past: no gradient is compared in size with earlier ones": lambda theta: blind(theta, _PAST),
    "a scale per parameter: second moments of tensors only": divided_by_tensor,
    "the network of a parameter": lambda theta: zero(theta, "each_mixed"),
    "the network of a tensor, but for the step": lambda theta: zero(
        theta, "mixed_state", "divisor_state", "each_state"
    ),
}
"""{what is taken away: θ without it}."""


class Away(NamedTuple):
    """What mean_log rises by, with its 95 % interval over problems: above 0 it was of use."""

    what: str
    task: str
    rise: Interval


def taken_away(
    name: str, tasks: Sequence[str], progress: Callable[[str], None], problems: int = PROBLEMS
) -> list[Away]:
    """Every mechanism of entry `name`, weights of `stride`, on every task."""
    entry, rows = optimizers.get(name), []
    theta = dict(entry.defaults)
    for task in tasks:
        progress(f"inside: {task}")
        whole = _scores(entry, theta, task, problems)
        for what, without in AWAY.items():
            rows.append(Away(what, task, mean_interval(_scores(entry, without(theta), task, problems) - whole)))
    return rows


def _scores(entry: Entry, theta: Theta, task: str, problems: int) -> np.ndarray:
    """mean_log (problems,) on report problems."""
    from bench.engine.problems import Problems
    from bench.engine.race import race

    subject, metric = named_task(task), METRICS["mean_log"]
    steps = budget_of(task).steps
    runs = race(entry, [theta], Problems(subject, "report", range(problems), steps)).runs
    return -metric.sign * leveled(metric, metric.score(runs, subject.task.floor))[0]


def spiked(name: str, seed: int = 0) -> list[float]:
    """Sizes of the move at a gradient that is c times as large as usual, for every c of SPIKES, over that of the first.

    Before it `CALM` gradients of unit normal numbers, at parameters that are held where they are. An update without
    clipping grows as c does.
    """
    import tensorflow as tf

    entry, rng = optimizers.get(name), np.random.default_rng(seed)
    optimizer = entry.build(dict(entry.defaults))
    params = tf.constant(rng.normal(size=SHAPE).astype("float32"))
    state = optimizer.init(params)
    for step in range(CALM):
        g = tf.constant(rng.normal(size=SHAPE).astype("float32"))
        _, state = optimizer.update(g, state, params, tf.constant(step))
    last = rng.normal(size=SHAPE).astype("float32")
    moves = [optimizer.update(tf.constant(c * last), state, params, tf.constant(CALM))[0] for c in SPIKES]
    sizes = [float(tf.sqrt(tf.reduce_mean(tf.square(move)))) for move in moves]
    return [size / sizes[0] for size in sizes]


def lines(rows: Sequence[Away], spikes: Mapping[str, Sequence[float]]) -> list[str]:
    """Two tables, as the page has them."""
    from bench.reports.tables import piped

    tasks = list(dict.fromkeys(row.task for row in rows))
    told = {(row.what, row.task): row.rise for row in rows}
    table = [[what, *(_cell(told[what, task]) for task in tasks)] for what in dict.fromkeys(row.what for row in rows)]
    sizes = [[name, *(f"{size:.4g}" for size in found)] for name, found in spikes.items()]
    return [
        "What `mean_log` rises by when a part of the weights is taken away, with its 95 % interval over problems.",
        "Above 0 the part was of use; in bold where the whole interval is.",
        "",
        *piped(["taken away", *tasks], table),
        "",
        *_mechanisms(rows, len(tasks)),
        "",
        f"Clipping: the size of a move at one gradient that is c times as large as the {CALM} before it, over the size",
        "at a usual one. Without clipping it is c.",
        "",
        *piped(["optimizer", *(f"c = {c:g}" for c in SPIKES)], sizes),
        "",
    ]


def _mechanisms(rows: Sequence[Away], tasks: int) -> list[str]:
    """Three of the paper's four, by how often the whole interval is above 0."""
    of_use = {what: sum(row.what == what and float(row.rise.low) > 0 for row in rows) for what in AWAY}
    return [
        f"Of the four mechanisms of the paper, momentum is of use on {of_use[_MOMENTUM]} of {tasks} tasks, a schedule "
        f"(the clock) on {of_use[_CLOCKED]},",
        f"and adaptation of the step to how gradients agree on {of_use[_AGREED]}. The fourth is clipping.",
    ]


def _cell(rise: Interval) -> str:
    value, low, high = (round(float(part), 2) + 0.0 for part in rise)
    said = f"{value:.2f} [{low:.2f}, {high:.2f}]"
    return f"**{said}**" if float(rise.low) > 0 else said
