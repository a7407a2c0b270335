"""The report page: every number in it is the board's, whatever a name holds stays text, and it fits."""

import json
import re
import shlex
import tomllib
from html import unescape
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest
import samples
from click.testing import CliRunner

import bench
from bench.commands import group
from bench.commands import run as run_command
from bench.errors import UserError
from bench.records import sealed
from bench.records.record import Budget
from bench.records.store import Store
from bench.reports import origin
from bench.reports.costs import ledger_grid
from bench.reports.html import cells, page, probes, sections
from bench.reports.html.grids import first_number, tiers
from bench.reports.html.ranges import ranges
from bench.reports.learned import verdict_grid
from bench.reports.pictures.curves import relative
from bench.reports.tables import grid, settings
from bench.reports.task_section import task_grid
from bench.scores import profiles, statistics
from bench.scores.leaderboard import leaderboard, task_table
from bench.scores.metrics import METRICS
from bench.scores.numbers import number
from bench.scores.results import Results, load
from bench.scores.stability import stability

PASSED = {"name": "heavy ball", "passed": True, "expected": {"beta": 0.9}, "measured": {"beta": 0.9}}
FAILED = {"name": "clip at 1", "passed": False, "expected": {"knee": 1.0}, "measured": {"knee": 1.4}}
MOMENTUM = {
    "verdict": "present",
    "values": {
        "alpha": {"value": 0.5, "low": 0.5, "high": 0.5},
        "beta": {"value": 0.87, "low": 0.8, "high": 0.9},
        "kernel": [0.5, 0.43, 0.38],
        "drift_kernels": [],
        "spectrum": [[0.87, 0.0, 1.0]],
    },
    "controls": [PASSED],
    "sentence": "momentum: past gradients decay",
    "twins": {
        "count": 39,
        "beyond": False,
        "quantiles": {"beta": {"low": 0.1, "median": 0.4, "high": 0.7}, "alpha": {"median": None}},
        "sentence": "82 % of 39 untrained twins are present too",
    },
    "would_change": "It would be absent otherwise.",
}
CLIPPING = {
    "verdict": "present",
    "values": {"knee": {"value": 2.5, "low": None, "high": None}, "curve_gradients": [1.0, 2.0], "curve": [1.0, 1.5]},
    "controls": [PASSED, FAILED],
    "sentence": "updates flatten",
}
NASTY = [
    "</script><script>window.broken=1</script>",
    "<img src=x onerror=window.broken=1>",
    "a\"b'c&amp;<!--",
    "größe-θ\u2028-Ω",
    "${window.broken=1}`{{7*7}}",
]


class Tables(HTMLParser):
    """{id: (headers, rows)} of the tables of a page, and every tag and attribute met."""

    def __init__(self):
        super().__init__()
        self.tables, self.tags, self.links, self._id, self._row, self._text = {}, [], [], "", None, None

    def handle_starttag(self, tag, attributes):
        given = dict(attributes)
        self.tags.append(tag)
        self.links += [value for name, value in attributes if name in ("href", "src", "action", "data", "srcset")]
        if "tabled" in (given.get("class") or "").split():
            self._id = given["id"]
            self.tables[self._id] = []
        elif tag == "tr":
            self._row = []
        elif tag in ("td", "th"):
            self._text = ""

    def handle_endtag(self, tag):
        if tag in ("td", "th") and self._row is not None:
            self._row.append(self._text)
            self._text = None
        elif tag == "tr" and self._id:
            self.tables[self._id].append(self._row)
        elif tag == "table":
            self._id = ""

    def handle_data(self, data):
        if self._text is not None:
            self._text += data


def parsed(html):
    found = Tables()
    found.feed(html)
    return found


def embedded(html):
    return json.loads(re.search(r'<script type="application/json" id="data">(.*?)</script>', html, re.DOTALL)[1])


@pytest.fixture(scope="module")
def out(tmp_path_factory):
    folder = samples.folder(tmp_path_factory.mktemp("html") / "out")
    Store(folder).write(samples.failed("valley", "rmsprop"))
    readings = {"momentum": MOMENTUM, "clipping": CLIPPING}
    sealed.write(folder / "readings" / "gru-a@bowl.json", {"optimizer": "gru-a", "task": "bowl", "readings": readings})
    origin.keep(folder, "mine", {"valley": "mean_log"}, "python -m bench run mine")
    return folder


