"""The two functions of an optimizer: what goes in comes out in the same shape, and nothing else is touched."""

from __future__ import annotations

from typing import Any

import tensorflow as tf

from bench.checks.compare import finite, look, looks
from bench.checks.optimizer_case import STEPS, OptimizerCase
from bench.checks.result import Fault
from bench.engine import contracts, graphs, purity


def builds(case: OptimizerCase) -> None:
    """θ makes an optimizer, and every name of the space has a default and a distribution."""
    contracts.verify_optimizer(case.entry)
    optimizer = case.optimizer()
    if getattr(optimizer, "evaluate", None) is not None and not case.entry.discloses.get("scores"):
        raise Fault(
            "evaluate scores other parameters than are trained; say which on the board: "
            'discloses={"scores": "averaged weights"}'
        )


def shapes(case: OptimizerCase) -> None:
    """Updates look like the parameters, the new state like the old; both stay so step after step."""
    params, optimizer = case.params(), case.optimizer()
    state = optimizer.init(params)
    for leaf in tf.nest.flatten(state):
        if not tf.is_tensor(leaf):
            raise Fault(f"init returns {look(leaf)} in the state; hold tensors only, () for no state")
    for step in range(2):
        result = case.updated(optimizer, case.gradients(params), state, params, tf.constant(step))
        if not isinstance(result, tuple) or len(result) != 2:
            raise Fault(f"update returns {type(result).__name__}; return the pair (updates, state)")
        updates, after = result
        _alike("updates", updates, "params", params)
        _alike("the state after update", after, "the state from init", state)
        params, state = tf.nest.map_structure(tf.add, params, updates), after


def _alike(word: str, nest: Any, model_word: str, model: Any) -> None:
    try:
        tf.nest.assert_same_structure(nest, model)
    except (TypeError, ValueError):
        raise Fault(
            f"{word} are nested unlike {model_word}; build them with tf.nest.map_structure over {model_word}"
        ) from None
    for one, other in zip(looks(nest), looks(model), strict=True):
        if one != other:
            raise Fault(f"{word} hold {one} where {model_word} hold {other}; keep shapes and dtypes")


def pure(case: OptimizerCase) -> None:
    """No draws but by a key, no variables, no Python in the graph, and the same graph at every call: as in a race."""
    for piece in purity.optimizer_pieces(purity.plan_of(case.subject.task, case.entry)):
        purity.examine(piece)


def dtypes(case: OptimizerCase) -> None:
    """float32 throughout the arithmetic of `init` and `update`."""
    for word, traced in (("init", case.init), ("update", case.update)):
        if found := graphs.float64(traced):
            raise Fault(f"{word} computes in float64 ({', '.join(found[:3])}); use float32 constants and casts")


def finite_updates(case: OptimizerCase) -> None:
    """Updates are finite for ordinary gradients and for gradients of zero."""
    params = case.params()
    state = case.init(params)
    zeros = tf.nest.map_structure(tf.zeros_like, params)
    for step in range(STEPS):
        for word, gradients in (("ordinary", case.gradients(params)), ("zero", zeros)):
            updates, _ = case.update(gradients, state, params, tf.constant(step))
            if not finite(updates):
                raise Fault(f"updates are not finite for {word} gradients at step {step}; guard the division or root")
        updates, state = case.update(case.gradients(params), state, params, tf.constant(step))
        params = tf.nest.map_structure(tf.add, params, updates)
