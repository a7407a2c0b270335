"""Folders of cells made for measuring boards, and the measurement."""

from __future__ import annotations

import numpy as np
import pytest
import samples

from bench.errors import UserError
from bench.maintain import boards
from bench.records.store import Store
from bench.scores.leaderboard import leaderboard
from bench.suites.protocol import COSTS


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    pool = samples.folder(tmp_path_factory.mktemp("pool"), budget=COSTS["cost:light"])
    folder = tmp_path_factory.mktemp("made")
    boards.fill(folder, pool, 85)
    return pool, folder


def test_as_many_cells_as_asked_for_each_a_shipped_one(made):
    pool, folder = made
    records = Store(folder).records()
    assert len(records) == 85
    assert len({record.cell.task for record in records}) == 3
    of = {(r.cell.task, r.cell.optimizer): r for r in Store(pool).records()}
    for record in records:
        task, optimizer = (name.rpartition("-")[0] for name in (record.cell.task, record.cell.optimizer))
        theirs = of[task, optimizer].runs["default"].best
        assert np.array_equal(np.sort(record.runs["default"].best), np.sort(theirs))


def test_a_board_over_them_is_measured(made):
    cost = boards.measured(made[1], "anytime")
    assert cost.cells == 85
    assert 0 < cost.processor_seconds < 60
    assert cost.peak > 2**25
    assert len(leaderboard(made[1])) == boards.ENTRIES


def test_a_pool_of_failures_is_refused(tmp_path):
    Store(tmp_path / "pool").write(samples.failed())
    with pytest.raises(UserError, match="holds no finished cells"):
        boards.fill(tmp_path / "made", tmp_path / "pool", 1)
