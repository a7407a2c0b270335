"""The closed form with its numbers, in plain text and LaTeX; terms that are switched off are left out."""

from __future__ import annotations

import functools
import math
from collections.abc import Mapping
from typing import Any

from bench.scores.numbers import significant

NEGLIGIBLE = 1e-3
"""Amplitudes and exponents below this are not written."""
UNBOUNDED = 15.0
"""log U / (A …) from which on tanh is a straight line."""
four = functools.partial(significant, digits=4, missing=None)


def constants(theta: Mapping[str, Any]) -> dict[str, float]:
    """Readable numbers of θ: decays in (0, 1), times in steps, `alpha_j` = A w_j (1 − β_j), `bound` = A U."""
    c = {name: float(value) for name, value in theta.items()}
    scale = math.exp(c["log_scale"])
    found = {"alpha_0": scale * c["direct"]}
    for j in range(1, modes(c) + 1):
        decay = _sigmoid(c[f"logit_decay_{j}"])
        found |= {f"alpha_{j}": scale * c[f"weight_{j}"] * (1 - decay), f"beta_{j}": decay}
    unbounded = c["log_bound"] >= UNBOUNDED
    found["bound"] = math.inf if unbounded else scale * math.exp(c["log_bound"])
    found |= {"knee": math.exp(c["log_knee"]), "compression": c["compression"]}
    for i in (1, 2):
        found |= {f"early_{i}": c[f"early_{i}"], f"time_{i}": math.exp(c[f"log_time_{i}"])}
    found |= {"early_decay": c["early_decay"], "time_decay": math.exp(c["log_time_decay"])}
    found |= {"average": _sigmoid(c["logit_average"]), "level": math.exp(c["log_level"])}
    return found | {name: c[name] for name in ("adaptation", "persistence", "hold")}


def modes(theta: Mapping[str, Any]) -> int:
    return sum(name.startswith("weight_") for name in theta)


def _sigmoid(x: float) -> float:
    return 0.5 * (1 + math.tanh(0.5 * x))


def text(theta: Mapping[str, Any]) -> str:
    """The update as lines of plain arithmetic, g the gradient, k the step, m_j, v and s from zero."""
    c = constants(theta)
    lines = [_input(c), *_adapted(c)]
    u = "u" if _adapts(c) else "x" if _compresses(c) else "g"
    memories = [_memory(c, j, u) for j in range(1, modes(theta) + 1)]
    z = " + ".join([*_direct(c, u), *(f"m{j}" for j in range(1, modes(theta) + 1))])
    rate = _rate(c)
    front = f"−({rate})·" if rate else "−"
    move = f"({z})" if math.isinf(c["bound"]) else f"{four(c['bound'])}·tanh(({z}) / {four(c['bound'])})"
    return "\n".join(line for line in [*lines, *memories, f"dx = {front}{move}"] if line)


def _direct(c, u: str) -> list[str]:
    """The term of the latest gradient alone, unless the memories' answer to it is a thousand times as large."""
    others = max((abs(v) for name, v in c.items() if name.startswith("alpha_") and name[6:] != "0"), default=0)
    return [f"{four(c['alpha_0'])}·{u}"] if abs(c["alpha_0"]) >= NEGLIGIBLE * others else []


def _input(c) -> str:
    if not _compresses(c):
        return ""
    return f"x = g·(1 + (g/{four(c['knee'])})²)^({four(-c['compression'] / 2)})"


def _compresses(c) -> bool:
    return abs(c["compression"]) > NEGLIGIBLE


def _adapts(c) -> bool:
    return max(abs(c["adaptation"]), abs(c["persistence"])) > NEGLIGIBLE


def _adapted(c) -> list[str]:
    """Lines of v, s, d and u, as far as they are used."""
    x = "x" if _compresses(c) else "g"
    coherent = max(abs(c["persistence"]), abs(c["hold"])) > NEGLIGIBLE
    if not coherent and not _adapts(c):
        return []
    keep, new = four(c["average"]), four(1 - c["average"])
    lines = [f"v ← {keep}·v + {new}·{x}²"]
    if coherent:
        lines.append(f"s ← {keep}·s + {new}·{x},  d = s²/v")
    if _adapts(c):
        factor = f"(1 + v/{four(c['level'] ** 2)})^({four(-c['adaptation'] / 2)})"
        grown = f"·exp({four(c['persistence'])}·d)" if abs(c["persistence"]) > NEGLIGIBLE else ""
        lines.append(f"u = {x}·{factor}{grown}")
    return lines


def _memory(c, j: int, u: str) -> str:
    """m_j keeps b of itself; α_j is what a lone gradient leaves, so m_j ← b m_j + α_j (1 − b) / (1 − β_j) u."""
    alpha, beta = c[f"alpha_{j}"], c[f"beta_{j}"]
    shifts = []
    if abs(c["hold"]) > NEGLIGIBLE:
        shifts.append(f"{four(c['hold'])}·d")
    if abs(c["early_decay"]) > NEGLIGIBLE:
        shifts.append(f"{four(c['early_decay'])}·exp(−k/{four(c['time_decay'])})")
    if not shifts:
        return f"m{j} ← {four(beta)}·m{j} + {four(alpha)}·{u}"
    logit = " + ".join([four(math.log(beta / (1 - beta))), *shifts])
    weight = four(alpha / (1 - beta))
    return f"b{j} = σ({logit}),  m{j} ← b{j}·m{j} + (1 − b{j})·{weight}·{u}"


def _rate(c) -> str:
    parts = [
        f"{four(c[f'early_{i}'])}·exp(−k/{four(c[f'time_{i}'])})" for i in (1, 2) if abs(c[f"early_{i}"]) > NEGLIGIBLE
    ]
    return " + ".join(["1", *parts]) if parts else ""


def latex(theta: Mapping[str, Any]) -> str:
    """The same as one `aligned` environment."""
    symbols = {"←": r"\leftarrow ", "·": r"\,", "−": "-", "²": "^2", "σ": r"\sigma", "×": r"\times "}
    rows = []
    for line in text(theta).split("\n"):
        for part in line.split(",  "):
            rows.append(_row(part, symbols))
    return "\\begin{aligned}\n" + " \\\\\n".join(rows) + "\n\\end{aligned}"


def _row(part: str, symbols: Mapping[str, str]) -> str:
    for name in ("tanh", "exp"):
        part = part.replace(name, f"\\{name}")
    for letter in "mb":
        for j in range(1, 10):
            part = part.replace(f"{letter}{j}", f"{letter}_{{{j}}}")
    part = part.replace("dx", r"\Delta x").replace(")^(", ")^{(").replace("^{(", "^{")
    part = _close_powers(part)
    for symbol, command in symbols.items():
        part = part.replace(symbol, command)
    sign = "=" if "=" in part else r"\leftarrow"
    return part.replace(sign, f"&{sign}", 1)


def _close_powers(part: str) -> str:
    """`^{x)` becomes `^{x}`."""
    pieces = part.split("^{")
    return "^{".join([pieces[0], *(piece.replace(")", "}", 1) for piece in pieces[1:])])
