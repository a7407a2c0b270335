"""The four mechanisms of one set of weights, as one row of numbers beside its score on held-out problems."""

from __future__ import annotations

from typing import NamedTuple


class Numbers(NamedTuple):
    """`score`: mean of loss / initial loss over a run, geometric mean over held-out problems; `score_error`: the factor
    that its standard error is.

    Momentum: `alpha` and `beta` of the eigenmode at rest with the largest |α|, as the paper colors them. Clipping at
    rest: `knee`, and `beyond`, the share of the gradients of its own runs that lie there. Schedule: `peak` of the rate
    in a run without gradients over its end. Adaptation, factors of the rate at rest: `change` under the largest
    constant gradient, `centred` what the largest slope of the update curve shares of it, `rise` the most that any
    constant gradient makes of the rate, and what it is after a run of `constant`, `alternating` or `gaussian` ones, of
    typical size and large.
    None: there is no such number; an untrained network that does not move has but its score.
    """

    score: float
    score_error: float | None = None
    alpha: float | None = None
    beta: float | None = None
    knee: float | None = None
    beyond: float | None = None
    peak: float | None = None
    change: float | None = None
    centred: float | None = None
    rise: float | None = None
    constant: float | None = None
    alternating: float | None = None
    gaussian: float | None = None
    constant_large: float | None = None
    alternating_large: float | None = None
    gaussian_large: float | None = None
