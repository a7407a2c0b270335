"""Whether a task and an optimizer are functions of what they are handed, and of nothing else.

A row must not depend on what ran before in its process. What is drawn by no key, kept in a variable or asked of Python
is seen in the graph; what Python remembers or draws is seen when the same function is traced twice, under other global
random numbers, and the two graphs differ. Draws by a key that is derived from the step are as good as any function.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

import numpy as np
import tensorflow as tf

from bench.engine import asked, contracts, graphs
from bench.engine.unroll import Plan
from bench.errors import UserError
from bench.lookup import surroundings
from bench.lookup.identity import ours
from bench.lookup.named import NamedTask
from optimizers import Entry
from optimizers.base import scored
from optimizers.spaces import switches as switches_of
from tasks import Task

_LEAKED = re.compile("out of scope|another function|leaked|defined in another")
_KEY = tf.TensorSpec([2], tf.int32)
_STEPS = 5
_MORE = 6
"""Further traces where global random numbers moved: a draw that decides between two things may fall twice alike."""
_KEYED = 'tf.random.stateless_*(…, seed={}, alg="philox")'


class Impure(UserError):
    """What depends on more than it is handed, in one line with the remedy."""


class Rule(NamedTuple):
    """What a function may do, and what to do instead of the rest."""

    draws: str
    """Instead of drawing by no key."""
    memory: str
    """Where to keep what it remembers."""
    keyed: bool = True
    """Whether it may draw by a key."""
    python: bool = False
    """Whether it may call Python."""


OPTIMIZER = Rule(
    f"an optimizer has no key: derive one from step, {_KEYED.format('tf.stack([0, step])')}",
    "keep what it remembers in the state",
)
SAMPLING = Rule(f"use {_KEYED.format('key')}", "let it depend on the key alone", python=True)
LOSS = Rule(
    "draw them in sample or batches",
    "put what it needs into data; a Keras model goes as it is into tasks.KerasTask",
    keyed=False,
)


class Piece(NamedTuple):
    """One function of a task or an optimizer, what it is traced for, and what holds for it."""

    word: str
    f: Callable[..., Any]
    arguments: tuple[Any, ...]
    rule: Rule


def examine(piece: Piece) -> Any:
    """The trace of a piece that is pure, as far as can be seen; raises Impure, and what the first trace raises."""
    try:
        first, moved = _traced(piece, 0)
    except Exception as problem:
        if _LEAKED.search(str(problem)):
            raise Impure(f"{piece.word} uses a tensor of an earlier call; {piece.rule.memory}") from None
        raise
    _check_graph(piece, first)
    for seed in range(1, 2 + moved * _MORE):
        compare(piece, first, seed)
    return first


def compare(piece: Piece, first: Any, seed: int = 1) -> None:
    """Trace a piece again, under other global random numbers; raises Impure unless it is as it was."""
    try:
        again, _ = _traced(piece, seed)
    except UserError:
        raise
    except Exception as problem:
        what = f"{type(problem).__name__}: {' '.join(str(problem).split())[:120]}"
        raise Impure(f"{piece.word} raises at a later call, not at the first ({what}); {piece.rule.memory}") from None
    if not graphs.same(first, again):
        raise Impure(
            f"{piece.word} does something else at the second call, with the same inputs; {piece.rule.memory}, and "
            "draw no numbers from Python or NumPy"
        )


def _traced(piece: Piece, seed: int) -> tuple[Any, bool]:
    """The trace, and whether global random numbers moved meanwhile."""
    with surroundings.kept(seed) as moved:
        return graphs.trace(piece.f, *piece.arguments), moved()


def _check_graph(piece: Piece, traced: Any) -> None:
    drawn = graphs.stateful_draws(traced) if piece.rule.keyed else graphs.random_draws(traced)
    if drawn:
        raise Impure(f"{piece.word} draws random numbers ({drawn[0]}); {piece.rule.draws}")
    if held := graphs.variables(traced):
        raise Impure(f"{piece.word} uses the variable {held[0]}; {piece.rule.memory}")
    if not piece.rule.python and (found := graphs.python_calls(traced)):
        raise Impure(f"{piece.word} calls Python ({found[0]}); write it in TensorFlow operations")


def plan_of(task: Task, entry: Entry) -> Plan:
    """How an entry runs on a task at its defaults, as far as purity goes."""
    switches = switches_of(entry.defaults)
    numbers = ((name, np.shape(value)) for name, value in sorted(entry.defaults.items()) if name not in switches)
    return Plan(task, entry.build, entry.informed, tuple(switches.items()), tuple(numbers), (1, 1), True, entry.asks)


def optimizer_pieces(plan: Plan) -> list[Piece]:
    """`init`, and both functions together, of one problem; raises UserError where the task is no task."""
    params, data, batch = contracts.specifications(plan.task)
    hyper = {name: tf.TensorSpec(shape, tf.float32) for name, shape in plan.numbers}
    step = tf.TensorSpec([], tf.int32)

    def init(params, data, hyper):
        return plan.bind(hyper, {}, data).init(params)

    def both(params, gradients, data, batch, step, hyper):
        optimizer = plan.bind(hyper, {}, data)
        state, held, loss = optimizer.init(params), (), None
        if plan.asks is not None:
            held = plan.task.start_state(params, data)
            loss, _ = plan.task.train_loss(params, held, data, batch)
        with asked.handed(plan.asks, plan.task, params, held, data, batch, loss) as more:
            result = optimizer.update(gradients, state, params, step, *more)
        contracts.verify_result(result, params, state)
        return *result, scored(optimizer, params, result[1])

    return [
        Piece("init", init, (params, data, hyper), OPTIMIZER),
        Piece("update", both, (params, params, data, batch, step, hyper), OPTIMIZER),
    ]


@contextmanager
def watched(name: str, plan: Plan) -> Iterator[None]:
    """Around races of the optimizer called `name`: it is pure before and, unless it is this project's or Keras's,
    still the same function afterwards. Raises Impure."""
    with _named(f"optimizer {name!r}"):
        first = _first(plan._replace(tile=(1, 1), noisy=True))
    with surroundings.kept():
        yield
    if first is not None and not ours(plan.build):
        with _named(f"optimizer {name!r}"):
            compare(optimizer_pieces(plan)[1], first)


@functools.lru_cache(maxsize=64)
def _first(plan: Plan) -> Any:
    """The first trace of a plan's update; None where it raises what is for the engine to say. Raises UserError."""
    init, both = optimizer_pieces(plan)
    try:
        return examine(both)
    except Impure:
        examine(init)  # where it is impure itself, it is named
        raise
    except UserError:
        raise
    except Exception:
        return None