@pytest.fixture(scope="module")
def html(out):
    return page.page([out])


def test_a_reading_stands_beside_its_twins(html):
    assert '<span class="verdict present">present, not discovered</span>' in html
    assert '<p class="twins">82 % of 39 untrained twins are present too.</p>' in html
    assert "It would be absent otherwise." in html
    assert '<td class="n">0.870 [0.800, 0.900]</td><td class="n">0.400 [0.100, 0.700]</td>' in html
    assert '<td class="n">0.500</td><td class="n"></td>' in html


def test_tables_hold_the_numbers_of_the_board(out, html):
    results, found = load(out), parsed(html).tables
    board = grid(leaderboard(results).drop(columns=results.tasks))
    assert found["board-anytime"] == [board.headers, *board.rows]
    assert {name for name in found if name.startswith("board-")} == {
        "board-anytime",
        "board-mean_loss",
        "board-mean_log",
    }
    for task, metric in (("bowl", "mean_loss"), ("valley", "mean_log")):
        table = task_grid(results, task_table(results, task, metric), task, metric)
        assert found[f"task-{task}"] == [table.headers, *table.rows]
    for name, table in (("ledger", ledger_grid(results)), ("verdicts", verdict_grid(results, {"valley": "mean_log"}))):
        assert found[name] == [table.headers, *table.rows]


def test_the_order_is_as_firm_as_the_command_says(out, html, tmp_path):
    """Without scores, which stand on the board; who competes with nobody has no order."""
    scores = ["score", "low", "high", "iqm_runs", "iqm_runs_low", "iqm_runs_high"]
    shown = grid(stability(out).drop(columns=scores))
    assert parsed(html).tables["firm"] == [shown.headers, *shown.rows]
    assert {"without a task", "without an entry", "next", "problems needed"} <= set(shown.headers)
    assert f"leaderboard {out} --stability</code>" in html
    lonely = page.page([samples.folder(tmp_path / "one", {"sgd": 0.1}, tasks=("bowl",))])
    assert "firm" not in parsed(lonely).tables
    assert "#stability" not in parsed(lonely).links


def test_the_matrix_and_the_cells_hold_the_means_of_the_tasks_tables(out, html):
    results, found, data = load(out), parsed(html).tables["cells"], embedded(html)
    assert found[0] == ["optimizer", "bowl (mean_loss)", "valley (mean_log)"]
    for task, metric, column in (("bowl", "mean_loss", 1), ("valley", "mean_log", 2)):
        frame = task_table(results, task, metric)
        shown = {row[0]: row[column] for row in found[1:]}
        for row in frame.itertuples():
            if (task, row.optimizer) in results.records and row.optimizer != "rmsprop":
                assert shown[row.optimizer] == number(row.score)
                opened = {line[0]: line for line in data["cells"]["of"][task][row.optimizer]["tuned"]}
                assert opened[metric][1] == number(row.score)
                assert opened[metric][2:] == ([metric, settings(row.theta)] if row.theta else [])
    assert {row[0]: row[2] for row in found[1:]}["rmsprop"] == "failed"
    assert data["cells"]["of"]["valley"]["rmsprop"]["error"] == "ValueError: no"


def test_curves_are_those_of_the_picture(out, html):
    data = embedded(html)["tasks"]["bowl"]["lines"]
    for name in ("sgd", "adam", "gru-a"):
        steps, quantiles = relative(load(out).records[("bowl", name)])
        assert data[name]["steps"] == steps.tolist()
        np.testing.assert_allclose(10 ** (np.array(data[name]["y"]) / cells.PLACES), quantiles, rtol=2e-3)


def test_profiles_are_those_of_the_scores(out, html):
    data, results = embedded(html), load(out)
    for name, shown in (("ecdf", profiles.ecdf(results)), ("profile", profiles.profile(results))):
        assert set(data["across"][name]) == set(shown.lines)
        for optimizer, line in shown.lines.items():
            np.testing.assert_allclose(data["across"][name][optimizer]["y"], line, rtol=1e-3)
    assert data["across"]["named"] == results.optimizers


