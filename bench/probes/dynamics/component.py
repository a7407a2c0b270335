"""From an optimizer to the system of one of its parameters: packing, compiling, and refusing what has none."""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
import tensorflow as tf

from bench.probes.dynamics.float64 import doubled
from bench.probes.dynamics.system import STILL, ProbeError, System
from optimizers import Optimizer

SHORT = 1000
"""Steps after which a run under constant gradients is compiled by XLA."""


def pack(state: Any, axes: int = 0) -> np.ndarray:
    """The (…, n) floats of a state with `axes` leading axes: leaves in the order of tf.nest, each flattened.

    Integer and boolean leaves are left out. Visited states have to be packed this way.
    """
    leaves = [np.asarray(leaf) for leaf in tf.nest.flatten(state) if leaf is not None]
    kept = [leaf for leaf in leaves if np.issubdtype(leaf.dtype, np.floating)]
    if not kept:
        lead = leaves[0].shape[:axes] if leaves else (0,) * axes
        return np.zeros((*lead, 0))
    flat = [np.asarray(leaf, float).reshape(*leaf.shape[:axes], -1) for leaf in kept]
    return np.concatenate(flat, axis=-1)


def system_of(optimizer: Optimizer) -> System:
    """The system of one scalar parameter (a float64 tensor of shape (1,), held at zero; weight decay adds nothing).

    An optimizer that insists on float32 is retyped (`bench.probes.dynamics.float64`). Raises ProbeError when there is
    no such system: updates that depend on other parameters, states that depend on the parameters' values, random
    arithmetic, integers in the state that are no step counters.
    """
    try:
        return _system(optimizer)
    except _NotDouble as fault:
        first = fault
    try:
        return _system(doubled(optimizer))
    except _NotDouble:
        raise ProbeError(str(first)) from first.__cause__


NOT_TAKEN = (TypeError, ValueError, AttributeError, NotImplementedError, tf.errors.OpError)
"""What optimizers raise, TensorFlow's and NumPy's code in them too, of a dtype or a shape that they do not take."""


class _NotDouble(Exception):
    """It does not compute in float64."""


def _system(optimizer: Optimizer) -> System:
    """Raises _NotDouble where it does not run on float64, ProbeError where it has no system."""
    try:
        packing = _Packing.of(optimizer)
        _refuse_coupled(optimizer)
        function, path, held = _compiled(optimizer, packing)
        system = System(function, packing.initial, path=path, held=held)
        _refuse_unfaithful(optimizer, system)
    except ProbeError:
        raise
    except NOT_TAKEN as error:
        first = next(iter(str(error).strip().splitlines()), type(error).__name__)
        raise _NotDouble(f"it does not run on one float64 parameter: {first}") from error
    return system


@dataclass(frozen=True)
class _Packing:
    """How a nested state becomes a vector and back; leaves that only count steps are made from t."""

    structure: Any
    leaves: tuple[np.ndarray, ...]
    strides: tuple[Any, ...]
    """None for a float leaf, the change per step for an integer one."""

    @classmethod
    def of(cls, optimizer: Optimizer) -> _Packing:
        states = _run(optimizer, np.array([[0.3], [-0.7], [0.2]]), np.zeros(1))[0]
        history = [[np.asarray(leaf) for leaf in tf.nest.flatten(state)] for state in states]
        strides = tuple(_stride(leaf) for leaf in zip(*history, strict=True))
        return cls(states[0], tuple(history[0]), strides)

    @property
    def initial(self) -> np.ndarray:
        return pack(list(self.leaves))

    def unpack(self, h: tf.Tensor, t: tf.Tensor) -> Any:
        made, place = [], 0
        for leaf, stride in zip(self.leaves, self.strides, strict=True):
            if stride is None:
                made.append(tf.reshape(h[place : place + leaf.size], leaf.shape))
                place += leaf.size
            elif leaf.dtype == bool:
                made.append(tf.constant(leaf))
            else:
                made.append(tf.constant(leaf) + tf.cast(t, leaf.dtype) * tf.constant(stride))
        return tf.nest.pack_sequence_as(self.structure, made)

    def pack(self, state: Any) -> tf.Tensor:
        pairs = zip(tf.nest.flatten(state), self.strides, strict=True)
        kept = [tf.reshape(leaf, [-1]) for leaf, stride in pairs if stride is None]
        return tf.concat(kept, 0) if kept else tf.zeros((0,), tf.float64)


def _stride(history: tuple[np.ndarray, ...]) -> Any:
    """None for a float64 leaf, the constant change per step of an integer one. Raises ProbeError otherwise."""
    if np.issubdtype(history[0].dtype, np.floating):
        if any(leaf.dtype != np.float64 for leaf in history):
            raise _NotDouble(f"it keeps {history[0].dtype} state for float64 parameters")
        return None
    if history[0].dtype == bool:
        changes = [leaf ^ history[0] for leaf in history[1:]]
        same = not any(change.any() for change in changes)
    else:
        changes = [after - before for before, after in pairwise(history)]
        same = all((change == changes[0]).all() for change in changes)
    if not same:
        raise ProbeError(f"its state holds {history[0].dtype} numbers that do not just count steps")
    return changes[0]


