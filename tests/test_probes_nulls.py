"""No claim in optimizers without the mechanism; the whole hundred: python -m bench maintain nulls."""

import pytest

from bench.probes.catalog import PROBES
from bench.probes.controls.nulls import NULLS, claims, draw

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
