"""The committed tables follow from the committed records, to the byte: each is made anew here and compared as text.

results/README.md says which ones cannot be: their records are too large to commit, or they are times.
"""

import csv
import json
import re
import shutil
from pathlib import Path

import pandas as pd
import pytest
from click.testing import CliRunner

from bench.commands import group
from bench.maintain import coverage
from bench.records import sealed
from bench.reports import summary
from bench.reports.tables import grid, markdown
from bench.scores.leaderboard import leaderboard
from bench.scores.results import load
from bench.studies.along import report as along
from bench.studies.generalisation import report as generalisation
from bench.studies.paper import pages
from bench.studies.targets import report as targets

ROOT = Path(__file__).parents[1]
REFERENCE = ROOT / "results" / "reference"
FOLDERS = sorted(cells.parent.relative_to(ROOT) for cells in ROOT.glob("results/reference/*/cells"))


def frame(path):
    """A table as it was before it was written: text that is missing is empty."""
    held = pd.read_csv(path)
    return held.fillna({name: "" for name in held if not pd.api.types.is_numeric_dtype(held[name])})


def test_there_are_some():
    assert Path("results/reference/quick") in FOLDERS


@pytest.mark.parametrize("folder", FOLDERS, ids=str)
def test_tables_are_those_of_their_records(folder, monkeypatch):
    monkeypatch.chdir(ROOT)
    metrics = json.loads((folder / "suite.json").read_text())["metrics"]
    results = load(folder)
    assert (folder / "summary.txt").read_text() == summary.summary(folder, metrics, results) + "\n"
    assert (folder / "leaderboard.md").read_text() == markdown(grid(leaderboard(results))) + "\n"


def test_targets_are_those_of_their_rows(tmp_path):
    shutil.copytree(REFERENCE / "targets" / "rows", tmp_path / "rows")
    targets.write(tmp_path)
    for name in ("targets.md", "targets.csv"):
        assert (tmp_path / name).read_text() == (REFERENCE / "targets" / name).read_text()


@pytest.mark.parametrize("task", sorted(path.parent.name for path in REFERENCE.glob("along/*/along.json")))
def test_pages_along_training_are_those_of_their_numbers(task):
    folder = REFERENCE / "along" / task
    held = sealed.read(folder / "along.json")
    assert along.text(held) == (folder / "along.md").read_text()
    assert along.table(held) == (folder / "along.csv").read_text()


def test_the_matrix_of_generalisation_is_that_of_its_numbers():
    folder = REFERENCE / "generalisation"
    assert generalisation.render(frame(folder / "table.csv"), "md") + "\n" == (folder / "table.md").read_text()


def test_the_page_of_intervals_is_that_of_its_numbers():
    folder = REFERENCE / "intervals"
    text = (folder / "table.md").read_text()
    command = re.search(r"`(python -m bench maintain intervals [^`]*)`", text).group(1)
    assert coverage.page(frame(folder / "coverage.csv"), frame(folder / "races.csv"), command, coverage.DRAWS) == text


def test_the_page_of_claims_is_that_of_its_tables():
    assert pages.page(REFERENCE / "paper") == (REFERENCE / "paper" / "claims.md").read_text()


def test_the_claims_are_those_of_races_readings_quantities_and_ablations(tmp_path, monkeypatch):
    """Judged anew from the committed parts; nothing is measured."""
    monkeypatch.chdir(ROOT)
    out = tmp_path / "paper"
    for part in ("tuning", "races", "readings", "quantities", "ablations", "answers"):
        shutil.copytree(REFERENCE / "paper" / part, out / part)
    words = ["paper", "--no-measure", "--out", out, "--tuning", tmp_path / "none"]
    done = CliRunner().invoke(group.main, [str(word) for word in words], catch_exceptions=False)
    assert done.exit_code == 0
    for name in ("claims", "ablations", "networks", "seconds", "answers"):
        made, held = (rows(folder, name) for folder in (out, REFERENCE / "paper"))
        assert len(held) > 20
        assert made == held


def rows(folder, name):
    with (folder / f"{name}.csv").open(newline="") as file:
        return list(csv.DictReader(file))
