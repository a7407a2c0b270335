"""The one look of each optimizer: color, dashes and marker, the same in every picture and page of the project.

A look follows from the registered name alone, never from who else is drawn. Names that ship have looks of their own, in
the order of their registration; any other name, a variant as `adam[beta_1=0.8]` too, takes one by a checksum of its
letters, with a hollow marker. Plain data: nothing here draws.
"""

from __future__ import annotations

import functools
import re
import zlib
from typing import Any, NamedTuple

import optimizers

COLORS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#000000", "#56B4E9", "#7F7F7F")
"""Okabe and Ito (2008), a gray in place of the yellow that white paper swallows."""
DASHES: tuple[tuple[float, ...], ...] = (
    (),
    (5, 2),
    (1.2, 1.2),
    (7, 1.5, 1.5, 1.5),
    (3, 1.2),
    (4, 1.2, 1.2, 1.2, 1.2, 1.2),
    (10, 2.5),
    (9, 1.5, 3, 1.5),
)
"""Lengths of strokes and gaps, in widths of the line; () is solid."""
MARKERS = ("o", "s", "^", "D", "v", "P", "X", "p")
FIRST = (
    "gru-linear-regression",
    "gru-rosenbrock",
    "gru-two-moons-small",
    "momentum",
    "adam",
    "sgd",
    "rmsprop",
    "nesterov",
)
"""Those of the suite `quick`: no two share a color, dashes or a marker."""
_EACH = 8
_OTHERS = 56
"""Pairs of color and dashes that FIRST leaves to other names."""
_TWICE = (0, 2, 4, 6, 3, 1, 7, 5)
"""Twice each element of the field of eight: with it two Latin squares are orthogonal (Bose, 1938)."""


class Look(NamedTuple):
    """How one optimizer is drawn."""

    color: int
    """Its place in COLORS."""
    dash: int
    """Its place in DASHES."""
    marker: int
    """Its place in MARKERS."""
    hollow: bool

    def line(self) -> dict[str, Any]:
        """The look as matplotlib's settings of a line."""
        color, dash = COLORS[self.color], DASHES[self.dash]
        face = "white" if self.hollow else color
        style: Any = (0, dash) if dash else "-"
        return {"color": color, "linestyle": style, "marker": MARKERS[self.marker], "markerfacecolor": face}


def look(name: str) -> Look:
    """The look of the optimizer called `name`; equal names look alike, in any process.

    Shipped, up to 64 but for replication networks and generalists: any two of color, dashes and marker tell one from
    all others. Of other names, up to 56 numbered ones of a stem (`mine-1`, `mine-2` …) differ; two unrelated ones are
    alike with a chance of 1 in 448.
    """
    place = _shipped().get(name)
    if place is not None:
        return _look(place, hollow=False)
    found = re.fullmatch(r"(.*?)(\d{0,9})", name, re.DOTALL)
    assert found is not None  # both parts may be empty
    stem, number = found.groups()
    again, first = divmod(zlib.crc32(stem.encode()), _OTHERS)
    return _look(again % _EACH * _EACH**2 + _EACH + (first + int(number or 0)) % _OTHERS, hollow=True)


_APART = ("replica-", "generalist")
"""Networks that race in no suite and look as other names do: there are places for 64."""


@functools.cache
def _shipped() -> dict[str, int]:
    """{name: place}: FIRST, then the order of registration."""
    names = [name for name in optimizers.names() if name in optimizers.SHIPPED and not name.startswith(_APART)]
    others = [name for name in names if name not in FIRST]
    return {name: place for place, name in enumerate((*FIRST, *others))}


def _look(place: int, *, hollow: bool) -> Look:
    """Colors go round; rows of eight shift the dashes and, otherwise, the markers."""
    color, row, again = place % _EACH, place // _EACH % _EACH, place // _EACH**2
    return Look(color, row ^ color, row ^ _TWICE[color] ^ again % _EACH, hollow)
