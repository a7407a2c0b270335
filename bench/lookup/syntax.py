"""Names between commas, and settings whose values are names, as options of the command line and ablations take them."""

from __future__ import annotations

from bench.errors import UserError
from optimizers import syntax


def names(text: str | None) -> list[str]:
    """The names in `text`; none where the option was left out. Raises UserError for an option without a name."""
    found = [part for part in syntax.at_commas(text or "") if part]
    if text is not None and not found:
        raise UserError(f"no name in {text!r}; give names between commas, or leave the option out")
    return found


def settings(text: str) -> dict[str, str] | None:
    """`a=1,b=x[c=2,d=3]` as a mapping of texts, commas in brackets left alone; None when it is not that."""
    try:
        return {key: value.strip("\"'") for key, value in syntax.pairs(text).items()}
    except ValueError:
        return None
