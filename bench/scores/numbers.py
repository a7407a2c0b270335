"""How numbers, intervals and ranks are written wherever they are shown."""

from __future__ import annotations

import math
from typing import Any

import pandas as pd


def number(value: float | None, like: float | None = None) -> str:
    """Three significant digits, scientific when small or large; with the decimals of `like`, if given."""
    if value is None or not math.isfinite(value):
        return "–"
    like = value if like is None or not math.isfinite(like) else like
    if like != 0 and not 1e-3 <= abs(like) < 1e4:
        return f"{value:.2e}"
    decimals = 2 if like == 0 else max(0, 2 - math.floor(math.log10(abs(like))))
    return f"{value:.{decimals}f}"


def with_interval(value: float, low: float, high: float) -> str:
    """`0.412 [0.405, 0.419]`; without the bracket where there is no interval."""
    if not (math.isfinite(low) and math.isfinite(high)):
        return number(value)
    return f"{number(value)} [{number(low, value)}, {number(high, value)}]"


def rank_range(low: Any, high: Any) -> str:
    """`1–3`, `2`, or `–` for what is not ranked."""
    if pd.isna(low):
        return "–"
    return f"{low}" if low == high else f"{low}–{high}"
