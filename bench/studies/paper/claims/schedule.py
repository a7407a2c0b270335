"""Learning rate schedules (7.3 in our notes, 5.3 of the paper): the rate over the steps of a run without gradients."""

from __future__ import annotations

from bench.studies.paper import extract
from bench.studies.paper.claims.claim import ALIKE, Claim, Part
from bench.studies.paper.extract import of, over_tuned_rate
from bench.studies.paper.plan import LINEAR, MOONS, ROSENBROCK
from bench.studies.paper.rules import Everywhere

_PART = Part("7.3", "schedule")
CLAIMS: tuple[Claim, ...] = (
    *_PART.on(
        [LINEAR],
        "warm-up",
        "Without gradients the rate first rises",
        "F, M+",
        "×2.2",
        Everywhere("largest rate over the first", extract.peak_over("initial"), 1.1),
    ),
    *_PART.on(
        [LINEAR],
        "decay",
        "Without gradients the rate then falls",
        "F, M+",
        "÷3.7",
        Everywhere("largest rate over the last", extract.peak_over("final"), 1.1),
    ),
    *_PART.on(
        ALIKE[1:],
        "flat",
        "Without gradients the rate is flat",
        "F, M+",
        "flat",
        Everywhere("range of the rate over its largest value", of("schedule", "variation"), 0.1, True),
    ),
    *(
        claim
        for name, text, paper in (
            ("initial", "Rate at step 0", 5.5),
            ("peak", "Largest rate", 11.94),
            ("final", "Rate at step 200", 3.25),
        )
        for claim in _PART.figure(f"rate-{name}", text, "rate", of("schedule", name), {LINEAR: paper})
    ),
    *_PART.figure(
        "rate-peak-step", "Step of the largest rate", "step", of("schedule", "peak_step"), {LINEAR: 23}, absolute=2
    ),
    *_PART.figure(
        "rate-crosses",
        "Step at which the rate falls below that of tuned momentum",
        "step",
        extract.crosses_tuned_rate,
        {LINEAR: 140},
        absolute=5,
    ),
    *_PART.figure(
        "rate-over-tuned",
        "Rate at step 200 over that of tuned momentum",
        "ratio",
        over_tuned_rate(of("schedule", "final")),
        {LINEAR: 0.863, ROSENBROCK: 3.0, MOONS: 3.0},
    ),
)
