"""Text as LaTeX prints it, whatever it holds."""

from __future__ import annotations

import re
import unicodedata

from bench.terminal import shown

_TEXT = {
    "\\": "textbackslash",
    "~": "textasciitilde",
    "^": "textasciicircum",
    "<": "textless",
    ">": "textgreater",
    "|": "textbar",
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
    '"': r"{\ttfamily\char34}",
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


_APART = "\0"
"""Stands between two characters that LaTeX would join to another."""
_LAST_LETTER = "\u017f"
"""The last of the accented Latin letters that LaTeX prints in its own fonts."""


def escape(text: str) -> str:
    """`text` with no character left that commands anything, and none that stops LaTeX.

    Latin letters with accents stay, as UTF-8 input prints them; characters that LaTeX's own fonts do not have are
    written by their code, U+4E2D, or left out where they print nothing.
    """
    apart = re.sub(r"-(?=-)|,(?=,)", lambda one: one[0] + _APART, unicodedata.normalize("NFC", shown(text)))
    return "".join(map(_printed, apart))


def _printed(c: str) -> str:
    if c == _APART:
        return "{}"
    if c in "\t\n\r\v\f" or unicodedata.category(c) in ("Zs", "Zl", "Zp"):
        return _PRINTED.get(c, " ")
    if c in _PRINTED or " " <= c <= "~" or (c <= _LAST_LETTER and c.isalpha()):
        return _PRINTED.get(c, c)
    return "" if unicodedata.category(c)[0] == "C" and unicodedata.category(c) != "Co" else f"U+{ord(c):04X}"


def row(cells: list[str]) -> str:
    r"""A line of a tabular; what the `\\` before it would read as its argument stands in braces."""
    written = " & ".join(map(escape, cells))
    return (f"{{{written[0]}}}{written[1:]}" if written[:1] in ("[", "*") else written) + r" \\"