def _compiled(optimizer: Optimizer, packing: _Packing):
    """The functions `function`, `path` and `held` of a System, one TensorFlow program each."""
    params = tf.zeros((1,), tf.float64)
    states = tf.TensorSpec((None, len(packing.initial)), tf.float64)
    row = tf.TensorSpec((None,), tf.float64)
    count = tf.TensorSpec((), tf.int32)

    def single(h, g, t):
        updates, state = optimizer.update(tf.reshape(g, (1,)), packing.unpack(h, t), params, t)
        return packing.pack(state), tf.reshape(updates, ())

    @tf.function(autograph=False, input_signature=[states, row, count])
    def step(h, g, t):
        return tf.vectorized_map(lambda row: single(row[0], row[1], t), (h, g))

    @tf.function(autograph=False, input_signature=[states, tf.TensorSpec((None, None), tf.float64), count, count])
    def path(h, gradients, t, stride):
        def advance(i, h, visited, updates):
            after, dx = step(h, gradients[i], t + stride * i)
            return i + 1, after, visited.write(i + 1, after), updates.write(i, dx)

        steps = tf.shape(gradients)[0]
        visited = tf.TensorArray(tf.float64, steps + 1, element_shape=states.shape).write(0, h)
        updates = tf.TensorArray(tf.float64, steps, element_shape=(None,))
        loop = tf.while_loop(lambda i, *_: i < steps, advance, (0, h, visited, updates))
        return loop[2].stack(), loop[3].stack()

    def to_numpy(program, h, gradients, *counts):
        given = tf.constant(h), tf.constant(gradients), *(tf.constant(c, tf.int32) for c in counts)
        return [result.numpy() for result in program(*given)]

    hold = _holding(step, [states, row, count, count])
    return functools.partial(to_numpy, step), functools.partial(to_numpy, path), hold


def _holding(step: Callable, signature: list[tf.TensorSpec]):
    """`held` of a System: what is still after SHORT steps is not worth the seconds of XLA."""

    def held(h, g, t, steps):
        return until_still(lambda h: step(h, g, t)[0], h, steps)

    plain, fast = (
        tf.function(held, autograph=False, jit_compile=jit, input_signature=signature) for jit in (False, True)
    )

    def hold(h, g, t, steps):
        first, at = min(steps, SHORT), tf.constant(t, tf.int32)
        h, moving = plain(h, g, at, tf.constant(first, tf.int32))
        if moving and steps > first:
            h, _ = fast(h, g, at, tf.constant(steps - first, tf.int32))
        return h.numpy()

    return hold


def until_still(advance: Callable[[tf.Tensor], tf.Tensor], h: tf.Tensor, steps: tf.Tensor) -> tuple[tf.Tensor, ...]:
    """States (N, n) after `steps` of `advance`, or once a step changes none of them; and whether they still move."""

    def one(i, h, _):
        after = advance(h)
        return i + 1, after, tf.reduce_any(tf.abs(after - h) > STILL * tf.reduce_max(tf.abs(h), 1, True))

    return tf.while_loop(lambda i, h, moving: moving & (i < steps), one, (0, h, True))[1:]


def _run(optimizer: Optimizer, gradients: np.ndarray, params: np.ndarray):
    """States (list of nested, T + 1) and updates (T, …) under gradients: (T, …) at fixed parameters: (…)."""
    params = tf.constant(params, tf.float64)
    state = tf.nest.map_structure(_as_tensor, optimizer.init(params))
    states, updates = [state], []
    for t, g in enumerate(gradients):
        dx, state = optimizer.update(tf.constant(g, tf.float64), state, params, tf.constant(t, tf.int32))
        states.append(tf.nest.map_structure(_as_tensor, state))
        updates.append(np.asarray(_as_tensor(dx)))
    if updates[0].dtype != np.float64:
        raise _NotDouble(f"it computes {updates[0].dtype} updates for float64 gradients")
    return states, np.array(updates)


def _as_tensor(leaf: Any) -> tf.Tensor:
    return tf.constant(leaf, tf.float64) if isinstance(leaf, float) else tf.convert_to_tensor(leaf)


def _test_gradients(width: int) -> np.ndarray:
    """(6, width) gradients over six orders of magnitude, the scale differing from step to step."""
    generator = np.random.default_rng(20)
    scales = 10.0 ** np.array([[0], [2], [-3], [1], [3], [-1]])
    return generator.standard_normal((6, width)) * scales


def _differ(a: np.ndarray, b: np.ndarray) -> bool:
    size = np.max(np.abs(a), initial=0.0, where=np.isfinite(a))
    return not np.allclose(a, b, rtol=1e-6, atol=1e-9 * size, equal_nan=True)


def _refuse_coupled(optimizer: Optimizer) -> None:
    """Four parameters in one matrix have to get the updates that each gets alone."""
    gradients, params = _test_gradients(4), np.array([0.5, -2.0, 1.0, 3.0])
    together = _run(optimizer, gradients.reshape(-1, 2, 2), params.reshape(2, 2))[1].reshape(-1, 4)
    for i in range(4):
        alone = _run(optimizer, gradients[:, i : i + 1], params[i : i + 1])[1][:, 0]
        if _differ(alone, together[:, i]):
            raise ProbeError("it is not component-wise: a parameter's update depends on the other parameters")


def _refuse_unfaithful(optimizer: Optimizer, system: System) -> None:
    """States and updates have to follow from state, gradient and step count, whatever the parameter's value."""
    gradients = _test_gradients(1)
    states, updates = system.rollout(system.h0[None], gradients)
    for value in (0.0, 1.0):
        eager, dx = _run(optimizer, gradients, np.full(1, value))
        if _differ(np.array([pack(state) for state in eager]), states[:, 0]):
            raise ProbeError("its state depends on the value of the parameter, or on chance")
        if value == 0.0 and _differ(dx, updates):
            raise ProbeError("the same state and gradient do not always give the same update")
