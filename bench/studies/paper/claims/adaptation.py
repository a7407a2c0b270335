"""Learning rate adaptation (7.4 in our notes, 5.4 of the paper).

"Rate" is −∂dx/∂g at g = 0 in the state that a constant gradient g* leads to, at the paper's g*, both signs.
"""

from __future__ import annotations

from bench.studies.paper import extract
from bench.studies.paper.claims.claim import ALIKE, Claim, Part
from bench.studies.paper.extract import of, over_tuned_rate, quantity
from bench.studies.paper.plan import LINEAR, MOONS, ROSENBROCK
from bench.studies.paper.rules import Between, Everywhere

_PART = Part("7.4", "adaptation")
_OVER = "at the largest constant gradient over that at the smallest, both signs,"
CLAIMS: tuple[Claim, ...] = (
    *_PART.on(
        ALIKE,
        "rate-falls",
        "The rate is lower under large constant gradients than under small ones",
        "F",
        {LINEAR: "÷3.2", ROSENBROCK: "÷2.2", ALIKE[2]: "÷1.8", MOONS: "÷1.8"},
        Everywhere(f"rate {_OVER}", extract.fall_of_rate, 0.9, True),
    ),
    *_PART.on(
        ALIKE,
        "steepest-falls",
        "The steepest slope of the update curve falls with the rate: the curve is not only pushed sideways",
        "I",
        "not said",
        Everywhere(f"steepest slope {_OVER}", extract.centred_fall, 0.9, True),
    ),
    *_PART.figure(
        "rate-fall",
        "Rate under the smallest constant gradient over that under the largest",
        "ratio",
        extract.rise_over_tip,
        {LINEAR: 3.25, ROSENBROCK: 2.15, MOONS: 1.82},
    ),
    *_PART.on(
        ALIKE,
        "rate-bounded",
        "The rate has a lower bound",
        "F",
        "bounded",
        Everywhere(
            "log-log slope of the rate over the last decade met (adaptation probe)", of("adaptation", "law"), -0.5
        ),
    ),
    *_PART.on(
        ALIKE,
        "rate-bound-tuned",
        "The lower bound of the rate is near the rate of tuned momentum",
        "F",
        {LINEAR: "×1.14", ROSENBROCK: "×0.99", ALIKE[2]: "×1.6", MOONS: "×1.6"},
        Between("smallest rate over that of tuned momentum", over_tuned_rate(extract.least_rate), 0.5, 2),
    ),
    *_PART.on(
        ALIKE,
        "no-power-law",
        "The rate does not fall as 1/|g|, as that of RMSProp does",
        "F",
        "no",
        Everywhere("log-log slope of the rate over the two largest decades of |g*|", extract.slope_of_rate, -0.5),
    ),
    *_PART.on(
        ALIKE,
        "arms-differ",
        "Positive and negative gradients do not act alike",
        "F",
        {LINEAR: "0.06 to 0.11", ROSENBROCK: "0.28", ALIKE[2]: "–", MOONS: "–"},
        Everywhere("largest difference of the rates of both signs over their sum", extract.asymmetry, 0.05),
    ),
    *_PART.on(
        ALIKE,
        "all-attractors",
        "Every constant gradient leads to an attractor",
        "F, S, M+",
        "all",
        Everywhere(
            "share of the constant gradients that lead to a settled state from which nothing grows",
            extract.attractors,
            1,
        ),
    ),
    *_PART.on(
        ALIKE,
        "s-curve",
        "The attractors form one curve with its arms on opposite sides of rest",
        "F, S",
        "opposite",
        Everywhere("cosine between the tips of the arms seen from rest", quantity("arms", "cosine"), -0.5, True),
    ),
    *_PART.on(
        ALIKE,
        "alternating-cancel",
        "Large gradients of alternating sign cancel, unlike their squares in RMSProp: the rate is that at rest",
        "I, M",
        "cancel",
        Between("rate under the largest alternating gradients over that at rest", extract.alternating, 0.8, 1.25),
    ),
    *_PART.on(
        [LINEAR],
        "rate-not-monotone",
        "The rate rises under a small constant gradient before it falls",
        "F",
        "×4.9",
        Everywhere("largest rate over that at rest", extract.peak_over_rest, 1.5),
    ),
    *_PART.figure("rate-at-0.1", "Rate under a constant gradient of 0.1", "rate", extract.small_rate, {LINEAR: 15.8}),
    *_PART.figure(
        "rate-at-tip",
        "Rate under the largest constant gradient",
        "rate",
        extract.tip_rate,
        {LINEAR: 4.85, ROSENBROCK: 7.4e-4, MOONS: 0.95},
    ),
)
