"""The page of scale is made from what was measured; and a small measurement of jobs counts all of them."""

import pytest

from bench.maintain import scale_page
from bench.maintain.scale_page import Disk, Measured, PerJob, Speedup
from bench.records import sealed
from bench.suites.schedule import START

MADE_UP = Measured(
    PerJob(100_000, 2, 0.0025, 3 * 2**20),
    [Speedup("processes", 20.0, 10.0), Speedup("workers of a cluster", 30.0, 16.0)],
    seconds_per_cell=65.0,
    share_compiling=0.25,
    cells=24,
    disk=Disk(51200.0, 120.0, 400.0),
    processor="a processor",
    time="2026-01-01T00:00:00",
    commit="abc",
)


def test_the_page_is_that_of_the_numbers_that_are_kept():
    assert scale_page.PAGE.read_text("utf-8") == scale_page.page(scale_page.measured())


def test_without_numbers_it_says_so_and_with_them_every_one_is_there(tmp_path, monkeypatch):
    monkeypatch.setattr(scale_page, "NUMBERS", tmp_path / "scale.json")
    assert scale_page.measured() is None
    assert "Not measured yet" in scale_page.page(None)
    sealed.write(tmp_path / "scale.json", MADE_UP.plain())
    assert scale_page.measured() == MADE_UP
    page = scale_page.page(MADE_UP)
    assert "Not measured" not in page
    for cell in (
        "2.50 ms",
        "of 100,000 by 2 workers",
        "3 MiB",
        "1 min 05 s",
        "25%",
        "2.00 ×",
        "1.88 ×",
        "50 KiB",
        "120 bytes",
    ):
        assert cell in page, cell
    assert "On a processor, 2026-01-01T00:00:00, commit abc." in page


def test_what_a_thousand_cores_take_is_bounded_by_all_and_by_the_longest():
    core = scale_page.extrapolate()
    assert core.cells > core.unknown >= 0
    assert core.finished >= max(core.longest, core.total / scale_page.CORES)
    assert core.finished <= START + core.longest + core.total / scale_page.CORES


def test_all_empty_jobs_come_back_from_a_cluster_of_processes():
    pytest.importorskip("distributed")
    from bench.maintain.scale import overhead

    found = overhead(500, workers=1)
    assert (found.jobs, found.workers) == (500, 1)
    assert 0 < found.seconds < 0.5
    assert found.growth < 2**26
