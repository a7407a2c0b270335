"""The panels of the shipped probes as chart specifications: what bench.probes.panels draws, from the same values.

A chart: title, x and y {"label", "log"}, lines [{"name", "x", "y", "color", "dash", "points", "lines"}]. Numbers that
an axis cannot show are None.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

Chart = dict[str, Any]
Values = Mapping[str, Any]
BLUE, VERMILION, GREEN, ORANGE, GRAY = 0, 1, 2, 4, 7
"""Places in bench.lookup.appearance.COLORS."""


def panels(probe: str, values: Values) -> list[Chart]:
    """Charts of a probe's reading; none for a probe that is not shipped or has nothing to draw."""
    try:
        return [chart for draw in _PANELS.get(probe, ()) if (chart := draw(values))]
    except (KeyError, TypeError, IndexError, ValueError):  # an older file that lacks what a panel needs
        return []


def _memory(values: Values) -> Chart | None:
    kernel = values.get("kernel") or []
    lags = list(range(len(kernel)))
    lines = [_line("at rest", lags, kernel, BLUE, points=True, line=False)]
    alpha, beta = values["alpha"]["value"], values["beta"]["value"]
    if alpha is not None:
        lines.append(_line(f"fit {alpha:.3g}·{beta:.3g}^j", lags, [alpha * beta**j for j in lags], BLUE))
    shown = [drift for drift in values["drift_kernels"] if drift["start"] in (0, 20, 100)]
    for drift, dash, color in zip(shown, ("6 3", "8 3 2 3", "2 2"), (ORANGE, GREEN, VERMILION), strict=False):
        lines.append(_line(f"drifting from step {drift['start']}", lags, drift["kernel"], color, dash))
    return _chart("Memory: kernel", "lag j (steps)", "response (update / gradient)", lines) if kernel else None


def _eigenvalues(values: Values) -> Chart | None:
    spectrum = values.get("spectrum") or []
    turns = [2 * math.pi * i / 100 for i in range(101)]
    circle = _line("unit circle", [math.cos(t) for t in turns], [math.sin(t) for t in turns], GRAY)
    gains = [row[2] or 0.0 for row in spectrum]
    sizes = [2 + 7 * math.sqrt(gain / (max(gains) or 1)) for gain in gains]
    found = _line(
        "eigenvalues", [row[0] for row in spectrum], [row[1] for row in spectrum], BLUE, points=True, line=False
    )
    chart = _chart(
        "Memory: eigenvalues at rest (area: gain)", "real part", "imaginary part", [circle, found | {"sizes": sizes}]
    )
    return chart | {"equal": True} if spectrum else None


def _update(values: Values) -> Chart | None:
    points = values.get("curve_gradients") or []
    lines = [
        _line("at rest", points, _sizes(values.get("curve")), BLUE),
        _line("first step", points, _sizes(values.get("curve_initial")), ORANGE, "6 3"),
    ]
    chart = _chart("Update curve", "gradient |g|", "update |U(g)|", lines, log_x=True, log_y=True)
    knee = values["knee"]["value"]
    return chart | ({"mark": {"x": knee, "label": f"knee {knee:.3g}"}} if knee else {}) if points else None


def _schedule(values: Values) -> Chart | None:
    rates = values.get("rates") or []
    chart = _chart(
        "Rate without gradients", "step", "rate −∂dx/∂g", [_line("rate", list(range(len(rates))), rates, BLUE)]
    )
    peak = values["peak_step"]["value"]
    return (
        chart | {"zero": True, "mark": {"x": peak, "low": True, "label": f"peak {rates[peak]:.3g}, step {peak}"}}
        if rates
        else None
    )


def _adaptation(values: Values) -> Chart | None:
    gradients = values.get("gradients") or []
    zero, centered = ((*(values.get(name) or ()), None, None)[:2] for name in ("at_zero", "centred"))
    lines = [
        _line(label, gradients, _sizes(rates), color, dash, points=True)
        for rates, label, dash, color in (
            (zero[0], "lasting g > 0", "", VERMILION),
            (zero[1], "lasting g < 0", "", BLUE),
            (centered[0], "g > 0, centered", "2 2", VERMILION),
            (centered[1], "g < 0, centered", "2 2", BLUE),
            (values.get("alternating_rates"), "alternating ±g", "6 3", ORANGE),
            (values.get("random_rates"), "random g", "8 3 2 3", GREEN),
        )
        if rates
    ]
    title, y = "Rate after gradients of a size", "rate (over that at rest)"
    return _chart(title, "size of gradient |g|", y, lines, log_x=True, log_y=True) if lines else None


_PANELS: Mapping[str, Sequence[Callable[[Values], Chart | None]]] = {
    "momentum": (_memory, _eigenvalues),
    "clipping": (_update,),
    "schedule": (_schedule,),
    "adaptation": (_adaptation,),
}


def _chart(title: str, x: str, y: str, lines: list[Chart], *, log_x: bool = False, log_y: bool = False) -> Chart:
    return {"title": title, "x": {"label": x, "log": log_x}, "y": {"label": y, "log": log_y}, "lines": lines}


def _line(
    name: str,
    x: Sequence[Any],
    y: Sequence[Any],
    color: int,
    dash: str = "",
    *,
    points: bool = False,
    line: bool = True,
) -> Chart:
    held = {"name": name, "x": _rounded(x), "y": _rounded(y), "color": color, "dash": dash}
    return {**held, "points": points, "line": line}


def _sizes(values: Sequence[Any] | None) -> list[float | None]:
    return [None if value is None else abs(value) for value in values or []]


def _rounded(values: Sequence[Any]) -> list[float | None]:
    """Five significant digits: more than a screen shows."""
    return [None if v is None or not math.isfinite(v) else float(f"{v:.5g}") for v in values]
