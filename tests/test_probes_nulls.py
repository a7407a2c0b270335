"""No claim in optimizers without the mechanism; the whole hundred: python -m bench maintain nulls."""

import numpy as np
import pytest

from bench.probes.catalog import PROBES
from bench.probes.controls.nulls import NULLS, claims, descending_network, draw

COUNTS = {"fixed_points": 8, "momentum": 6, "clipping": 8, "schedule": 8, "adaptation": 8}


@pytest.mark.parametrize("name", COUNTS)
def test_nothing_is_claimed_of_nulls(name):
    found = [(kind, reading.sentence) for kind, _, reading in claims(name, COUNTS[name], seed=3)]
    assert found == []


def test_every_probe_has_nulls_and_more_only_adds():
    assert set(NULLS) == set(PROBES)
    few, many = draw("schedule", 3), draw("schedule", 9)
    assert [kind for kind, _ in few] == [kind for kind, _ in many[:3]]
    assert [system.h0.size for _, system in few] == [system.h0.size for _, system in many[:3]]


@pytest.mark.parametrize("seed", range(6))
def test_a_descending_network_descends_at_rest(seed):
    system = descending_network(np.random.default_rng(seed))
    rest = system.relax(system.h0[None], np.zeros(1), 0, 1000)
    assert system.step(rest, 1e-4, 0)[1][0] < system.step(rest, -1e-4, 0)[1][0]
