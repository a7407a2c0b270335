"""The claims of Maheswaranathan et al. (2021) as data: what is said, how sure we are that it is, and how it is judged.

`sure`: [T] the opening pages, [S] secondary text, [F] read off the figures (± 5 %), [M] and [M+] recollection, 70 and
90 % sure, [C] and [N] the authors' code and notebooks, [X] checked by an independent calculation, [I] inference.
Sections are those of the 2021 text: 5 in our notes is its section on tasks and baselines.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from bench.studies.paper import extract
from bench.studies.paper.extract import of, over_tuned_rate, quantity
from bench.studies.paper.race_rules import (
    LEARNED,
    Beats,
    Decomposable,
    EndsAbove,
    MeanCurve,
    OfProblems,
    Order,
    TunedRate,
)
from bench.studies.paper.rules import Everywhere, MoreThan, Near, Present, Read, Rule, Somewhere

LINEAR, ROSENBROCK, MOONS, SMALL = "linear-regression", "rosenbrock", "two-moons", "two-moons-small"
ALIKE = (LINEAR, ROSENBROCK, SMALL, MOONS)
"""Tasks of claims that do not depend on units; two-moons-small, 105 parameters, stands beside the paper's 8,577."""


class Claim(NamedTuple):
    """`paper`: its number or word. `mechanism`: whose ablation belongs beside it, or ""."""

    id: str
    task: str
    section: str
    text: str
    sure: str
    paper: str
    rule: Rule
    mechanism: str = ""


def _each(tasks, id, section, text, sure, paper, rule, mechanism="") -> list[Claim]:
    """One claim on several tasks; `paper` is the same word everywhere, or {task: word}."""
    said = paper if isinstance(paper, Mapping) else dict.fromkeys(tasks, paper)
    return [Claim(id, task, section, text, sure, said.get(task, "–"), rule, mechanism) for task in tasks]


def _number(id, task, section, text, what, read: Read, paper: float, mechanism="", **band) -> Claim:
    """A number read off a figure."""
    rule = Near(what, read, paper, **band)
    return Claim(id, task, section, text, "F", f"{paper:g}", rule, mechanism)


def _abstract() -> list[Claim]:
    found = "Networks trained from scratch have discovered "
    return [
        *_each(
            ALIKE,
            "abstract-better",
            "abstract, 5",
            "The learned optimizer has a lower loss, averaged over the run, than tuned momentum, RMSProp and Adam",
            "T, F",
            "lower",
            Beats(),
        ),
        *_each(
            ALIKE, "abstract-momentum", "abstract", found + "momentum", "T", "present", Present("momentum"), "momentum"
        ),
        *_each(
            ALIKE,
            "abstract-clipping",
            "abstract",
            found + "gradient clipping",
            "T",
            "present",
            Present("clipping"),
            "clipping",
        ),
        *_each(
            (LINEAR,),
            "abstract-schedule",
            "abstract",
            found + "a learning rate schedule",
            "T",
            "present",
            Present("schedule"),
            "schedule",
        ),
        *_each(
            ALIKE,
            "abstract-adaptation",
            "abstract",
            found + "a learning rate that adapts to the gradients met",
            "T",
            "present",
            Present("adaptation"),
            "adaptation",
        ),
        *_each(
            ALIKE,
            "left-open-enough",
            "8",
            "These mechanisms together are enough to give the optimizer's performance "
            "(the paper describes them one by one and leaves this open)",
            "I",
            "not said",
            Decomposable(),
        ),
    ]