def verify_task(subject: NamedTask) -> None:
    """Raises Impure for a task whose functions are not pure; those of this project are held to it by its tests."""
    if not ours(subject.task):
        with _named(f"task {subject.name!r}"):
            _verify_task(subject.task)


@functools.lru_cache(maxsize=256)
def _verify_task(task: Task) -> None:
    verify_draws(task)
    for piece in loss_pieces(task):
        examine(piece)


def verify_draws(task: Task) -> None:
    """Raises Impure unless the same key gives the same problem and the same batches."""
    traced = [examine(piece) for piece in sampling_pieces(task)]
    if not task.eager and not any(map(graphs.python_calls, traced)):
        return
    drawn = []
    for seed in range(2):
        with surroundings.kept(seed):
            drawn.append((task.sample(tf.constant([0, 1])), task.batches(tf.constant([0, 1]), _STEPS)))
    one, other = ([np.asarray(leaf).tobytes() for leaf in tf.nest.flatten(each)] for each in drawn)
    if one != other:
        raise Impure("sample or batches give something else for the same key; let them depend on the key alone")


def sampling_pieces(task: Task) -> list[Piece]:
    """`sample`, unless it runs Python by declaration, and `batches`."""
    drawing = [] if task.eager else [Piece("sample", task.sample, (_KEY,), SAMPLING)]
    return [*drawing, Piece("batches", lambda key: task.batches(key, _STEPS), (_KEY,), SAMPLING)]


def loss_pieces(task: Task) -> list[Piece]:
    """`loss` and, where it is another function, `evaluate`; raises UserError where the task is no task."""
    params, data, batch = contracts.specifications(task)
    rule = LOSS._replace(keyed=type(task).train_loss is not Task.train_loss)
    pieces = [Piece("loss", task.loss, (params, data, batch), rule)]
    if batch is not None or type(task).evaluate is not Task.evaluate:
        pieces.append(Piece("evaluate", task.evaluate, (params, data), rule))
    return pieces


@contextmanager
def _named(what: str) -> Iterator[None]:
    try:
        yield
    except UserError as fault:
        said = str(fault)
        raise type(fault)(said if said.startswith(what) else f"{what}: {said}") from None
