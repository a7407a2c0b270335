"""Every format a frame is written in, with names that mean something to it."""

import csv
import io
import json
import re
import subprocess

import numpy as np
import pandas as pd
import pytest

from bench.reports import formats, latex, tables
from bench.reports.formats import WRITERS, render
from bench.reports.tables import Grid, markdown, text
from bench.terminal import shown

HOSTILE = [
    "a|b",
    "a\\|b\\",
    "R&D 100% #1 $x$ {y}_z^2 ~",
    "two\nlines\r\nand\ttab",
    "=1+2",
    '@SUM(A1), "quoted"',
    "Größe β中文",
    "<script>alert(1)</script> &lt; `code` *b* _i_",
    "\x1b[31mred\x07",
    r"\input{/etc/passwd} \\ \hline [2pt] %",
    "--x ,, it's “so”",
]


@pytest.fixture
def frame():
    scores = np.linspace(0.1, 1, len(HOSTILE))
    theta = [{name: name, "learning_rate": 0.1} for name in HOSTILE]
    found = pd.DataFrame({"optimizer": HOSTILE, "score": scores, "low": scores, "high": scores, "theta": theta})
    found.attrs = {"metric": "fin|al", "notes": [f"{name}: said." for name in HOSTILE]}
    return found


def test_the_formats_are_these():
    assert list(WRITERS) == ["text", "md", "csv", "latex", "json", "parquet"]


def test_text_has_a_line_a_row_in_columns_as_wide_as_what_they_show(frame):
    lines = render(frame.drop(columns="theta"), "text").split("\n")
    rows = lines[2 : 2 + len(HOSTILE)]
    assert "\x1b" not in "".join(lines)
    assert "\x07" not in "".join(lines)
    for name, row in zip(HOSTILE, rows, strict=True):
        assert row.startswith(shown(name))
    widths = {tables._width(row) for row in rows}
    assert len(widths) == 1, rows


def test_wide_and_combining_characters_keep_columns_aligned():
    grid = Grid(["optimizer", "x"], [["中文", "1"], ["e\u0301", "2"], ["four", "3"]], [])
    assert text(grid).split("\n")[2:] == ["中文       1", "e\u0301          2", "four       3"]


def cells(line):
    """The cells of a GitHub table's line, as its specification splits and unescapes them."""
    assert line.startswith("| ")
    assert line.endswith(" |")
    raw = re.findall(r"((?:\\[^a-zA-Z0-9\s]|[^|\\]|\\(?=[a-zA-Z0-9\s]))*)\|", line[1:])
    return [cell.strip() for cell in raw]


def unmarked(cell):
    return re.sub(r"\\([^a-zA-Z0-9\s])", r"\1", cell).replace("&lt;", "<").replace("&amp;", "&")


def test_markdown_rows_have_as_many_cells_as_headers_and_show_the_names(frame):
    lines = render(frame, "md").split("\n")
    table = [cells(line) for line in lines[: len(HOSTILE) + 2]]
    assert {len(row) for row in table} == {3}
    for name, row in zip(HOSTILE, table[2:], strict=True):
        assert unmarked(row[0]) == shown(name).strip()
    assert "<script" not in "".join(lines)
    assert len(lines) == 2 + len(HOSTILE) + 1 + len(HOSTILE)


def test_markdown_leaves_ordinary_names_and_numbers_alone():
    row = ["adam[beta_1=0.5]", "0.41 [0.40, 0.42]", "<1 %", "R & D", "1e-05", "−0.3", "gru-two-moons", "a_b"]
    assert markdown(Grid([str(i) for i in range(len(row))], [row], [])).split("\n")[2] == f"| {' | '.join(row)} |"


def test_csv_reads_back_as_it_was(frame):
    rows = list(csv.DictReader(io.StringIO(render(frame, "csv"), newline="")))
    assert [row["optimizer"] for row in rows] == HOSTILE
    assert [json.loads(row["theta"]) for row in rows] == frame["theta"].tolist()
    assert [float(row["score"]) for row in rows] == frame["score"].tolist()