def test_trials_of_a_task_and_over_tasks(tmp_path):
    store = Store(tmp_path / "out")
    for task, scores in (("a", [0.2, 0.6]), ("b", [0.4, 0.5])):
        trials = {"trial": [0, 1], "learning_rate": [0.1, 0.2], "anytime": scores, "mean_loss": [0.5, 0.1]}
        store.write(samples.record(task, "sgd", trials=trials))
    data = embedded(page.page([tmp_path / "out"]))
    assert data["across"]["trials"]["sgd"] == {"x": [1, 2], "y": [0.425, 0.55]}
    assert data["tasks"]["a"]["trials"]["sgd"] == {"x": [1, 2], "y": [0.1, 0.1], "low": [0.1, 0.1], "high": [0.5, 0.1]}


def test_runs_of_a_cell_are_at_even_ranks_with_their_own_scores(out):
    record = load(out).records[("bowl", "adam")]
    shown = cells.some_runs(record, METRICS["mean_loss"], 5)
    every = METRICS["mean_loss"].score(record.runs["mean_loss"], 0.0)
    assert [row[0] for row in shown["rows"]] == [1, 5, 9, 12, 16]
    column = 2 + list(METRICS).index("mean_loss")
    assert [row[column] for row in shown["rows"]] == [number(every[row[1]]) for row in shown["rows"]]
    assert [every[row[1]] for row in shown["rows"]] == sorted(every[row[1]] for row in shown["rows"])
    assert shown["total"] == 16


def test_best_trials_are_the_best_by_the_metric_and_its_direction():
    trials = {
        "trial": [0, 1, 2],
        "learning_rate": [0.1, 0.2, 0.3],
        "anytime": [0.2, 0.9, np.nan],
        "final": [3.0, 1.0, np.nan],
    }
    record = samples.record(trials=trials)
    assert [row[0] for row in cells.best_trials(record, METRICS["anytime"])["rows"]] == ["1", "0", "2"]
    assert cells.best_trials(record, METRICS["final"])["rows"][0] == ["1", "1.00", "learning_rate 0.200"]
    assert cells.best_trials(record, METRICS["best"]) == {}


@pytest.mark.parametrize(
    ("definition", "expected"),
    [
        (
            "K(source='SGD') version 1 space [('learning_rate', LogUniform(low=1e-05, high=10.0, complement=False)), "
            "('momentum', LogUniform(low=0.003, high=1.0, complement=True))] theta [('learning_rate', '0.01')]",
            {"learning_rate": "1e-05 … 10, log-uniform", "momentum": "0 … 0.997, log-uniform in 1 − x from 0.003 to 1"},
        ),
        (
            "f version 1 space [('a', Choice(options=('x', True))), ('n', Integer(low=1, high=9, log=True))] theta []",
            {"a": "one of x, True", "n": "1 … 9, whole, log-uniform"},
        ),
        ("f version 1 space [('a', Uniform(low=-1, high=2))] theta []", {"a": "-1 … 2, uniform"}),
        ("f version 1 space [] theta []", {}),
        ("sgd()", {}),
        ("f version 1 space [('a', <object at 0x1>)] theta []", {"search space": "[('a', <object at 0x1>)]"}),
    ],
)
def test_search_ranges_are_read_from_the_record(definition, expected):
    assert ranges(definition) == expected


def test_no_claim_numbers_or_panels_where_a_control_failed(html):
    data = embedded(html)["panels"]
    assert [len(panels) for panels in data[0]] == [2, 0]
    assert "No claim is made: 1 of 2 controls failed: clip at 1, expected knee 1.00, measured knee 1.40." in html
    assert "updates flatten" not in html
    assert "<p>past gradients decay</p>" in html


