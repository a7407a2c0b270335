"""Losses and baselines: what its first figure shows."""

from __future__ import annotations

from bench.studies.paper import extract
from bench.studies.paper.claims.claim import ALIKE, Claim, Part
from bench.studies.paper.figure_rules import LEARNED, Curve, OfProblems, TunedRate
from bench.studies.paper.plan import LINEAR, MOONS, PLAIN, REPLICATION, ROSENBROCK
from bench.studies.paper.race_rules import EndsAbove, Order, WorseThan

_PART = Part("5")
_ORDER = (LEARNED, "adam", "momentum", "rmsprop")
ORDERS = dict.fromkeys(ALIKE, _ORDER) | {LINEAR: (LEARNED, "momentum", "adam", "rmsprop")}
CURVES: dict[str, dict[str, dict[int, float]]] = {
    LINEAR: {
        "rmsprop": {50: 170, 100: 100, 200: 42},
        "momentum": {50: 2.7, 100: 7.9e-3},
        "adam": {50: 41, 100: 4.8, 200: 0.76},
        LEARNED: {50: 0.26, 100: 9.7e-4, 200: 9.3e-5},
    },
    ROSENBROCK: {
        "rmsprop": {50: 4.7, 100: 1.9, 200: 1.6},
        "momentum": {50: 1.9, 100: 1.3, 200: 0.83},
        "adam": {50: 1.4, 100: 0.135, 200: 0.024},
        LEARNED: {50: 0.5, 100: 0.014, 200: 1.4e-3},
    },
    MOONS: {
        "rmsprop": {50: 0.18, 100: 0.087, 200: 0.10},
        "momentum": {50: 0.074, 100: 0.063, 200: 0.0575},
        "adam": {50: 0.057, 100: 0.051, 200: 0.048},
        LEARNED: {50: 0.059, 100: 0.040, 200: 0.038},
    },
}
"""{task: {optimizer: {iteration: mean loss}}}, over 128 problems."""


def _who(name: str) -> str:
    return "the learned optimizer" if name == LEARNED else f"tuned {name}"


def _share(on, seed) -> float:
    """Mean loss over the run, over the mean initial loss."""
    return sum(seed.race["mean"]) / sum(seed.race["initial"])


def _said(points: dict[int, float]) -> str:
    return ", ".join(f"{loss:g} at {step}" for step, loss in points.items())


_OVER = "Mean loss over the run / mean initial loss of "
CLAIMS: tuple[Claim, ...] = (
    *(
        claim
        for task, start in ((LINEAR, 362), (ROSENBROCK, 289))
        for claim in _PART.on(
            [task], "start-loss", "Mean initial loss", "X, F", f"{start}", OfProblems("momentum", "initial", start)
        )
    ),
    *_PART.on(
        [LINEAR],
        "overtaken",
        "Tuned momentum ends lower than the learned optimizer",
        "F",
        "lower",
        EndsAbove("momentum"),
    ),
    *_PART.figure(
        "overtaken-when",
        "Iteration from which tuned momentum is lower",
        "iteration",
        extract.overtaken,
        {LINEAR: 125},
        absolute=5,
    ),
    *_PART.figure("share-learned", f"{_OVER}the learned optimizer", "share", _share, {LINEAR: 0.043}, decades=0.05),
    *(
        claim
        for name, paper in (("momentum", 0.069), ("adam", 0.114), ("rmsprop", 0.33))
        for claim in _PART.on(
            [LINEAR], f"share-{name}", f"{_OVER}tuned {name}", "F, I", f"{paper:g}", OfProblems(name, "share", paper)
        )
    ),
    *(
        claim
        for task, who in ORDERS.items()
        for claim in _PART.on(
            [task], "order-100", "Order of the mean losses at iteration 100", "F", " < ".join(who), Order(100, who)
        )
    ),
    *(
        claim
        for task, found in CURVES.items()
        for name, points in found.items()
        for claim in _PART.on(
            [task], f"curve-{name}", f"Mean loss of {_who(name)}", "F", _said(points), Curve(name, points)
        )
    ),
    *(
        claim
        for task, paper in {LINEAR: 3.765, ROSENBROCK: 5.33e-4, MOONS: 0.569}.items()
        for claim in _PART.on(
            [task], "tuned-rate", "Learning rate of tuned momentum", "F", f"{paper:g}", TunedRate(paper)
        )
    ),
    *(
        claim._replace(group=PLAIN)
        for claim in _PART.on(
            [LINEAR],
            "plain-worse",
            "The second optimizer, kept for its plain momentum, is a little worse than the first",
            "S",
            "worse",
            WorseThan(REPLICATION),
        )
    ),
)
