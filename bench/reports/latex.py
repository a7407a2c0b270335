"""Text as LaTeX prints it, whatever it holds."""

from __future__ import annotations

_TEXT = {
    "\\": "textbackslash",
    "~": "textasciitilde",
    "^": "textasciicircum",
    "<": "textless",
    ">": "textgreater",
    "|": "textbar",
    '"': "textquotedbl",
    "`": "textasciigrave",
    "'": "textquotesingle",
    "°": "textdegree",
    "…": "ldots",
}
_GREEK = (
    "alpha beta gamma delta epsilon zeta eta theta iota kappa lambda mu nu xi omicron pi rho . sigma tau upsilon phi "
    "chi psi omega"
)
_MATHS = {
    "×": "times",
    "·": "cdot",
    "±": "pm",
    "≤": "leq",
    "≥": "geq",
    "≠": "neq",
    "≈": "approx",
    "∞": "infty",
    "→": "rightarrow",
    "←": "leftarrow",
    "√": "surd",
    "∂": "partial",
    "∇": "nabla",
    "∈": "in",
    "µ": "mu",
    "Δ": "Delta",
    "Σ": "Sigma",
    "Ω": "Omega",
    "−": "-",
    "²": "^2",
    "³": "^3",
    "½": "frac12",
    **{chr(ord("α") + i): name for i, name in enumerate(_GREEK.split())},
}
_PRINTED = {
    **{c: f"\\{c}" for c in "&%$#_{}"},
    **{c: rf"\{name}{{}}" for c, name in _TEXT.items()},
    **{c: f"${name}$" if name[0] in "-^" else rf"$\{name}$" for c, name in _MATHS.items()},
    "–": "--",
    "—": "---",
    "‘": "`",
    "’": "'",
    "“": "``",
    "”": "''",
    "\N{NO-BREAK SPACE}": "~",
    "ς": r"$\varsigma$",
    "ο": "o",
}


def escape(text: str) -> str:
    """`text` with no character left that commands anything; letters with accents stay, as UTF-8 input prints them."""
    return "".join(" " if c in "\t\n\r\v\f" else _PRINTED.get(c, c) for c in text)


def row(cells: list[str]) -> str:
    r"""A line of a tabular; what the `\\` before it would read as its argument stands in braces."""
    written = " & ".join(map(escape, cells))
    return (f"{{{written[0]}}}{written[1:]}" if written[:1] in ("[", "*") else written) + r" \\"
