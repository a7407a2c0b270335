"""What the adaptation probe says in a sentence."""

from __future__ import annotations

from typing import Any

import numpy as np

from bench.probes.reading import ABSENT, PRESENT
from bench.scores.numbers import percent, power, significant


def sentence(verdict: str, values: dict[str, Any], held: bool, largest: float) -> str:
    """held: constant gradients lead to fixed points, the largest such being `largest`."""
    text = _at_fixed_points if held else _after_histories
    said = text(verdict, values, largest)
    return said if verdict == PRESENT else f"{'none' if verdict == ABSENT else verdict}; {said}"


def _at_fixed_points(verdict: str, values: dict[str, Any], largest: float) -> str:
    slope, law = (values[name]["value"] for name in ("slope", "state_slope"))
    secant = f"the answer to a constant gradient goes as |g|^{power(slope)}"
    if verdict == ABSENT and abs(_value(values, "change")) >= 0.1:
        kept = f"but only while an update is carried; without one it {_moves(values, 'change_braked')}"
        return f"the local rate {_moves(values, 'change')} up to |g| = {significant(largest)}, {kept}, {secant}"
    change = f"the local rate {_moves(values, 'change')} up to |g| = {significant(largest)}"
    if verdict == PRESENT:
        return f"{change} (log-log slope {power(law)}), {secant}"
    if verdict == ABSENT:
        return f"{change}, {secant}"
    after = f"{_moves(values, 'change_braked')} without a carried update"
    return f"{change}, {after}, {_moves(values, 'history_change')} after random ones; {secant}"


def _after_histories(verdict: str, values: dict[str, Any], largest: float) -> str:
    change = _value(values, "history_change")
    if not np.isfinite(change):
        return "constant gradients lead to no fixed point, random ones to no rate"
    law = values["history_slope"]["value"]
    moved = f"the local rate {_moves(values, 'history_change')} with the size of random gradients"
    return f"{moved}, up to {significant(largest)} (log-log slope {power(law)})"


def _value(values: dict[str, Any], name: str) -> float:
    value = values[name]["value"]
    return float("nan") if value is None else value


def _moves(values: dict[str, Any], name: str) -> str:
    """ "falls by 62 %", "rises by 20 %", "stays", of a change in [−1, 1]."""
    change = _value(values, name)
    if not np.isfinite(change):
        return "is not known"
    if abs(change) < 5e-4:
        return "stays"
    size = -change if change < 0 else change / max(1 - change, 1e-9)
    return f"{'falls' if change < 0 else 'rises'} by {percent(size)}"
