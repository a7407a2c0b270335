"""Readings of several meta-seeds pooled: verdicts, ranges, what is missing in one."""

import json
from dataclasses import replace

import pytest

from bench.probes.pooling import combine
from bench.probes.reading import Reading, exact

PASSED = {"name": "a", "passed": True, "expected": {}, "measured": {}}
FAILED = {"name": "a", "passed": False, "expected": {}, "measured": {}}


def reading(verdict, knee, rates=(1.0, 2.0), controls=(PASSED,)):
    values = {"knee": exact(knee), "rates": list(rates), "modes": [{"alpha": 1.0}]}
    return Reading(verdict, values, f"clipping: knee at {knee}", controls)


def test_numbers_are_means_with_their_range():
    pooled = combine([reading("present", k) for k in (1.0, 2.0, 6.0)])
    assert pooled.verdict == "present"
    assert pooled.values["knee"] == {"value": 3.0, "low": 1.0, "high": 6.0}
    assert pooled.sentence == "clipping: present in 3 of 3 meta-seeds; knee 3 [1, 6]"


@pytest.mark.parametrize(
    ("verdicts", "pooled", "said"),
    [
        (["present", "absent", "present"], "undecided", "present in 2 of 3 meta-seeds, absent in 1"),
        (["absent", "absent"], "absent", "absent in 2 of 2 meta-seeds"),
        (["undecided", "present"], "undecided", "present in 1 of 2 meta-seeds, undecided in 1"),
    ],
)
def test_a_verdict_needs_every_meta_seed(verdicts, pooled, said):
    found = combine([reading(verdict, 1.0) for verdict in verdicts])
    assert found.verdict == pooled
    assert said in found.sentence


def test_what_one_seed_lacks_has_no_mean():
    pooled = combine([reading("present", k) for k in (1.0, float("inf"), 3.0)])
    assert pooled.values["knee"] == {"value": None, "low": 1.0, "high": 3.0}
    pooled = combine([reading("absent", k) for k in (None, float("nan"))])
    assert pooled.values["knee"] == {"value": None, "low": None, "high": None}


def test_lists_are_averaged_place_by_place():
    pooled = combine([reading("present", 1, (1.0, 4.0)), reading("present", 1, (3.0, None))])
    assert pooled.values["rates"] == [2.0, None]
    assert "modes" not in pooled.values
    pooled = combine([reading("present", 1, (1.0,)), reading("present", 1, (1.0, 2.0))])
    assert "rates" not in pooled.values


def test_words_are_kept_where_all_say_the_same_and_lists_of_lists_are_averaged():
    values = [
        {"shape": "falls", "bounded": True, "kind": "size", "arms": [[1.0, 2.0], [3.0, None]]},
        {"shape": "falls", "bounded": True, "kind": "persistence", "arms": [[3.0, 4.0], [5.0, 6.0]]},
    ]
    pooled = combine([Reading("present", each, "adaptation: falls") for each in values])
    assert pooled.values == {"shape": "falls", "bounded": True, "arms": [[2.0, 3.0], [4.0, None]]}


def test_controls_are_kept_once_and_failures_too():
    pooled = combine([reading("present", 1.0), reading("undecided", 1.0, controls=(PASSED, FAILED))])
    assert pooled.controls == (PASSED, FAILED)


def test_a_discovery_needs_every_meta_seed():
    def seed(verdict, beyond, present):
        twins = {"count": 40, "verdicts": {"present": present}, "beyond": beyond}
        return replace(reading(verdict, 1.0), twins=twins)

    pooled = combine([seed("present", True, 10), seed("present", True, 30)])
    assert pooled.discovered
    assert pooled.twins["sentence"] == "50 % of 80 untrained twins have it too; discovered in 2 of 2 meta-seeds"
    pooled = combine([seed("present", True, 10), seed("present", False, 30)])
    assert not pooled.discovered
    assert pooled.twins["sentence"].endswith("discovered in 1 of 2 meta-seeds")
    assert combine([seed("present", True, 10), reading("present", 1.0)]).twins is None


def test_one_reading_is_itself_and_none_is_an_error():
    only = reading("present", 1.0)
    assert combine([only]) is only
    with pytest.raises(ValueError, match="no readings to combine"):
        combine([])


def test_the_pooled_reading_is_strict_json():
    pooled = combine([reading("present", k) for k in (1.0, float("inf"))])
    assert json.loads(json.dumps(pooled.to_json(), allow_nan=False)) == pooled.to_json()
