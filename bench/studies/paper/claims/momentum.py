"""Momentum (7.1 in our notes, 5.1 of the paper)."""

from __future__ import annotations

from bench.studies.paper import extract
from bench.studies.paper.claims.claim import ALIKE, Claim, Part
from bench.studies.paper.extract import quantity
from bench.studies.paper.plan import LINEAR, MOONS, PLAIN, ROSENBROCK
from bench.studies.paper.rules import Everywhere, Somewhere

_PART = Part("7.1", "momentum")
CLAIMS: tuple[Claim, ...] = (
    *_PART.on(
        ALIKE,
        "one-fixed-point",
        "Without gradients every state that was visited ends in the same fixed point",
        "S, M+",
        "1",
        Everywhere("number of different states that 32 visited ones reach in 20,000 steps", quantity("ends"), 1, True),
    ),
    *_PART.on(
        ALIKE,
        "near-linear",
        "Around the fixed point at rest the dynamics are close to linear",
        "S, M+",
        "near-linear",
        Everywhere("R² of updates linearized at rest, steps 100 to 200,", quantity("linearity", "late"), 0.9),
    ),
    *_PART.on(
        ALIKE,
        "few-modes",
        "A few modes dominate",
        "S, M+",
        "few",
        Everywhere("exponentials that give 90 % of the response to a gradient", extract.modes_needed, 3, True),
    ),
    *_PART.on(
        ALIKE,
        "slow-mode",
        "The leading mode is slow",
        "S, M+",
        "slow",
        Everywhere("|λ| of the leading exponential", extract.leading_exponential, 0.8),
    ),
    *_PART.figure(
        "leading-mode",
        "|λ| of the mode with the largest rate",
        "|λ|",
        extract.leading_decay,
        {LINEAR: 0.92, ROSENBROCK: 0.93, MOONS: 0.98},
        absolute=0.01,
    ),
    *(
        claim._replace(group=PLAIN)
        for claim in _PART.on(
            [LINEAR],
            "mode-at-optimum",
            "A second optimizer has a mode at the rate and momentum of the best heavy ball",
            "S, N",
            "(3.76, 0.881)",
            Somewhere("an eigenmode with α within 25 % and |λ| within 0.03 of them", extract.mode_at_optimum),
        )
    ),
    *_PART.on(
        ALIKE,
        "shift",
        "Moving the state along its slow direction shifts the update curve, as momentum does",
        "F",
        "a shift",
        Everywhere("part of the change of the curve that is a shift", quantity("shift"), 0.9),
    ),
    *_PART.on(
        ALIKE,
        "variance-rises",
        "The variance of the state over problems is largest early, at steps 5 to 20",
        "F",
        "5 to 20",
        Everywhere("step of the largest variance", quantity("variance", "peak_step"), 30, True),
    ),
    *_PART.on(
        ALIKE,
        "variance-falls",
        "The variance of the state over problems decays to nothing by step 200",
        "F",
        "0",
        Everywhere("part of the largest variance that is left at step 200", quantity("variance", "left"), 0.05, True),
    ),
)
