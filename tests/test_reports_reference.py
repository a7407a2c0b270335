"""The committed tables follow from the committed records, to the byte."""

import json
from pathlib import Path

import pytest

from bench.reports import summary
from bench.reports.tables import grid, markdown
from bench.scores.leaderboard import leaderboard
from bench.scores.results import load

ROOT = Path(__file__).parents[1]
FOLDERS = sorted(cells.parent.relative_to(ROOT) for cells in ROOT.glob("results/reference/*/cells"))


def test_there_are_some():
    assert Path("results/reference/quick") in FOLDERS


@pytest.mark.parametrize("folder", FOLDERS, ids=str)
def test_tables_are_those_of_their_records(folder, monkeypatch):
    monkeypatch.chdir(ROOT)
    metrics = json.loads((folder / "suite.json").read_text())["metrics"]
    results = load(folder)
    assert (folder / "summary.txt").read_text() == summary.summary(folder, metrics, results) + "\n"
    assert (folder / "leaderboard.md").read_text() == markdown(grid(leaderboard(results))) + "\n"
