"""Bad tasks and optimizers, raced in one process: each is a failed cell with its one line, or sound numbers."""

import re
from pathlib import Path

import numpy as np
import pytest

import optimizers
import optimizers.registry
import tasks.base
from bench.engine.problems import Problems
from bench.engine.race import race
from bench.errors import UserError
from bench.lookup import plugins
from bench.lookup.named import NamedTask
from bench.records.record import Budget
from bench.running.executor import Means
from bench.running.progress import Bar
from bench.running.run import finish, report_failures
from bench.suites.jobs import job
from bench.suites.suite import Limits

BAD = Path(__file__).parent / "bad"
FILES = [str(BAD / "tasks_that_fail.py"), str(BAD / "optimizers_that_fail.py")]
BUDGET = Budget(steps=4, seeds=2, trials=2, tuning_seeds=2, finalists=0, recheck_seeds=0)
SGD = "sgd[learning_rate=0.01]"
"""Nothing to tune, which is quicker."""
HANGS, SECONDS = "bad-hangs", 10.0
"""The one that has to be ended from outside, twice, and after how long."""
FINITE, DIVERGED, ANY = "finite", "diverged", "any"
TASKS = {
    "fine": FINITE,
    "bad-raises": "RuntimeError: two lines and ",
    "bad-raises-base": "OnlyBase: odd",
    "bad-exits": "SystemExit: bye",
    "bad-interrupts": "KeyboardInterrupt: ",
    "bad-stops": "StopIteration: enough",
    "bad-recurses": "RecursionError: maximum recursion depth exceeded",
    "bad-vector": "returns shape (2,), not a scalar",
    "bad-double": "returns float64",
    "bad-complex": "returns complex64",
    "bad-nothing": "Bowl.loss returns NoneType; it returns a scalar tensor",
    "bad-constant": ANY,
    "bad-not-a-number": DIVERGED,
    "bad-infinite": DIVERGED,
    "bad-draws": "draws random numbers",
    "bad-threads": FINITE,
    "bad-settings": FINITE,
    "bad-unsettles": FINITE,
    "bad-prints": FINITE,
    "bad-closes": FINITE,
    "bad-swells": ANY,
    "bad-crashes": "its process died of a segmentation fault, twice",
    "bad-loading": FINITE,
    "bad-key-error": "KeyError: 'k' (tasks_that_fail.py, line 50)",
    "bad-whole": "params are int32; cast",
    "bad-single": "return the pair (params, data)",
    "bad-far": DIVERGED,
    "bad-empty": "sample returns no parameters",
    "bad-wide": "give sample shapes known in advance",
    "bad-floor": "RuntimeError: two lines and ",
}
OPTIMIZERS = {
    "exits": "SystemExit: optimizer says bye",
    "divides": "ZeroDivisionError: division by zero (optimizers_that_fail.py, line 23)",
    "double": "update returns updates of float64 (2,), not float32 (2,)",
    "whole": "update returns updates of int32 (2,), not float32 (2,)",
    "seven": "update returns updates of float32 (7,), not float32 (2,)",
    "infinite": DIVERGED,
    "not-a-number": DIVERGED,
    "draws": "update draws random numbers (RandomUniform)",
    "draws-in-python": "update does something else at the second call",
    "asks-the-clock": "update does something else at the second call",
    "counts": "update does something else at the second call",
    "notes": FINITE,
    "draws-by-step": FINITE,
    "nothing": "update returns nothing; return the pair (updates, state)",
    "alone": "update returns ",
    "grows": "update returns state nested unlike init",
}


@pytest.fixture(scope="module")
def registered():
    """What the files register, forgotten afterwards."""
    with pytest.MonkeyPatch.context() as patch:
        for module in (tasks.base, optimizers.registry):
            patch.setattr(module, "_registry", dict(module._registry))
        patch.setattr(plugins, "_loaded", {})
        plugins.load_files(FILES)
        yield


@pytest.fixture(scope="module")
def records(registered):
    """{(task, optimizer): record} of all cells, done by one process at a time."""
    pairs = [(task, SGD) for task in TASKS] + [("fine", f"bad-{name}") for name in OPTIMIZERS]
    pairs += [("fine", "momentum")]  # last: nothing before it may have moved it
    jobs, kept = [job("cell", *pair, BUDGET) for pair in pairs], {}
    with Bar("cells", len(jobs), 0) as bar:
        finish(jobs, lambda one, record: kept.update({(one.task, one.optimizer): record}), Means(1, FILES), bar)
    return kept


def test_every_kind_is_in_the_table(registered):
    known = sorted(name for name in tasks.names() if name.startswith("bad-") or name == "fine")
    assert sorted([*TASKS, HANGS]) == known
    assert sorted(OPTIMIZERS) == sorted(n.removeprefix("bad-") for n in optimizers.names() if n.startswith("bad-"))


@pytest.mark.parametrize(
    ("task", "optimizer", "expected"),
    [*((t, SGD, e) for t, e in TASKS.items()), *(("fine", f"bad-{o}", e) for o, e in OPTIMIZERS.items())],
)
def test_each_is_what_it_is(records, task, optimizer, expected):
    record = records[task, optimizer]
    if expected in (FINITE, DIVERGED, ANY):
        assert (record.status, record.error) == ("ok", "")
        losses = np.concatenate([runs.losses for runs in record.runs.values()])
        assert len(losses) >= BUDGET.seeds
        if expected != ANY:
            assert np.all(np.isfinite(losses[:, -1])) == (expected == FINITE)
        return
    assert record.status == "failed", record
    assert expected in record.error
    assert re.fullmatch(r"[^\n\r]{1,400}", record.error)


def test_a_failed_cell_is_told_with_the_command_that_tries_it_alone(records):
    with pytest.raises(
        UserError, match=r"on fine: ZeroDivisionError: .*line 23\); python -m bench check \S*_fail.py .*alone"
    ):
        report_failures([records["fine", "bad-divides"]], 1)


def test_a_cell_after_all_of_them_has_the_numbers_it_has_alone(records):
    fine, momentum = NamedTask("fine", tasks.get("fine")), optimizers.get("momentum")
    record = records["fine", "momentum"]
    theta = [record.thetas[name] for name in record.runs]
    alone = race(momentum, theta, Problems(fine, "report", range(BUDGET.seeds), BUDGET.steps)).runs.losses
    np.testing.assert_array_equal(np.stack([runs.losses for runs in record.runs.values()]), alone)


@pytest.mark.slow
def test_one_that_hangs_is_ended_by_the_limit_of_time_and_the_next_is_done(registered):
    """The next is one that needs no compiling, which takes longer than the limit where much else runs."""
    jobs, kept = [job("cell", task, SGD, BUDGET) for task in (HANGS, "bad-raises")], {}
    with Bar("cells", len(jobs), 0) as bar:
        finish(jobs, lambda one, record: kept.update({one.task: record}), Means(1, FILES, Limits(seconds=SECONDS)), bar)
    assert kept[HANGS].error == "its process took longer than the limit of 10 s, twice"
    assert kept["bad-raises"].error.startswith("RuntimeError")
