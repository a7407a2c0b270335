"""`name[setting=value,…]`: the one parser of what stands in the brackets of a name of this package or of `bench`."""

from __future__ import annotations

import ast
import re
from typing import Any

_NAME = re.compile(r"(?P<name>[^\[\]]+)(\[(?P<settings>.*)\])?")


def split(text: str) -> tuple[str, str | None]:
    """(name, what stands in its brackets or None where it has none); ("", None) for what is no name at all."""
    match = _NAME.fullmatch(text)
    return (match["name"], match["settings"]) if match else ("", None)


def keywords(settings: str, *, words: bool = False) -> dict[str, Any]:
    """`units=64,rate=0.5` as a mapping of literals, `words` bare too: a call's keywords and nothing else.

    Raises SyntaxError for what is no Python, ValueError, which names the setting, for what is not name=value once each.

    >>> keywords("units=64,input=asinh", words=True)
    {'units': 64, 'input': 'asinh'}
    """
    call: Any = ast.parse(f"f({settings})", mode="eval").body
    given = [word.arg for word in call.keywords] if isinstance(call, ast.Call) else [None]
    if None in given or call.args or len(set(given)) < len(given):
        raise ValueError("settings are name=value, each name once")
    return {word.arg: _value(word, words) for word in call.keywords}


def _value(word: ast.keyword, words: bool) -> Any:
    if words and isinstance(word.value, ast.Name):
        return word.value.id
    try:
        return ast.literal_eval(word.value)
    except ValueError:
        shown = ast.unparse(word.value)
        said = f"{shown} is no number or word; quote other text" if words else f"{word.arg} is {shown}, not a number"
        raise ValueError(said) from None
