"""Shapes and kinds that the engine relies on, said in one line each before it runs into them."""

from __future__ import annotations

import functools
import inspect
import re
from collections.abc import Mapping, Sequence
from typing import Any

import tensorflow as tf

from bench.errors import UserError
from bench.lookup.named import NamedTask
from optimizers import Entry, Optimizer
from optimizers.spaces import fault
from tasks import Task, TaskError, mistakes

_KEY = tf.TensorSpec([2], tf.int32)
_STEPS = 5
_CONTAINERS = "nest tensors in lists, tuples and dicts"


def verify_task(subject: NamedTask) -> None:
    """Trace `sample`, `batches` and `loss` once; raises UserError for what is not a task's shape."""
    try:
        _verify_task(subject.task)
    except (UserError, TaskError) as fault:
        raise UserError(f"task {subject.name!r}: {fault}") from fault.__cause__


@functools.lru_cache(maxsize=256)
def _verify_task(task: Task) -> None:
    mistakes.check(task, *specifications(task))


@functools.lru_cache(maxsize=256)
def specifications(task: Task) -> tuple[Any, Any, Any]:
    """Of (params, data, batch of a step) of one problem, batch None for a deterministic task; raises UserError."""
    return (*sampled(task), a_batch(task))


def sampled(task: Task) -> tuple[Any, Any]:
    """Specifications (params, data) of what `sample` returns; raises UserError."""
    drawn = _drawn(task)
    if not isinstance(drawn, tuple) or len(drawn) != 2:
        raise UserError(f"sample returns {_kind(drawn)}; return the pair (params, data), data () if there is none")
    params, data = drawn
    if not tf.nest.flatten(params):
        raise UserError("sample returns no parameters; return (params, data) with params tensors")
    if all(isinstance(leaf, tf.TensorSpec) and leaf.shape.num_elements() == 0 for leaf in tf.nest.flatten(params)):
        raise UserError("sample returns parameters of no numbers at all; return at least one")
    for part, nest in (("params", params), ("data", data)):
        _verify_containers(part, nest)
        for leaf in tf.nest.flatten(nest):
            if not isinstance(leaf, tf.TensorSpec):
                raise UserError(f"{part} hold {_kind(leaf)}; hold tensors only, () for no data")
            if not leaf.shape.is_fully_defined():
                raise UserError(f"{part} have shape {leaf.shape}; give sample shapes known in advance")
            if part == "params" and leaf.dtype != tf.float32:
                raise UserError(f"params are {leaf.dtype.name}; cast what sample returns to tf.float32")
            _verify_numbers(part, leaf)
    return params, data


def _verify_containers(part: str, nest: Any) -> None:
    """Raises UserError for a container that no program can be traced through."""
    if isinstance(nest, Sequence) and not isinstance(nest, (list, tuple, str)):
        raise UserError(f"{part} hold {_kind(nest)}; {_CONTAINERS}")
    inside = nest.values() if isinstance(nest, Mapping) else nest if isinstance(nest, (list, tuple)) else ()
    for each in inside:
        _verify_containers(part, each)


def _verify_numbers(part: str, leaf: Any) -> None:
    if leaf.dtype == tf.string:
        raise UserError(f"{part} hold words; give numbers, an index for each word")


def _drawn(task: Task) -> Any:
    """What `sample` returns, as specifications; raises UserError for keys without an order and for variables."""
    try:
        return _outputs(task.sample, _KEY)
    except TypeError as problem:
        if odd := re.match(r"Error creating an object of type <class '([\w.]+)'>", str(problem)):
            raise UserError(f"sample returns a {odd[1]}; {_CONTAINERS}") from None
        if "not supported between instances" not in str(problem):
            raise
        raise UserError(
            "sample returns a dict whose keys have no order; use words only, or whole numbers only"
        ) from None
    except Exception as problem:
        if "tf.Variable" not in str(problem) and type(problem).__name__ != "UnliftableError":
            raise
        raise UserError("sample makes a tf.Variable; return tensors, the engine keeps what changes") from None


