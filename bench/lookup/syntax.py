"""Names between commas, as options of the command line take them."""

from __future__ import annotations

from bench.errors import UserError


def parts(text: str) -> list[str]:
    """What stands between the commas of `text`, stripped; commas inside brackets are left alone."""
    found, depth = [""], 0
    for letter in text:
        depth += (letter in "[(") - (letter in "])")
        if letter == "," and depth == 0:
            found.append("")
        else:
            found[-1] += letter
    return [part.strip() for part in found]


def names(text: str | None) -> list[str]:
    """The names in `text`; none where the option was left out. Raises UserError for an option without a name."""
    found = [part for part in parts(text or "") if part]
    if text is not None and not found:
        raise UserError(f"no name in {text!r}; give names between commas, or leave the option out")
    return found
