"""Gradient clipping (7.2 in our notes, 5.2 of the paper)."""

from __future__ import annotations

from bench.studies.paper import extract
from bench.studies.paper.claims.claim import ALIKE, Claim, Part
from bench.studies.paper.extract import of, quantity
from bench.studies.paper.plan import LINEAR, MOONS, ROSENBROCK
from bench.studies.paper.rules import Everywhere, MoreThan

_PART = Part("7.2", "clipping")
_BEYOND = quantity("initial", "share_beyond")
_WHAT = "share of the gradients met at which the first update is saturated"
CLAIMS: tuple[Claim, ...] = (
    *_PART.on(
        [LINEAR],
        "clip-little",
        "Clipping is used little: most gradients meet the linear part",
        "F, M+",
        "little",
        Everywhere(_WHAT, _BEYOND, 0.05, True),
    ),
    *_PART.on(
        [ROSENBROCK], "clip-much", "Gradients are really clipped", "F, M+", "much", Everywhere(_WHAT, _BEYOND, 0.05)
    ),
    *_PART.on(
        [ROSENBROCK],
        "clip-more",
        "Clipping is used more than on linear regression",
        "F, M+",
        "more",
        MoreThan(_WHAT, _BEYOND, LINEAR),
    ),
    *_PART.on(
        ALIKE,
        "clip-soft",
        "The clip is soft, a smooth sigmoid",
        "F, S",
        "soft",
        Everywhere("R² of A tanh(η g / A) at the start", of("clipping", "soft_clip_r2_initial"), 0.95),
    ),
    *_PART.on(
        ALIKE,
        "clip-shape",
        "The curve saturates at a similar gradient in different states",
        "S, M+",
        "alike",
        Everywhere("largest over smallest knee of the visited states", extract.knee_spread, 3, True),
    ),
    *(
        claim
        for name, text, papers in (
            ("asymptote", "Largest update of the first step", {LINEAR: 16, ROSENBROCK: 0.059, MOONS: 0.0215}),
            ("slope", "Rate of the first step", {LINEAR: 5.5, ROSENBROCK: 1.58e-3, MOONS: 1.72}),
            ("knee", "Gradient at which the first update saturates", {LINEAR: 3, ROSENBROCK: 38, MOONS: 0.0125}),
        )
        for claim in _PART.figure(f"clip-{name}", text, name, quantity("initial", name), papers)
    ),
)