@pytest.fixture(scope="module")
def nasty(tmp_path_factory):
    """A folder whose tasks and optimizers are called what breaks pages."""
    folder = tmp_path_factory.mktemp("nasty") / "a b<i>&'"
    store = Store(folder)
    for stream, task in enumerate(NASTY):
        for i, name in enumerate(NASTY):
            kind = "learned" if i % 2 else "hand-designed"
            losses = samples.curves(0.1 + 0.1 * i, stream=stream)
            store.write(samples.record(task, name, losses, kind=kind, discloses={"trained_on": [NASTY[0]]}))
    held = {"optimizer": NASTY[0], "task": NASTY[1], "readings": {"momentum": MOMENTUM, NASTY[0]: CLIPPING}}
    sealed.write(folder / "readings" / "nasty.json", held)
    return folder


def test_every_python_command_of_the_page_runs(out, nasty, html, capsys):
    """Those that only read; the one that makes a cell again is run by test_commands."""
    lines = re.findall(r"<code>(.*?)</code>", html + page.page([nasty]), re.DOTALL)
    found = [shlex.split(unescape(line)) for line in lines]
    codes = {words[2] for words in found if words[:2] == ["python", "-c"]}
    assert len(codes) >= 4 + 2 * 2 + 4 + 2 * len(NASTY)
    for code in codes:
        exec(code, {})
    printed = capsys.readouterr().out
    assert number(load(out).records[("bowl", "adam")].runs["mean_loss"].mean_loss.mean()) in printed


def test_names_stay_text(nasty):
    html = page.page([nasty])
    found = parsed(html)
    assert found.tags.count("script") == 2 + len(page.SCRIPTS)
    assert found.tags.count("img") == 0
    assert {row[1] for row in found.tables["board-anytime"][1:]} == set(NASTY)
    assert embedded(html)["metrics"] == list(METRICS)
    assert set(embedded(html)["tasks"]) == set(NASTY)


def test_nothing_is_asked_for_from_outside(html):
    assert all(link.startswith(("#", "data:")) for link in parsed(html).links)
    assert set(re.findall(r"https?://[^\s\"'`)]+", html)) == {"http://www.w3.org/2000/svg"}
    assert "default-src 'none'" in html
    assert not re.search(r"@import|url\((?!#)", html)


def test_equal_records_give_equal_bytes(out, html, tmp_path):
    assert bench.report(out, tmp_path / "a.html").read_bytes() == bench.report([out], tmp_path / "b.html").read_bytes()
    assert (tmp_path / "a.html").read_text("utf-8") == html


def test_what_the_page_is_made_of_is_installed_with_it():
    root = Path(bench.__file__).parents[1]
    setup = tomllib.loads((root / "pyproject.toml").read_text("utf-8"))["tool"]["setuptools"]
    patterns = setup["package-data"]["bench.reports.html"]
    found = {path for pattern in patterns for path in (root / "bench/reports/html").glob(pattern)}
    assert "bench.reports.html" in setup["packages"]
    assert found == {path for path in page.ASSETS.iterdir() if path.is_file()}
    assert {path.name for path in found} == {*page.SCRIPTS, "page.css", "page.html"}


@pytest.mark.slow
def test_a_folder_of_the_size_of_core_fits_in_8_megabytes(monkeypatch):
    """35 entries × 28 tasks, 128 problems, 32 points a curve of full precision; resamples are few here."""
    monkeypatch.setattr(statistics, "REPLICATES", 250)
    budget = Budget(steps=31, seeds=128, trials=64, tuning_seeds=16)
    names = [*(f"optimizer-{i:02}" for i in range(25)), *(f"gru-{i}" for i in range(10))]
    theta = dict.fromkeys(("learning_rate", "beta_1", "beta_2", "epsilon"), 0.123456789)
    trials = {name: np.linspace(0.1, 0.9, 64).tolist() for name in (*theta, *METRICS)} | {"trial": list(range(64))}
    space = [(name, "LogUniform(low=1e-05, high=30.0, complement=False)") for name in theta]
    records = {}
    for i, name in enumerate(names):
        losses = samples.curves(0.05 + 0.01 * i, steps=31, seeds=128)
        for task in (f"a-task-of-core-{k:02}" for k in range(28)):
            record = samples.record(task, name, losses, budget=budget, trials={} if name.startswith("gru") else trials)
            definition = "space [" + ", ".join(f"({n!r}, {r})" for n, r in space) + "] theta []"
            cell = record.cell.__class__(
                task, name, budget, f"{task}() " * 4, f"KerasBuild(source='Adam') {definition}"
            )
            records[(task, name)] = record._replace(cell=cell, thetas={name: theta for name in record.thetas})
    results = Results(records, sorted({task for task, _ in records}), sorted(names))
    html = page.filled(sections.sections_of(results, origin.Origin({}, []), []))
    assert 1e6 < len(html.encode()) < 8e6


