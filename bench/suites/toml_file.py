"""A TOML file within bounds: what the parser would choke on is refused before it, in one line.

Python's parser recurses into lists and takes time that grows with the square of a key's dots. No suite needs either.
"""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any

from bench.errors import UserError

LARGEST = 64 * 1024
"""Bytes of a file."""
DEEPEST = 6
"""Tables and lists in each other, and words of a dotted key."""
MOST = 5000
"""Tables, keys and items of lists in all."""

_AT = re.compile(r" \(at line (\d+), column \d+\)| \(at end of document\)")
_TEXTS = re.compile(  # what is not closed ends with its line or the file, so that time stays linear
    r"\"{3}.*?(?:\"{3}|\Z)|'{3}.*?(?:'{3}|\Z)|\"(?:[^\"\\\n]|\\[^\n])*+\"?|'[^'\n]*+'?|(?P<comment>#[^\n]*)", re.DOTALL
)
_WORDS = re.compile(r"[\w.-]+")


def load(path: Path | str) -> tuple[str, dict[str, Any]]:
    """(text, table) of a file. Raises UserError for one that cannot be read, is not TOML or beyond the bounds."""
    text = _text(path)
    _check_nesting(path, text)
    try:
        table = tomllib.loads(text)
    except (ValueError, RecursionError) as error:  # a number of thousands of digits is a ValueError
        found = _AT.search(str(error))
        line = int(found[1]) if found and found[1] else text.count("\n") + 1
        reason = _AT.sub("", str(error))
        raise UserError(f"{path}, line {line}: {reason}; the file must be TOML") from None
    if (size := _size(table)) > MOST:
        raise UserError(f"{path} has {size} tables, keys and items of lists; {MOST} are allowed")
    return text, table


def _text(path: Path | str) -> str:
    try:
        if Path(path).exists() and not Path(path).is_file():
            raise UserError(f"cannot read suite {path}: it is not a file")
        with open(path, "rb") as file:
            content = file.read(LARGEST + 1)
    except (OSError, ValueError) as error:  # a path with a null character is a ValueError
        raise UserError(f"cannot read suite {path}: {getattr(error, 'strerror', None) or error}") from None
    if len(content) > LARGEST:
        raise UserError(f"cannot read suite {path}: it is larger than {LARGEST // 1024} KiB")
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError:
        raise UserError(f"cannot read suite {path}: it is not text in UTF-8") from None


def _check_nesting(path: Path | str, text: str) -> None:
    """Raise UserError for brackets or dotted keys that are nested deeper than DEEPEST."""
    plain, depth = _TEXTS.sub(_blank, text), 0
    for number, line in enumerate(plain.split("\n"), 1):
        for letter in line:
            depth += (letter in "[{") - (letter in "]}")
            if depth > DEEPEST:
                raise UserError(f"{path}, line {number}: brackets are nested deeper than {DEEPEST}; no suite needs it")
        if any(word.count(".") >= DEEPEST for word in _WORDS.findall("".join(line.split()))):
            raise UserError(f"{path}, line {number}: a key has more than {DEEPEST} words; no suite needs it")


def _blank(found: re.Match[str]) -> str:
    """A word in place of a text, nothing in place of a comment; lines stay lines."""
    return ("" if found["comment"] else "x") + "\n" * found[0].count("\n")


def _size(table: dict[str, Any]) -> int:
    count = 0
    left: list[Any] = [table]
    while left:
        inner = left.pop()
        items = inner.values() if isinstance(inner, dict) else inner
        count += len(inner)
        left += [item for item in items if isinstance(item, (dict, list))]
    return count