def test_json_and_parquet_read_back_as_they_were(frame):
    rows = json.loads(render(frame, "json"))
    assert [row["optimizer"] for row in rows] == HOSTILE
    assert [row["theta"] for row in rows] == frame["theta"].tolist()
    back = pd.read_parquet(io.BytesIO(render(frame, "parquet")))
    assert back["optimizer"].tolist() == HOSTILE
    assert back["score"].tolist() == frame["score"].tolist()


COMMANDS = {
    r"\textbackslash{}": "\\",
    r"\textasciitilde{}": "~",
    r"\textasciicircum{}": "^",
    r"\textless{}": "<",
    r"\textgreater{}": ">",
    r"\textbar{}": "|",
    r"\textasciigrave{}": "`",
    r"\textquotesingle{}": "'",
    r"{\ttfamily\char34}": '"',
    r"$\beta$": "β",
    "``": "“",
    "''": "”",
    "{}": "",
    **{f"\\{c}": c for c in "&%$#_{}"},
}
TOKEN = re.compile("|".join(map(re.escape, sorted(COMMANDS, key=len, reverse=True))) + r"|U\+([0-9A-F]{4,6})|.")


def printed(source):
    """What LaTeX prints for escaped text; fails on any command that is not one of COMMANDS."""
    shown = ""
    for found in TOKEN.finditer(source):
        token = found[0]
        assert token in COMMANDS or found[1] or token not in "\\&%$#_{}^~", (token, source)
        shown += chr(int(found[1], 16)) if found[1] else COMMANDS.get(token, token)
    return shown


@pytest.mark.parametrize("name", HOSTILE)
def test_latex_prints_the_name_and_obeys_nothing_in_it(name):
    assert printed(latex.escape(name)) == shown(name)


def test_latex_keeps_pairs_of_characters_two():
    assert latex.escape("--") == "-{}-"
    assert latex.escape("---,,") == "-{}-{}-,{},"


def test_latex_is_a_booktabs_table_with_as_many_cells_as_columns(frame):
    lines = render(frame, "latex").split("\n")
    notes, lines = lines[: len(HOSTILE)], lines[len(HOSTILE) :]
    assert all(note.startswith("% ") for note in notes)
    assert lines[:2] == [r"\begin{tabular}{lrl}", r"\toprule"]
    assert lines[3] == r"\midrule"
    assert lines[-2:] == [r"\bottomrule", r"\end{tabular}"]
    rows = [lines[2], *lines[4:-2]]
    assert len(rows) == 1 + len(HOSTILE)
    for line in rows:
        assert line.endswith(r" \\")
        assert len(re.split(r"(?<!\\) & ", line)) == 3


def test_latex_engine_agrees(frame, tmp_path):
    """Where there is an engine; the tests above parse what it would be given."""
    from shutil import which

    if not (engine := next(filter(which, ("pdflatex", "lualatex", "xelatex", "tectonic")), None)):
        pytest.skip("no LaTeX engine here")
    body = render(frame, "latex")
    document = rf"\documentclass{{article}}\usepackage{{booktabs}}\begin{{document}}{body}\end{{document}}"
    (tmp_path / "table.tex").write_text(document, "utf-8")
    how = [] if engine == "tectonic" else ["-halt-on-error", "-interaction=nonstopmode", "-no-shell-escape"]
    ran = subprocess.run([engine, *how, "table.tex"], cwd=tmp_path, capture_output=True, text=True, errors="replace")
    assert ran.returncode == 0, ran.stdout[-2000:]


def test_an_unknown_format_names_the_known(frame):
    with pytest.raises(formats.UserError, match=r"unknown format 'xls'; known: text, md, csv, latex, json, parquet"):
        render(frame, "xls")