def _baselines() -> list[Claim]:
    over = "Mean loss over the run / initial loss, linear regression, of "
    curves: dict[str, dict[str, dict[int, float]]] = {
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
    order = (LEARNED, "adam", "momentum", "rmsprop")
    return [
        Claim("start-loss", LINEAR, "5", "Mean initial loss", "X, F", "362", OfProblems("momentum", "initial", 362)),
        Claim(
            "start-loss", ROSENBROCK, "5", "Mean initial loss", "X, F", "289", OfProblems("momentum", "initial", 289)
        ),
        Claim(
            "overtaken",
            LINEAR,
            "5",
            "Tuned momentum ends lower than the learned optimizer",
            "F",
            "lower",
            EndsAbove("momentum"),
        ),
        _number(
            "overtaken-when",
            LINEAR,
            "5",
            "Iteration from which tuned momentum is lower",
            "iteration",
            extract.overtaken,
            125,
        ),
        _number("share-learned", LINEAR, "5", over + "the learned optimizer", "share", _share, 0.043),
        *(
            Claim(
                f"share-{name}",
                LINEAR,
                "5",
                over + f"tuned {name}",
                "F, I",
                f"{paper:g}",
                OfProblems(name, "share", paper),
            )
            for name, paper in (("momentum", 0.069), ("adam", 0.114), ("rmsprop", 0.33))
        ),
        *(
            Claim(
                "order-100",
                task,
                "5",
                "Mean loss at iteration 100, lowest first",
                "F",
                " < ".join(who),
                Order(100, who),
            )
            for task, who in {
                LINEAR: (LEARNED, "momentum", "adam", "rmsprop"),
                ROSENBROCK: order,
                SMALL: order,
                MOONS: order,
            }.items()
        ),
        *(
            Claim(
                f"curve-{name}",
                task,
                "5",
                f"Mean loss of {_who(name)}",
                "F",
                ", ".join(f"{loss:g} at {step}" for step, loss in points.items()),
                MeanCurve(name, points),
            )
            for task, found in curves.items()
            for name, points in found.items()
        ),
        *(
            Claim("tuned-rate", task, "5", "Learning rate of tuned momentum", "F", f"{paper:g}", TunedRate(paper))
            for task, paper in {LINEAR: 3.765, ROSENBROCK: 5.33e-4, MOONS: 0.569}.items()
        ),
    ]


def _who(name: str) -> str:
    return "the learned optimizer" if name == LEARNED else f"tuned {name}"


def _share(on, seed) -> float:
    """Mean loss over the run, over the mean initial loss."""
    return sum(seed.race["mean"]) / sum(seed.race["initial"])


def _momentum() -> list[Claim]:
    few = Everywhere("exponentials for 90 % of the kernel, the largest with |λ| ≥ 0.8:", extract.few_slow_modes, 3, 6)
    return [
        *_each(
            ALIKE,
            "one-fixed-point",
            "7.1",
            "Without gradients there is one fixed point, which all states reach",
            "S, M+",
            "1",
            Everywhere("stable fixed points from all starts:", extract.unbounded_fixed_points, 1, 2),
            "momentum",
        ),
        *_each(
            ALIKE,
            "near-linear",
            "7.1",
            "Around it the dynamics are close to linear",
            "S, M+",
            "near-linear",
            Everywhere("R² of updates linearised at rest, steps 100 to 200,", quantity("linearity", "late"), 0.9, 0.7),
            "momentum",
        ),
        *_each(ALIKE, "few-slow-modes", "7.1", "A few slow modes dominate", "S, M+", "few", few, "momentum"),
        *(
            _number(
                "leading-mode",
                task,
                "7.1",
                "|λ| of the mode with the largest rate",
                "|λ|",
                extract.leading_decay,
                paper,
                "momentum",
                within=0.03,
                absolute=True,
            )
            for task, paper in {LINEAR: 0.92, ROSENBROCK: 0.93, MOONS: 0.98}.items()
        ),
        Claim(
            "mode-at-optimum",
            LINEAR,
            "7.1",
            "An optimizer has a mode at the rate and momentum of the best heavy ball",
            "S, N",
            "(3.76, 0.881)",
            Somewhere("an eigenmode with α within 25 %, |λ| within 0.03", extract.mode_at_optimum),
            "momentum",
        ),
        *_each(
            ALIKE,
            "shift",
            "7.1",
            "Moving along the slow direction shifts the update curve, as momentum does",
            "F",
            "a shift",
            Everywhere("part of the change that is a shift", quantity("shift"), 0.9, 0.5),
            "momentum",
        ),
        *_each(
            ALIKE,
            "variance-rises",
            "7.1",
            "The variance of the state over problems is largest early, at steps 5 to 20",
            "F",
            "5 to 20",
            Everywhere("step of the largest variance", quantity("variance", "peak_step"), 30, 60),
            "momentum",
        ),
        *_each(
            ALIKE,
            "variance-falls",
            "7.1",
            "The variance of the state over problems decays to nothing by step 200",
            "F",
            "0",
            Everywhere("part left at step 200", quantity("variance", "left"), 0.05, 0.25),
            "momentum",
        ),
    ]


def _clipping() -> list[Claim]:
    beyond = quantity("initial", "share_beyond")
    what = "share of the gradients met beyond the knee of the first step"
    return [
        Claim(
            "clip-little",
            LINEAR,
            "7.2",
            "Clipping is used little: most gradients meet the linear part",
            "F, M+",
            "little",
            Everywhere(what, beyond, 0.05, 0.2),
            "clipping",
        ),
        Claim(
            "clip-much",
            ROSENBROCK,
            "7.2",
            "Gradients are really clipped",
            "F, M+",
            "much",
            Everywhere(what, beyond, 0.05, 0.01),
            "clipping",
        ),
        Claim(
            "clip-more",
            ROSENBROCK,
            "7.2",
            "Clipping is used more than on linear regression",
            "F, M+",
            "more",
            MoreThan(what, beyond, LINEAR),
            "clipping",
        ),
        *_each(
            ALIKE,
            "clip-soft",
            "7.2",
            "The clip is soft, a smooth sigmoid",
            "F, S",
            "soft",
            Everywhere("R² of A tanh(η g / A) at the start", of("clipping", "soft_clip_r2_initial"), 0.95, 0.8),
            "clipping",
        ),
        *_each(
            ALIKE,
            "clip-shape",
            "7.2",
            "The curve saturates alike in different states",
            "S, M+",
            "alike",
            Everywhere("largest over smallest knee of visited states", extract.knee_spread, 3, 10),
            "clipping",
        ),
        *(
            _number(
                f"clip-{name}", task, "7.2", text, f"{name} at the start", quantity("initial", name), paper, "clipping"
            )
            for name, text, papers in (
                ("asymptote", "Largest update of the first step", {LINEAR: 16, ROSENBROCK: 0.059, MOONS: 0.0215}),
                ("slope", "Rate of the first step", {LINEAR: 5.5, ROSENBROCK: 1.58e-3, MOONS: 1.72}),
                ("knee", "Gradient at which the first update saturates", {LINEAR: 3, ROSENBROCK: 38, MOONS: 0.0125}),
            )
            for task, paper in papers.items()
        ),
    ]


def _schedule() -> list[Claim]:
    flat = (ROSENBROCK, SMALL, MOONS)
    final = of("schedule", "final")
    return [
        Claim(
            "warm-up-decay",
            LINEAR,
            "7.3",
            "Without gradients the rate warms up, then decays",
            "F, M+",
            "×2.2 up, ×3.7 down",
            Everywhere("peak over initial and over final rate, the smaller,", extract.warm_up_and_decay, 1.1, 1.02),
            "schedule",
        ),
        *_each(
            flat,
            "flat",
            "7.3",
            "Without gradients the rate is flat",
            "F, M+",
            "flat",
            Everywhere("range of the rate over its maximum", of("schedule", "variation"), 0.1, 0.25),
            "schedule",
        ),
        *(
            _number(f"rate-{name}", LINEAR, "7.3", text, what, of("schedule", name), paper, "schedule")
            for name, text, what, paper in (
                ("initial", "Rate at step 0", "rate", 5.5),
                ("peak", "Largest rate", "rate", 11.94),
                ("peak_step", "Step of the largest rate", "step", 23),
                ("final", "Rate at step 200", "rate", 3.25),
            )
        ),
        _number(
            "rate-crosses",
            LINEAR,
            "7.3",
            "Step at which the rate falls below tuned momentum's",
            "step",
            extract.crosses_tuned_rate,
            140,
            "schedule",
        ),
        *(
            _number(
                "rate-over-tuned",
                task,
                "7.3",
                "Rate at step 200 over tuned momentum's",
                "ratio",
                over_tuned_rate(final),
                paper,
                "schedule",
            )
            for task, paper in {LINEAR: 0.863, ROSENBROCK: 3.0, SMALL: 3.0, MOONS: 3.0}.items()
        ),
    ]


def _adaptation() -> list[Claim]:
    start = {LINEAR: 0.1}  # the paper's smallest; elsewhere our own
    over = "rate at the largest constant gradient over that at the smallest, on linear regression at 0.1 as in the "
    falls = {
        task: Everywhere(f"{over}paper, on both arms,", extract.fall_of_rate(start.get(task)), 0.9, 1) for task in ALIKE
    }
    return [
        *(
            Claim(
                "rate-falls",
                task,
                "7.4",
                "The rate is lower under large constant gradients than under small ones",
                "F",
                paper,
                falls[task],
                "adaptation",
            )
            for task, paper in {LINEAR: "÷3.2", ROSENBROCK: "÷2.2", SMALL: "÷1.8", MOONS: "÷1.8"}.items()
        ),
        *(
            _number(
                "rate-fall",
                task,
                "7.4",
                "By how much it is lower",
                "ratio",
                extract.rise_over_tip(start.get(task)),
                paper,
                "adaptation",
            )
            for task, paper in {LINEAR: 3.25, ROSENBROCK: 2.15, SMALL: 1.82, MOONS: 1.82}.items()
        ),
        *_each(
            ALIKE,
            "rate-bounded",
            "7.4",
            "It stays above a bound near tuned momentum's rate",
            "F",
            {LINEAR: "×1.14", ROSENBROCK: "×0.99", SMALL: "×1.6", MOONS: "×1.6"},
            Everywhere("smallest rate over tuned momentum's", over_tuned_rate(extract.least_rate), 0.5, 0.25),
            "adaptation",
        ),
        *_each(
            ALIKE,
            "no-power-law",
            "7.4",
            "It does not fall as 1/|g|, as RMSProp's does",
            "F",
            "no",
            Everywhere(
                "log-log slope of the rate over the two largest decades of |g|", extract.slope_of_rate, -0.5, -0.75
            ),
            "adaptation",
        ),
        *_each(
            ALIKE,
            "arms-differ",
            "7.4",
            "Positive and negative gradients do not act alike",
            "F",
            {LINEAR: "0.06 to 0.11", ROSENBROCK: "0.28"},
            Everywhere("largest difference of the rates of both signs over their sum", extract.asymmetry, 0.05, 0.01),
            "adaptation",
        ),
        *_each(
            ALIKE,
            "all-attractors",
            "7.4",
            "Every constant gradient leads to an attractor",
            "F, S, M+",
            "all",
            Everywhere(
                "share of 33 gradients with a fixed point that is stable, not just marginal or slow,",
                extract.attractors,
                1,
                0.95,
            ),
            "adaptation",
        ),
        *_each(
            ALIKE,
            "s-curve",
            "7.4",
            "The attractors form one curve, its arms on opposite sides of rest",
            "F, S",
            "opposite",
            Everywhere("cosine between the arms' tips seen from rest", quantity("arms", "cosine"), -0.5, 0),
            "adaptation",
        ),
        Claim(
            "rate-not-monotone",
            LINEAR,
            "7.4",
            "The rate rises under a small constant gradient before it falls",
            "F",
            "×4.9",
            Everywhere("largest rate over that at rest", extract.peak_over_rest, 1.5, 1.1),
            "adaptation",
        ),
        _number(
            "rate-at-0.1",
            LINEAR,
            "7.4",
            "Rate under a constant gradient of 0.1",
            "rate",
            extract.rate_at(0.1),
            15.8,
            "adaptation",
        ),
        *(
            _number(
                "rate-at-tip",
                task,
                "7.4",
                f"Rate under the largest constant gradient (the paper's: {largest:g})",
                "rate",
                extract.tip_rate,
                paper,
                "adaptation",
            )
            for task, largest, paper in ((LINEAR, 10, 4.85), (ROSENBROCK, 1e3, 7.4e-4), (MOONS, 0.1, 0.95))
        ),
    ]


CLAIMS: tuple[Claim, ...] = (*_abstract(), *_baselines(), *_momentum(), *_clipping(), *_schedule(), *_adaptation())
