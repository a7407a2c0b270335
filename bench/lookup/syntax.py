"""Names between commas, and settings by names, as options of the command line and ablations take them."""

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


def settings(text: str) -> dict[str, str] | None:
    """`a=1,b=x[c=2,d=3]` as a mapping of texts, commas in brackets left alone; None when it is not that."""
    pairs = [part.partition("=") for part in parts(text)]
    if not all(sign and key.strip() for key, sign, _ in pairs):
        return None
    said = {key.strip(): value.strip().strip("\"'") for key, _, value in pairs}
    return said if len(said) == len(pairs) else None
