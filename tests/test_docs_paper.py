"""docs/paper.md quotes what the study wrote, and nothing from tables of other rules."""

from pathlib import Path

from bench.studies.paper import pages
from bench.studies.paper.report import COLUMNS

ROOT = Path(__file__).parents[1]
PAGE, TABLES = ROOT / "docs" / "paper.md", ROOT / "results" / "reference" / "paper"


def test_every_part_has_its_place():
    text = PAGE.read_text(encoding="utf-8")
    for name in pages.BLOCKS:
        assert text.count(pages.BEGIN.format(name)) == text.count(pages.END.format(name)) == 1, name


def test_the_page_is_that_of_the_tables():
    """Of tables with other columns, of an older version of the rules, nothing is quoted."""
    text = PAGE.read_text(encoding="utf-8")
    if (TABLES / "claims.csv").read_text(encoding="utf-8").splitlines()[0] == ",".join(COLUMNS):
        assert pages.filled(text, TABLES) == text
    else:
        assert "made by python -m bench paper -->\n\n|" not in text
