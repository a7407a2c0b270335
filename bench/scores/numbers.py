"""How numbers, intervals, ranks, shares and durations are written wherever they are shown."""

from __future__ import annotations

import math
from numbers import Real
from typing import Any


def number(value: float | None, like: float | None = None) -> str:
    """Three significant digits, scientific when small or large; with the decimals of `like`, if given."""
    if value is None or not math.isfinite(value):
        return "–"
    like = value if like is None or not math.isfinite(like) else like
    value += 0.0  # a zero has no sign
    if like != 0 and not 1e-3 <= abs(like) < 1e4:
        return f"{value:.2e}"
    decimals = 2 if like == 0 else max(0, 2 - math.floor(math.log10(abs(like))))
    return f"{value:.{decimals}f}"


def significant(value: float | None, digits: int = 3, missing: str | None = "–") -> str:
    """At most `digits` significant digits, no zeros behind them; `missing` for no number, zero without a sign.

    `missing` None: everything as Python writes it, `nan` and `-0` too.
    """
    if missing is None:
        return f"{value:.{digits}g}"
    return missing if value is None or not math.isfinite(value) else f"{value + 0.0:.{digits}g}"


def short(value: float) -> str:
    """Three significant digits, no exponent below a million."""
    return f"{value:.3g}" if abs(value) < 1000 or abs(value) >= 1e6 else f"{value:.0f}"


def brief(value: float) -> str:
    """Two or three digits; from a thousand on the power of ten."""
    if value >= 1000:
        return f"{value:.0e}".replace("e+0", "e").replace("e+", "e")
    return f"{value:.0f}" if value >= 10 else f"{value:.2g}" if value < 0.1 else f"{value:.2f}"


def signed(value: float) -> str:
    """One decimal with its sign."""
    return f"{value:+.1f}".replace("-", "−")


def power(exponent: float | None) -> str:
    """Two decimals and never a negative zero, for exponents in sentences."""
    if exponent is None or not math.isfinite(exponent):
        return "–"
    return f"{round(exponent, 2) + 0.0:.2f}"


def count(value: float) -> str:
    """Whole; from a hundred thousand on scientific."""
    return "0" if value == 0 else f"{value:.2e}" if value >= 1e5 else f"{value:.0f}"


def percent(share: float) -> str:
    """Two significant digits, and 0 for what is only rounding."""
    if abs(share) < 1e-6:
        return "0 %"
    return f"{100 * share:.2g} %" if abs(share) < 0.995 else f"{100 * share:.3g} %"


def share_or_zero(share: float) -> str:
    """In percent, two significant digits; a bare 0 for none, so that a column of them can be left out."""
    return "–" if math.isnan(share) else "0" if share == 0 else percent(share)


def share_interval(share: float, low: float, high: float) -> str:
    """`0.23 % [0.05, 0.68]`, `0 % [0, 0.29]`: in percent, bounds to two significant digits."""
    if math.isnan(share) or math.isnan(low):
        return share_or_zero(share)
    ends = (significant(100 * end, 2 if end < 0.995 else 3) for end in (low, high))
    return f"{percent(share)} [{', '.join(ends)}]"


def whole_percent(share: float) -> str:
    """In percent, never 0 of some and never 100 of fewer than all."""
    percents = 100 * share
    if 0 < percents < 1:
        return "<1 %"
    return f"{min(round(percents), 99) if percents < 100 else 100} %"


def duration(seconds: float) -> str:
    """`0.4 s`, `12 s`, `3 min 20 s`, `2 h 05 min`; `unknown` for NaN."""
    if math.isnan(seconds):
        return "unknown"
    if seconds < 10:
        return f"{seconds:.1f} s"
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    minutes, rest = divmod(whole, 60)
    return f"{minutes} min {rest:02} s" if minutes < 60 else f"{minutes // 60} h {minutes % 60:02} min"


def seconds_only(seconds: float) -> str:
    """Without the unit: whole, one decimal below ten."""
    return "0" if seconds == 0 else f"{seconds:.0f}" if seconds >= 10 else f"{seconds:.1f}"


def clocked(seconds: float | None) -> str:
    """`4 ns`, `22 µs`, `310 ms`, `4 s`: in the unit that suits; empty for None."""
    if seconds is None:
        return ""
    for factor, unit in ((1e9, "ns"), (1e6, "µs"), (1e3, "ms")):
        if seconds * factor < 1000:
            return f"{seconds * factor:.3g} {unit}"
    return f"{seconds:.3g} s"


def with_interval(value: float, low: float, high: float) -> str:
    """`0.412 [0.405, 0.419]`; without the bracket where there is no interval, or no value that it is of."""
    if math.isnan(value) or not (math.isfinite(low) and math.isfinite(high)):
        return number(value)
    return f"{number(value)} {bracket(low, high, value)}"


def bracket(low: float, high: float, like: float | None = None) -> str:
    """`[0.405, 0.419]` with the decimals of `like`."""
    return f"[{number(low, like)}, {number(high, like)}]"


def rank_range(low: Any, high: Any) -> str:
    """`1–3`, `2`, or `–` for what is not ranked."""
    if not isinstance(low, Real) or low != low:
        return "–"
    return f"{low}" if low == high else f"{low}–{high}"
