"""Automatic derivatives against differences of the loss itself, along directions that cannot hide a fault.

Each parameter tensor is moved on its own, along its gradient (where a wrong factor or sign shows) and along random
directions (where a missing part shows). In float64 where the task's code takes it; otherwise in float32 with steps from
large to small, because rounding forbids small ones and curvature and kinks forbid large ones.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import tensorflow as tf

from bench.checks.result import Fault
from bench.checks.task_case import TaskCase
from bench.engine import graphs

LEAVES = 6
RANDOM = 2
"""Random directions per parameter tensor."""
TOLERANCE = 0.02
STEPS = {"float64": (1e-5, 1e-7, 1e-3), "float32": (3e-3, 3e-2, 1e-3, 1e-2, 3e-4, 1e-1)}
KINK = {"float64": (1e-7, 1e-6), "float32": (1e-3, 1e-2)}
"""Of a central difference, × the size of the tensor that is moved."""


def finite_differences(case: TaskCase) -> None:
    """Along most directions the derivative is the difference quotient; raises Fault."""
    wrong = []
    total = 0
    for row in range(2):
        params, data, batch = case.one(row)
        gradients = case.value_and_gradient(params, data, batch)[1]
        loss, dtype = _loss(case, data, batch)
        flat = [np.asarray(leaf, "float64") for leaf in tf.nest.flatten(params)]
        for leaf, direction, slope in _directions(flat, tf.nest.flatten(gradients)):
            total += 1
            along = _line(loss, case.specifications[0], flat, leaf, direction)
            quotient = _disagreement(along, slope, np.max(np.abs(flat[leaf]), initial=0.0), dtype)
            if quotient is not None:
                wrong.append((row, leaf, slope, quotient))
    # a kink may stand in the way of one direction or two, a wrong gradient in the way of more
    if len(wrong) > max(1, total // 8):
        row, leaf, slope, quotient = wrong[0]
        raise Fault(
            f"the derivative along parameter tensor {leaf} is {slope:.4g}, finite differences say {quotient:.4g} "
            f"({len(wrong)} of {total} directions disagree); check custom_gradient, stop_gradient, casts and rounding"
        )


def _loss(case: TaskCase, data: Any, batch: Any) -> tuple[Callable, str]:
    """(params -> loss, dtype): in float64 if the task's code can be traced so."""
    double = tf.nest.map_structure(_double_specification, case.specifications)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            traced = graphs.trace(case.task.loss, *double)
        if traced.output_dtypes != tf.float64:
            raise TypeError
    except Exception:  # float32 constants in the task's own code, which the contract asks for
        return lambda params: case.loss(params, data, batch), "float32"
    exact = tf.nest.map_structure(_double, (data, batch))
    return lambda params: traced(params, *exact), "float64"


def _directions(params: list, gradients: list) -> Iterator[tuple[int, np.ndarray, float]]:
    """(leaf, unit direction, derivative along it) for the first and last few parameter tensors."""
    rng = np.random.default_rng(1)
    chosen = range(len(params))
    for leaf in sorted({*chosen[: LEAVES // 2], *chosen[-LEAVES // 2 :]}):
        if not params[leaf].size:
            continue
        slopes = np.zeros_like(params[leaf])
        if gradients[leaf] is not None:
            slopes = np.asarray(tf.convert_to_tensor(gradients[leaf]), "float64")
        tried = [slopes] if np.any(slopes) else []
        tried += [rng.standard_normal(slopes.shape) for _ in range(RANDOM)]
        for direction in tried:
            unit = direction / np.linalg.norm(direction)
            yield leaf, unit, float(np.sum(slopes * unit))


def _line(loss: Callable, like: Any, params: list, leaf: int, direction: np.ndarray) -> Callable:
    """step -> loss where parameter tensor `leaf` is moved by step × direction, as a Python float."""

    def along(step: float, dtype: str) -> float:
        moved = [p + (step * direction if i == leaf else 0.0) for i, p in enumerate(params)]
        tensors = [tf.constant(p, dtype) for p in moved]
        return float(loss(tf.nest.pack_sequence_as(like, tensors)))

    return along


def _disagreement(along: Callable, slope: float, size: float, dtype: str) -> float | None:
    """None if some step's quotient agrees with `slope`, else the quotient that comes closest.

    A step whose rounding error is larger than what it could tell says nothing, and agrees with nothing.
    """
    quotients = []
    epsilon = float(np.finfo(dtype).eps)
    for step in (fraction * max(size, 0.1) for fraction in STEPS[dtype]):
        above, below = along(step, dtype), along(-step, dtype)
        quotient = (above - below) / (2 * step)
        noise = 4 * epsilon * max(abs(above), abs(below)) / step
        scale = max(abs(slope), abs(quotient))
        if not np.isfinite(quotient):
            continue
        if abs(quotient - slope) <= TOLERANCE * scale + min(noise, 0.2 * scale) + 1e-12:
            return None
        if noise > TOLERANCE * scale and abs(quotient - slope) <= 2 * noise:
            continue
        quotients.append(quotient)
    if not quotients or _at_a_kink(along, slope, max(size, 0.1), dtype):
        return None
    return min(quotients, key=lambda q: abs(q - slope))


def _at_a_kink(along: Callable, slope: float, size: float, dtype: str) -> bool:
    """Whether `slope` lies between one-sided derivatives that differ: a bias of zero under a ReLU, say.

    Of a smooth function, one-sided quotients come together as the step shrinks; at a kink they do not.
    """
    middle, sides = along(0.0, dtype), []
    for step in (fraction * size for fraction in KINK[dtype]):
        sides.append(((middle - along(-step, dtype)) / step, (along(step, dtype) - middle) / step))
    (left, right), (wide_left, wide_right) = sides
    noise = 4 * float(np.finfo(dtype).eps) * abs(middle) / (KINK[dtype][0] * size)
    slack = TOLERANCE * max(abs(left), abs(right)) + noise
    kinked = abs(right - left) > max(0.5 * abs(wide_right - wide_left), 4 * noise)
    return kinked and min(left, right) - slack <= slope <= max(left, right) + slack


def _double_specification(spec: Any) -> Any:
    if spec is None or spec.dtype != tf.float32:
        return spec
    return tf.TensorSpec(spec.shape, tf.float64)


def _double(leaf: Any) -> Any:
    return leaf if leaf is None or leaf.dtype != tf.float32 else tf.cast(leaf, tf.float64)
