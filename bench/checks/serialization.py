"""θ written down and read back, and what tuning may draw."""

from __future__ import annotations

import io
import json
from typing import Any

import numpy as np

from bench.checks.compare import same_bits
from bench.checks.optimizer_case import OptimizerCase, tensors
from bench.checks.result import Fault
from bench.lookup.identity import optimizer_definition
from bench.running.tuning import draw_trials
from optimizers import Choice

_EDGES = (0.0, 0.5, 1.0)


def restores(case: OptimizerCase) -> None:
    """Numbers of θ survive JSON, weights survive NumPy's format, and both make the same updates, bit for bit."""
    theta = dict(case.entry.defaults)
    restored = _restored(theta)
    for name, value in theta.items():
        if not _same(value, restored[name]):
            raise Fault(f"θ[{name!r}] = {value!r} does not survive being written down; use numbers, switches or arrays")
    before = case.walk(0)
    after = case.walk(0, tensors(restored))
    if not same_bits(before, after):
        raise Fault("a restored θ makes other updates; let build depend on θ alone")
    if " at 0x" in optimizer_definition(case.entry):
        raise Fault("its definition names a memory address; give build and space lasting representations")


def _restored(theta: dict[str, Any]) -> dict[str, Any]:
    arrays: dict[str, Any] = {name: np.asarray(value) for name, value in theta.items() if np.ndim(value) > 0}
    buffer = io.BytesIO()
    np.savez(buffer, **arrays)
    buffer.seek(0)
    plain = {}
    for name, value in theta.items():
        if name not in arrays:
            try:
                plain[name] = json.loads(json.dumps(value.item() if hasattr(value, "item") else value))
            except (TypeError, ValueError):
                raise Fault(
                    f"θ[{name!r}] is a {type(value).__name__}; use a number, a switch, a string or an array"
                ) from None
    with np.load(buffer, allow_pickle=False) as loaded:
        return {**plain, **loaded}


def _same(one: Any, other: Any) -> bool:
    a, b = np.asarray(one), np.asarray(other)
    return a.shape == b.shape and bool(np.all(a == b)) and a.dtype.kind == b.dtype.kind


def space(case: OptimizerCase) -> None:
    """What the space draws is finite and can be written down; defaults of swept names are numbers like it."""
    entry = case.entry
    for name, distribution in entry.space.items():
        for u in _EDGES:
            value = distribution.quantile(u)
            if isinstance(value, float) and not np.isfinite(value):
                raise Fault(f"space of {name!r} gives {value} at quantile {u}; narrow it")
        default, drawn = entry.defaults[name], distribution.quantile(0.5)
        listed = isinstance(distribution, Choice)
        if isinstance(drawn, float) and not listed and (isinstance(default, (bool, str)) or default is None):
            raise Fault(f"{name!r} is swept as a number but its default is {default!r}; give a number")
    if len(draw_trials(entry, 2)) != (2 if entry.space else 1):
        raise Fault("trials cannot be drawn from space; give {name: LogUniform | Uniform | Choice}")