def a_batch(task: Task) -> Any:
    """Specification of what one step sees, None for a deterministic task; raises UserError."""
    seen = _outputs(lambda key: task.batches(key, _STEPS), _KEY)
    if seen is not None and not tf.nest.flatten(seen):
        raise UserError("batches returns no tensors; return None for a deterministic task")
    _verify_containers("batches", seen)
    for leaf in tf.nest.flatten(seen) if seen is not None else ():
        if not isinstance(leaf, tf.TensorSpec):
            raise UserError(f"batches hold {_kind(leaf)}; hold tensors only, with a leading axis of steps")
        _verify_numbers("batches", leaf)
        if leaf.shape.rank in (None, 0) or leaf.shape[0] != _STEPS:
            raise UserError(
                f"batches(key, {_STEPS}) returns shape {leaf.shape}; its leading axis must be the {_STEPS} steps"
            )
    if seen is None:
        return None
    return tf.nest.map_structure(lambda leaf: tf.TensorSpec(leaf.shape[1:], leaf.dtype), seen)


def verify_vectorized(subject: NamedTask, what: str) -> None:
    """Raises UserError for a task whose runs go one at a time, where `what` needs them side by side."""
    if subject.task.alone:
        raise UserError(
            f"task {subject.name!r} runs one at a time, as its model cannot be vectorized; "
            f"{what} need runs side by side, as a small network of dense layers allows"
        )


def score(f: Any, word: str, *arguments: Any) -> None:
    """Raises UserError unless `f` of `arguments` is a scalar float32 tensor."""
    value = _outputs(f, *arguments)
    if not isinstance(value, tf.TypeSpec):
        raise UserError(f"{word} returns {_kind(value)}; return one scalar float32 tensor")
    if value.shape.rank != 0:
        raise UserError(f"{word} returns shape {value.shape}, not a scalar; reduce it: tf.reduce_sum or tf.reduce_mean")
    if value.dtype != tf.float32:
        raise UserError(f"{word} returns {value.dtype.name}, not float32; cast it and its constants")


def verify_match(subject: NamedTask, entry: Entry) -> None:
    """Raises UserError for an oracle on a task that it is not made for."""
    missing = set(entry.needs) - set(subject.task.tags)
    if missing or (entry.informed and (subject.task.delay or "stochastic" in subject.task.tags)):
        raise UserError(
            f"optimizer {entry.name!r} is not made for task {subject.name!r}; it needs exact gradients and the tags "
            f"{', '.join(entry.needs) or 'none'}"
        )


def verify_optimizer(entry: Entry) -> None:
    """Raises UserError for an entry whose space and defaults do not fit."""
    if missing := sorted(set(entry.space) - set(entry.defaults)):
        raise UserError(
            f"optimizer {entry.name!r}: space has {', '.join(missing)} but defaults do not; give each a default"
        )
    if said := fault(entry.space):
        raise UserError(f"optimizer {entry.name!r}: {said}")


def verify_budget(entry: Entry, steps: int) -> None:
    """Raises UserError for a run that is over before an update is paid for."""
    if steps and entry.asks is not None and not entry.updates(steps):
        raise UserError(
            f"optimizer {entry.name!r} cannot make one update of {steps} gradient evaluations, as it asks for more; "
            f"give it at least {entry.asks.steps(1)} steps"
        )


def built(entry: Entry, theta: Mapping[str, Any], loss: Any) -> Optimizer:
    """`entry.build(θ)`, or `build(θ, loss)` of an informed entry; raises UserError when that is not an Optimizer."""
    if not callable(entry.build):
        raise UserError(f"optimizer {entry.name!r}: build is {entry.build!r}; give a function of θ")
    informed = getattr(entry, "informed", False)
    if not informed and _takes(entry.build, 1) is False and _takes(entry.build, 2):
        raise UserError(
            f"optimizer {entry.name!r}: build takes two arguments; give it θ alone. An update that needs the loss, or "
            f"evaluates it elsewhere, {_ASKS}"
        )
    optimizer = entry.build(theta, loss) if informed else entry.build(theta)
    if not (callable(getattr(optimizer, "init", None)) and callable(getattr(optimizer, "update", None))):
        raise UserError(f"optimizer {entry.name!r}: build returns {_kind(optimizer)}; return Optimizer(init, update)")
    _verify_update(entry, optimizer)
    return optimizer


