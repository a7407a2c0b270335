"""The duels of the meta-gradient: JAX's ways compute our gradient, and what is compared is what was promised."""

import numpy as np
import pytest

from bench.speed import metagradients, ours_metagradients, plan
from bench.speed.metagradients import META_COMPARISONS, STYLES, MetaCell, difference

SAME, SLICED, PLAIN = STYLES


@pytest.mark.parametrize(
    ("task", "ways"),
    [
        ("rosenbrock", [(SAME, "scan of vmap"), (SLICED, "vmap of scan"), (PLAIN, "scan of vmap")]),
        ("two-moons-small", [(SAME, "vmap of scan")]),
    ],
)
def test_jax_computes_our_gradient(task, ways):
    jax_side = pytest.importorskip("bench.speed.jax_metagradients")
    cell = MetaCell(task, problems=2, units=3, steps=4)
    problem, ours = ours_metagradients.problem(cell), ours_metagradients.gradients(cell)
    assert np.linalg.norm(ours["readout"]) > 0
    for style, order in ways:
        theirs = jax_side.gradients(cell, style, order, problem)
        assert difference(ours, theirs) < metagradients.TOLERANCE


def test_differences_are_relative_to_all_of_theta():
    ours = {"a": np.array([3.0, 0.0]), "b": np.array([[4.0]])}
    assert difference(ours, ours) == 0.0
    assert difference(ours, {**ours, "a": np.array([3.0, 0.05])}) == pytest.approx(0.01)
    assert difference(ours, {**ours, "b": np.array([[np.nan]])}) == np.inf


def test_what_was_promised_is_planned():
    targets = {c.style.name: c.style.target.value for c in META_COMPARISONS}
    assert list(targets.values()) == [1.0, 1.5, 2.0]
    sizes = {(c.cell.task, c.cell.problems, c.cell.units, c.cell.steps) for c in META_COMPARISONS}
    assert sizes == {
        (task, n, 32, 200) for task, n in (("linear-regression", 64), ("rosenbrock", 64), ("two-moons-small", 8))
    }
    names = [measurement.name for measurement in plan.measurements()]
    assert sum(name.startswith("meta-gradient, ") for name in names) == 9
