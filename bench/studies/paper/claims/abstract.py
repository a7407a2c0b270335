"""The abstract, each of its statements by itself; and what it leaves open."""

from __future__ import annotations

from bench.studies.paper.claims.claim import ALIKE, Claim, Part
from bench.studies.paper.plan import LINEAR
from bench.studies.paper.probe_rules import BeyondTwins, Present, Says
from bench.studies.paper.race_rules import Beats, Decomposable

_BETTER = Part("abstract")
_FOUND = {
    "momentum": ("momentum", ALIKE),
    "clipping": ("gradient clipping", ALIKE),
    "schedule": ("a learning rate schedule", (LINEAR,)),
    "adaptation": ("a learning rate that adapts to the gradients met", ALIKE),
}

_SHAPES = dict.fromkeys(ALIKE, "falls") | {LINEAR: "rises, then falls"}
"""On linear regression its figures have the rate five times higher at a gradient of 0.1 than at rest."""


def _found(probe: str, name: str, tasks: tuple[str, ...]) -> list[Claim]:
    part = Part("abstract", probe)
    learned = f"Trained networks have it and untrained ones do not: they have discovered {name}"
    return [
        *part.on(tasks, f"has-{probe}", f"Trained networks use {name}", "T", "present", Present(probe)),
        *part.on(tasks, f"discovered-{probe}", learned, "T", "discovered", BeyondTwins(probe)),
    ]


CLAIMS: tuple[Claim, ...] = (
    *(
        claim
        for baseline in ("momentum", "rmsprop", "adam")
        for claim in _BETTER.on(
            ALIKE,
            f"better-than-{baseline}",
            f"The learned optimizer has a lower loss, averaged over the run, than tuned {baseline}",
            "T, F",
            "lower",
            Beats(baseline),
        )
    ),
    *(claim for probe, (name, tasks) in _FOUND.items() for claim in _found(probe, name, tasks)),
    *(
        claim
        for task, shape in _SHAPES.items()
        for claim in Part("abstract", "adaptation").on(
            [task],
            "adaptation-falls",
            "The adaptation lowers the rate under large gradients",
            "T, F",
            shape,
            Says("adaptation", "shape", shape),
        )
    ),
    *Part("8").on(
        ALIKE[:3],
        "left-open-enough",
        "The mechanisms together are enough to give the optimizer's performance "
        "(the paper describes them one by one and leaves this open)",
        "I",
        "not said",
        Decomposable(),
    ),
)