def verify_result(result: Any, params: Any, state: Any) -> None:
    """Raises UserError unless what `update` returned can be added to `params` and be the state after `state`."""
    if not isinstance(result, (tuple, list)) or len(result) != 2:
        raise UserError(f"update returns {_kind(result)}; return the pair (updates, state)")
    for word, nest, model_word, model in (
        ("updates", result[0], "params", params),
        ("state", result[1], "init", state),
    ):
        try:
            tf.nest.assert_same_structure(nest, model)
        except (TypeError, ValueError):
            raise UserError(
                f"update returns {word} nested unlike {model_word}; build them with tf.nest.map_structure"
            ) from None
        for leaf, like in zip(tf.nest.flatten(nest), tf.nest.flatten(model), strict=True):
            _verify_leaf(word, tf.convert_to_tensor(leaf), tf.convert_to_tensor(like))


def _verify_leaf(word: str, leaf: Any, like: Any) -> None:
    """`leaf` is of the dtype of `like`, and of its shape as far as it is known; an update may be broadcast to it."""
    fits = leaf.shape.is_compatible_with(like.shape)
    if word == "updates" and not fits:
        try:
            fits = tf.broadcast_static_shape(leaf.shape, like.shape) == like.shape
        except ValueError:
            fits = False
    if leaf.dtype != like.dtype or not fits:
        raise UserError(
            f"update returns {word} of {leaf.dtype.name} {tuple(leaf.shape)}, not {like.dtype.name} "
            f"{tuple(like.shape)}; keep shapes and dtypes"
        )


_ASKS = "says so: Entry(…, asks=Asks(losses=12)), Asks() for the step's own; it takes a fifth argument that holds them"


def _verify_update(entry: Entry, optimizer: Optimizer) -> None:
    """Raises UserError for an update with more or fewer arguments than it is handed."""
    asks = getattr(entry, "asks", None)
    if asks is None and _takes(optimizer.update, 4) is False:
        raise UserError(
            f"optimizer {entry.name!r}: update takes other arguments than (gradients, state, params, step); one that "
            f"needs the loss, or evaluates it elsewhere, {_ASKS}"
        )
    if asks is not None and _takes(optimizer.update, 5) is False:
        raise UserError(
            f"optimizer {entry.name!r} declares {asks} and its update takes no fifth argument; "
            "write update(gradients, state, params, step, seen), or leave asks out"
        )


def _takes(f: Any, count: int) -> bool | None:
    """Whether `f` can be called with so many arguments by place; None where nobody can tell."""
    try:
        signature = inspect.signature(f)
    except (TypeError, ValueError):
        return None
    try:
        signature.bind(*range(count))
    except TypeError:
        return False
    return True


def _outputs(f: Any, *arguments: Any) -> Any:
    """What `f` returns, as nested tensor specifications; anything else as it is."""
    kept: list[Any] = []

    def run(*tensors):
        kept.append(f(*tensors))
        return ()

    tf.function(run, autograph=False).get_concrete_function(*arguments)
    return tf.nest.map_structure(_specification, kept[0])


def _specification(leaf: Any) -> Any:
    if leaf is None or isinstance(leaf, str):
        return leaf
    try:
        return (
            tf.type_spec_from_value(leaf)
            if tf.is_tensor(leaf)
            else tf.TensorSpec.from_tensor(tf.convert_to_tensor(leaf))
        )
    except (TypeError, ValueError):
        return leaf


def _kind(value: Any) -> str:
    if isinstance(value, tf.TensorSpec):
        return f"one tensor of shape {value.shape}"
    if isinstance(value, tf.TypeSpec):
        return _with_article(value.value_type.__name__)
    if isinstance(value, (tuple, list)):
        return f"a {type(value).__name__} of {len(value)}"
    return "nothing" if value is None else _with_article(type(value).__name__)


def _with_article(noun: str) -> str:
    return f"{'an' if noun[:1] in 'AEIOaeio' else 'a'} {noun}"
