"""A claim, and how one is said of several tasks.

`sure`: [T] the opening pages, [S] secondary text, [F] read off the figures (± 5 %, or ± 0.05 decade on a logarithmic
axis), [M] and [M+] recollection, 70 and 90 % sure, [C] and [N] the authors' code and notebooks, [X] checked by an
independent calculation, [I] inference: the paper does not say it, and it tells whether what it says is meant so.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from bench.studies.paper.figure_rules import Figure
from bench.studies.paper.plan import LINEAR, MOONS, ROSENBROCK, SMALL
from bench.studies.paper.rules import Read, Rule

ALIKE = (LINEAR, ROSENBROCK, SMALL, MOONS)
"""Tasks of claims that do not depend on units; two-moons-small, 105 parameters, stands beside the paper's 8,577."""


class Claim(NamedTuple):
    """`paper`: its number or word. `mechanism`: what its ablation is of, or "". `group`: whom it is judged on first."""

    id: str
    task: str
    section: str
    text: str
    sure: str
    paper: str
    rule: Rule
    mechanism: str = ""
    group: str = ""


class Part(NamedTuple):
    """What claims of one section have in common."""

    section: str
    mechanism: str = ""

    def on(self, tasks: Sequence[str], id: str, text: str, sure: str, paper: str | Mapping[str, str], rule: Rule):
        """One claim on several tasks; `paper` is the same word everywhere, or {task: word}."""
        said = paper if isinstance(paper, Mapping) else dict.fromkeys(tasks, paper)
        return [Claim(id, task, self.section, text, sure, said[task], rule, self.mechanism) for task in tasks]

    def figure(self, id: str, text: str, what: str, read: Read, papers: Mapping[str, float], **error: float):
        """Numbers read off a figure, {task: number}."""
        return [
            Claim(id, task, self.section, text, "F", f"{paper:g}", Figure(what, read, paper, **error), self.mechanism)
            for task, paper in papers.items()
        ]
