"""Every peer of the speed table solves our problems: the same losses from the same numbers, step by step."""

import importlib

import numpy as np
import pytest

from bench.scores.metrics import summarize
from bench.speed import cells, comparisons, ours
from bench.speed.paired_timing import same_losses

STEPS = 6
"""Ours is then one compiled program per cell: recording the log-spaced steps and all of them is the same."""

FITTING = [c for c in comparisons.COMPARISONS if not comparisons.absent(c.peer)]
CHEAP = [c for c in FITTING if c.cell not in (cells.ROSENBROCK, cells.MEDIUM)]

_FIRST = {c.peer.name: c for c in reversed(CHEAP)}
USUAL = [c for c in CHEAP if _FIRST[c.peer.name] is c]
"""Every peer once; `tox run -e slow` has every pair."""
SLOW = [pytest.param(c, marks=pytest.mark.slow) for c in CHEAP if c not in USUAL]


def named(value):
    return value.name


def small(cell):
    return cell._replace(steps=STEPS, configurations=min(cell.configurations, 3), seeds=2)


@pytest.fixture(scope="module")
def problem_of():
    """Problems and our curves by cell, made once."""
    made = {}

    def get(cell):
        if cell.name not in made:
            made[cell.name] = ours.problem(cell), ours.curves(cell, STEPS)
        return made[cell.name]

    return get


def variants(comparison):
    """Every layout once and every recording once, not all pairs of them."""
    tried = comparison.peer.variants(comparison.cell)
    return tried if len(tried) < 4 else [tried[1], tried[2]]


@pytest.mark.parametrize("comparison", [*USUAL, *SLOW], ids=named)
def test_the_peer_repeats_our_losses(comparison, problem_of):
    cell = small(comparison.cell)
    problem, reference = problem_of(cell)
    module, function = comparison.peer.function.split(":")
    curves = getattr(importlib.import_module(f"bench.speed.{module}"), f"{function}_curves")
    assert reference.shape == (cell.configurations, cell.seeds, STEPS + 1)
    for variant in variants(comparison):
        theirs = curves(cell, problem, STEPS, *variant)
        assert theirs.shape[2] == STEPS + 1
        same_losses(reference, theirs, comparison.name)


@pytest.mark.parametrize("peer", [p for p in [comparisons.EXPERT] if not comparisons.absent(p)])
def test_the_carry_of_the_expert_holds_what_ours_does(peer):
    from bench.speed.jax_peers import summaries

    curves = np.random.default_rng(0).uniform(0.1, 2.0, (5, 2, 3)).astype("float32")
    curves[3, 0, 0], curves[2, 1, 2] = np.nan, 5e6
    blank, note = summaries(np.array([0, 2, 4]), (2, 3))
    carry = blank
    for t, losses in enumerate(curves):
        carry = note(carry, t, losses)
    expected = summarize(np.arange(5), curves.transpose(1, 2, 0))
    np.testing.assert_array_equal(carry.losses[:-1], curves[[0, 2, 4]])
    np.testing.assert_allclose(carry.mean, expected.mean_loss, rtol=1e-5)
    np.testing.assert_array_equal(carry.best, expected.best)
    np.testing.assert_array_equal(carry.diverged, expected.diverged)
