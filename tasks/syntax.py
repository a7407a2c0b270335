"""`name[setting=value,…]`: the one parser of what stands in brackets behind a name, and what to do about unknown names.

    settings = [name "=" value {"," name "=" value}]
    value    = number | "text" | 'text' | True | False | None | "(" [value {"," value} [","]] ")"

In a text, a backslash stands before quotes and backslashes that belong to it. Nothing is evaluated, and Python's own
parser never sees what a user wrote. `tasks/syntax.py` and `optimizers/syntax.py` are the same file, as neither package
may import the other; a test holds them to it.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable
from typing import Any

LONGEST = 2000
"""Letters of a name with its settings."""
MOST = 50
"""Settings of a name, and values of a tuple."""
DEEPEST = 4
"""Tuples in each other."""
LARGEST = 2**53
"""Size of a whole number: beyond it, floats are no longer exact."""
NEAR = 0.65
"""Share of letters that a word has in common with one that is suggested: adabelief and adam-linear have 0.6."""

_NAME = re.compile(r"(?P<name>[^\[\]]+)(\[(?P<settings>.*)\])?")
_KEY = re.compile(r"[^\W\d]\w*")
_WHOLE = re.compile(r"[+-]?\d+", re.ASCII)
_FLOAT = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?", re.ASCII | re.IGNORECASE)
_TEXT = re.compile(r"\"(?:[^\"\\]|\\.)*\"|'(?:[^'\\]|\\.)*'")
_ESCAPED = re.compile(r"\\([\"'\\])")
_CONSTANTS = {"True": True, "False": False, "None": None}
_PAIRS = "settings are name=value, each name once"


def split(text: str) -> tuple[str, str | None]:
    """(name, what stands in its brackets or None where it has none); ("", None) for what is no name at all.

    Raises ValueError for one that is too long to be one.
    """
    if len(text) > LONGEST:
        raise ValueError(f"{short(text)} is too long for a name; {LONGEST} letters are allowed")
    match = _NAME.fullmatch(text)
    return (match["name"], match["settings"]) if match else ("", None)


def short(text: str) -> str:
    """`text` in quotes for a message; of a long one the beginning."""
    return repr(text) if len(text) <= 200 else f"{text[:200]!r}… ({len(text)} letters)"


def unknown(name: str, known: Iterable[str], noun: str) -> str:
    """What is wrong with a name of no task or optimizer, the `noun`, and where there are others."""
    if name.endswith(".py"):
        return f"{name!r} is a file and no {noun}; give it with --import {name}, and name what it registers"
    return f"unknown {noun} {name!r}{listed(name, known, f' {noun}s')}"


def listed(name: str, known: Iterable[str], kinds: str = "") -> str:
    """`; did you mean 'adam'? See python -m bench list optimizers; …`: where names that are not `known` are found."""
    near = nearest(name, known)
    return f"{near}{' See' if near else '; see'} python -m bench list{kinds}; for your own, give --import FILE"


def nearest(word: str, known: Iterable[str]) -> str:
    """`; did you mean 'adam'?` when a known word is near, or begins with this one, else nothing."""
    words = list(known)
    begun = [each for each in words if word and each.startswith(word)]
    found = difflib.get_close_matches(word, words, 1, NEAR) or begun
    return f"; did you mean {found[0]!r}?" if found else ""


def keywords(settings: str, *, words: bool = False) -> dict[str, Any]:
    """`units=64,rate=0.5` as a mapping of values, `words` bare too. Raises ValueError, which says what is wrong.

    >>> keywords("units=64,input=asinh,range=(-3, 0.5)", words=True)
    {'units': 64, 'input': 'asinh', 'range': (-3, 0.5)}
    """
    return {name: _named_value(name, text, words) for name, text in pairs(settings).items()}


def pairs(settings: str) -> dict[str, str]:
    """`a=1,b=x[c=2,d=3]` as a mapping of texts. Raises ValueError for what is not name=value, each name once."""
    if len(settings) > LONGEST:
        raise ValueError(f"{short(settings)} is too long for settings; {LONGEST} letters are allowed")
    parts = at_commas(settings) if settings.strip() else []
    if len(parts) > MOST:
        raise ValueError(f"there are {len(parts)} settings, and {MOST} are allowed")
    said = [(name.strip(), sign, value.strip()) for name, sign, value in (part.partition("=") for part in parts)]
    found = {name: value for name, _, value in said}
    if len(found) < len(said) or not all(sign and _KEY.fullmatch(name) for name, sign, _ in said):
        raise ValueError(_PAIRS)
    return found


def at_commas(text: str) -> list[str]:
    """What stands between the commas of `text`, stripped; those in brackets and in quotes are left alone."""
    found, depth, quote, escaped = [""], 0, "", False
    for letter in text:
        if escaped:
            escaped = False
        elif quote:
            quote, escaped = "" if letter == quote else quote, letter == "\\"
        elif letter in "\"'":
            quote = letter
        depth += 0 if quote else (letter in "[(") - (letter in "])")
        if letter == "," and depth == 0 and not quote:
            found.append("")
        else:
            found[-1] += letter
    return [part.strip() for part in found]


def _named_value(name: str, text: str, words: bool) -> Any:
    if words and text not in _CONSTANTS and _KEY.fullmatch(text):
        return text
    try:
        return _value(text, 0)
    except _NoLiteral:
        said = f"{short(text)} is no number or word; quote other text"
        raise ValueError(said if words else f"{name} is {short(text)}, not a number") from None


class _NoLiteral(Exception):
    """The text is none of what the grammar above calls a value."""


def _value(text: str, depth: int) -> Any:
    if text in _CONSTANTS:
        return _CONSTANTS[text]
    if _TEXT.fullmatch(text):
        return _ESCAPED.sub(r"\1", text[1:-1])
    if _WHOLE.fullmatch(text):
        return _whole(text)
    if _FLOAT.fullmatch(text):
        return float(text)
    if text[:1] == "(" and text[-1:] == ")":
        return _tuple(text[1:-1].strip(), depth + 1)
    raise _NoLiteral


def _whole(text: str) -> int:
    if len(text) > len(str(LARGEST)) + 1 or abs(int(text)) > LARGEST:
        raise ValueError(f"{short(text)} is too large a number; write it as a float, like 1e20")
    return int(text)


def _tuple(inner: str, depth: int) -> Any:
    """A tuple, or the value alone where only brackets stand around it."""
    if depth > DEEPEST:
        raise ValueError(f"values are in more than {DEEPEST} brackets")
    parts = at_commas(inner) if inner else []
    closed = len(parts) > 1 and not parts[-1]
    values = [_value(part, depth) for part in (parts[:-1] if closed else parts)]
    if len(values) > MOST:
        raise ValueError(f"a tuple has {len(values)} values, and {MOST} are allowed")
    return values[0] if len(values) == 1 and not closed else tuple(values)