def test_first_numbers():
    texts = ("0.226 [0.221, 0.232]", "6–7", "-7.13", "−2", "1.2e-05", "<1 %", "11 %", "–", "never", "")
    assert [first_number(text) for text in texts] == [0.226, 6, -7.13, -2, 1.2e-5, 1, 11, None, None, None]


def test_a_tier_starts_where_no_range_reaches_over():
    assert tiers([1, 2, 2, 4, 5, None], [1, 3, 4, 4, 5, None]) == [False, True, False, False, True, False]


def test_what_made_a_folder_is_kept_and_added_to(tmp_path):
    origin.keep(tmp_path, "quick", {"rosenbrock": "mean_log"}, "python -m bench run quick")
    origin.keep(tmp_path, "quick", {"wine": "final", "other": "no-metric"}, "python -m bench run quick --tasks wine")
    origin.keep(tmp_path, "quick", {}, "python -m bench run quick")
    assert origin.of(tmp_path) == (
        {"rosenbrock": "mean_log", "wine": "final"},
        ["python -m bench run quick", "python -m bench run quick --tasks wine"],
        "quick",
    )
    assert origin.of(tmp_path / "nowhere") == ({}, [], "")
    options = {"out": "a b", "tasks": "x,y", "steps": None}
    files = ["my file.py"]
    assert origin.run_command("quick", options) == "python -m bench run quick --out 'a b' --tasks x,y"
    assert origin.run_command("quick", {}, files) == "python -m bench run quick --import 'my file.py'"


def invoke(*arguments):
    return CliRunner().invoke(group.main, [*map(str, arguments)], standalone_mode=False)


def test_the_command_says_where_the_page_is(out, html, tmp_path):
    result = invoke("report", out, "--out", tmp_path / "deep" / "r.html")
    assert result.output.strip() == str(tmp_path / "deep" / "r.html")
    assert (tmp_path / "deep" / "r.html").read_text("utf-8") == html


def test_mistakes_are_refused(out, tmp_path):
    with pytest.raises(UserError, match="is a folder; give the file to write, such as"):
        bench.report(out, tmp_path)
    with pytest.raises(UserError, match="no results in"):
        bench.report(tmp_path / "empty", tmp_path / "r.html")
    assert not (tmp_path / "r.html").exists()


def test_a_run_is_not_lost_with_its_page(out, tmp_path, monkeypatch, capsys):
    folder = samples.folder(tmp_path / "out")
    run_command._write_page(folder)
    assert capsys.readouterr().out.strip().endswith(str(folder / "report.html"))
    monkeypatch.setattr(page, "write", lambda *_, **__: 1 / 0)
    run_command._write_page(folder)
    assert "note: no report.html (division by zero)" in capsys.readouterr().err


def test_a_reading_of_tuned_settings_says_them_and_its_command_reads_the_same(tmp_path):
    reading = {"verdict": "undecided", "sentence": "no kernel", "values": {}, "controls": []}
    held = {"optimizer": "adam", "task": "rosenbrock", "readings": {"momentum": reading}}
    sealed.write(tmp_path / "readings" / "adam@rosenbrock.json", {**held, "settings": {"learning_rate": 0.25}})
    sealed.write(tmp_path / "readings" / "net@rosenbrock.json", {**held, "optimizer": "net"})
    tuned, plain = probes.probe_pages([tmp_path], origin.Needs([], {}))
    assert tuned["settings"] == "Read with learning_rate 0.250."
    assert tuned["command"] == f"python -m bench probe adam --task rosenbrock --out {tmp_path}"
    assert (plain["settings"], plain["command"]) == ("", "python -m bench probe net --task rosenbrock")
