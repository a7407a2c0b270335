"""Names and settings of estimators, what they take, and what is refused."""

import math
import re
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

import tasks
from bench.errors import UserError
from bench.metatraining import estimators
from bench.metatraining.estimators import memory
from bench.metatraining.estimators.memory import BASE, refuse_if_too_large, state_floats
from bench.metatraining.estimators.settings import PersistentEvolutionStrategies, TruncatedBackprop
from bench.metatraining.goal import Goal
from bench.metatraining.metalosses import MetaLoss, meta_loss
from optimizers import learned


@pytest.mark.parametrize(
    ("text", "spelled"),
    [
        ("backprop", "backprop"),
        ("backprop[]", "backprop"),
        ("truncated[length=20]", "truncated"),
        ("truncated[length=5]", "truncated[length=5]"),
        ("es[pairs=2,deviation=0.5]", "es[deviation=0.5,pairs=2]"),
        ("pes[length=7, deviation=1e-3]", "pes[length=7,deviation=0.001]"),
        ("truncated-es", "truncated-es"),
    ],
)
def test_names_are_read_and_spelled(text, spelled):
    assert estimators.spell(estimators.get(text)) == spelled
    assert estimators.get(spelled) == estimators.get(text)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("reinforce", "unknown estimator 'reinforce'; known: backprop, truncated, es, truncated-es, pes"),
        ("pes[length=0]", r"length must be a whole number of at least 1, not 0\); settings: length=20, dev"),
        ("es[length=3]", r"cannot make 'es\[length=3\]' .*settings: deviation=0.01, pairs=1"),
        ("es[deviation=-1]", "deviation must be a positive number, not -1"),
        ("es[pairs=True]", "pairs must be a whole number of at least 1, not True"),
        ("pes[20]", "settings are name=value"),
        ("pes[length=20,length=30]", "settings are name=value, each name once"),
        ("backprop[length=3]", "settings: none"),
    ],
)
def test_mistakes_are_named(text, message):
    with pytest.raises(UserError, match=message):
        estimators.get(text)


def test_meta_updates_per_run():
    assert estimators.get("backprop").segments(200) == estimators.get("es").segments(200) == 1
    assert [TruncatedBackprop(n).segments(200) for n in (1, 60, 100, 200, 300)] == [200, 4, 2, 1, 1]
    assert PersistentEvolutionStrategies(length=20).segments(50) == 3


def test_meta_losses_by_hand():
    """f₀ is the run's, also for a segment; segments of 2 steps of a run of 4, weighed 2 / 5."""
    losses = np.array([[4.0, 1.0], [2.0, 1.0], [1.0, 1.0], [1.0, 0.5], [0.4, 0.5]], "float32")
    ratio = losses / losses[0]
    whole = ratio.mean() + 0.3 * np.log(ratio + 1e-9).mean()
    mixed = meta_loss("mixed", 0.3)
    assert float(mixed(losses)) == pytest.approx(whole)
    assert float(meta_loss("log")(losses)) == pytest.approx(np.log(losses + 1e-6).mean())
    parts = [np.asarray(mixed.of_segment(losses[i : i + 3], losses[0], i, 2 / 5)) for i in (0, 2)]
    assert np.mean(parts) == pytest.approx(whole)
    first = meta_loss("mean").of_segment(losses[:3], losses[0], 0, 1.0)
    np.testing.assert_allclose(first, [1.75, 3.0])
    np.testing.assert_allclose(MetaLoss("mean").of_segment(losses[2:], losses[0], 2, 1.0), [0.35, 1.0])
    for bad in ("sum", ["mean"]):
        with pytest.raises(UserError, match="loss must be mean, log or mixed"):
            meta_loss(bad)
    with pytest.raises(UserError, match="log_weight must be 0 or more, not -1"):
        meta_loss("mixed", -1)


def test_memory_is_stated():
    """100 parameters, GRU of 8: 8 + 2 floats each, 4 problems, 51 steps; twenty stored steps of 51 when truncated."""
    gru = learned.get("gru[units=8]")
    assert state_floats(gru, 100) == 800

    def stated(text):
        return estimators.get(text).compile(Goal(tasks.get("rosenbrock"), gru, 50, "mean")).memory_bytes(100, 4)

    assert stated("backprop") == 4 * 1000 * 4 * 51 + BASE
    assert stated("truncated[length=20]") == 4 * 1000 * 4 * 21 + BASE
    theta = sum(value.size for value in gru.initial(0).values())
    assert stated("pes[pairs=3]") == 2 * 4 * (1000 + theta) * 4 * 6 + BASE


def test_a_run_that_would_not_fit_is_refused(monkeypatch):
    refuse_if_too_large(2**30, 2**30)
    message = r"would take 2.5 GB, and 1.0 GB may be used; lower --batch, --unroll or the units, or take --est"
    with pytest.raises(UserError, match=message):
        refuse_if_too_large(2.5 * 2**30, 2**30)
    assert 2**20 < memory.available() < math.inf
    monkeypatch.setattr(memory, "available", lambda: 10.0)
    refuse_if_too_large(8.0)
    with pytest.raises(UserError):
        refuse_if_too_large(8.1)


def test_the_smaller_of_machine_and_container_counts(monkeypatch, tmp_path):
    monkeypatch.setattr(memory, "_of_machine", lambda: 100.0)
    monkeypatch.setattr(memory, "Path", lambda folder: tmp_path)
    assert memory.available() == 100.0
    (tmp_path / "memory.max").write_text("90\n")
    (tmp_path / "memory.current").write_text("50\n")
    assert memory.available() == 40.0
    (tmp_path / "memory.max").write_text("max\n")
    assert memory.available() == 100.0


def test_machines_without_proc_tell_their_pages(monkeypatch, tmp_path):
    monkeypatch.setattr(memory, "Path", lambda name: tmp_path / "nothing")
    pages = SimpleNamespace(sysconf=lambda name: {"SC_PHYS_PAGES": 3, "SC_PAGE_SIZE": 4096}[name])
    monkeypatch.setattr(memory, "os", pages)
    assert memory.available() == 3 * 4096


def test_the_page_runs_as_it_stands(capsys):
    page = Path(__file__).parents[1] / "docs" / "estimators.md"
    (example,) = re.findall(r"```python\n(.*?)```", page.read_text("utf-8"), re.DOTALL)
    exec(example, {})
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines] == ["0", "1"]
    assert all(float(line.split()[2]) > 0 for line in lines)
    for name in estimators.ESTIMATORS:
        assert f"`{name}" in page.read_text("utf-8")
