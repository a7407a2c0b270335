"""What a person reads is clean: on full and closed outputs, on terminals of few characters, whatever a name holds."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from bench import stops, terminal
from bench.reports.tables import Grid, text

ROOT = Path(__file__).parents[1]
QUICK = str(ROOT / "results" / "reference" / "quick")
STOPPED = f"{stops.LAST_WORDS}\n"


@pytest.mark.parametrize(
    ("number", "noun", "said"),
    [
        (1, "cell", "1 cell"),
        (0, "cell", "0 cells"),
        (1, "process", "1 process"),
        (2, "process", "2 processes"),
        ("1", "trial", "1 trial"),
        ("1-3", "trial", "1-3 trials"),
    ],
)
def test_a_count_has_its_noun_in_its_number(number, noun, said):
    assert terminal.counted(number, noun) == said


def command(*arguments, **settings):
    """The command as a process of its own, its output and errors piped unless told otherwise."""
    given = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "cwd": ROOT, **settings}
    return subprocess.Popen([sys.executable, "-m", "bench", *arguments], **given)


def test_a_full_output_is_a_line_and_an_exit_code():
    with open("/dev/full", "w") as full, command("list", stdout=full) as process:
        _, errors = process.communicate()
    assert errors == b"error: cannot write to standard output: No space left on device\n"
    assert process.returncode == 2


def test_a_closed_output_is_a_line_and_an_exit_code():
    listing = [sys.executable, "-m", "bench", "list", "suites"]
    process = subprocess.run(["sh", "-c", 'exec "$@" >&-', "sh", *listing], stderr=subprocess.PIPE, cwd=ROOT)
    errors = process.stderr
    assert errors == b"error: cannot write to standard output: Bad file descriptor\n"
    assert process.returncode == 2


def test_a_reader_that_goes_ends_it_in_silence():
    with command("leaderboard", QUICK, "--format", "json") as process:
        process.stdout.close()
        errors = process.stderr.read()
        process.wait()
    assert (errors, process.returncode) == (b"", terminal.BROKEN_PIPE)


def test_nothing_is_lost_with_what_standard_error_does_not_take():
    with open("/dev/full", "w") as full, command("leaderboard", QUICK, "missing", stderr=full) as process:
        process.communicate()
    assert process.returncode == 2


@pytest.mark.parametrize("encoding", ["latin-1", "ascii"])
def test_a_terminal_of_few_characters_gets_them(encoding):
    environment = {**os.environ, "PYTHONIOENCODING": encoding}
    with command("leaderboard", QUICK, "--metric", "mean_log", env=environment) as process:
        output, errors = process.communicate()
    assert (process.returncode, errors) == (0, b"")
    if encoding == "latin-1":
        assert "128-1024" in output.decode("latin-1")  # an en dash elsewhere
    assert b"adam" in output


def test_a_name_that_commands_is_shown(tmp_path):
    with command("check", "gru\x1b[31m\nx\u202e") as process:
        _, errors = process.communicate()
    assert errors.count(b"\n") == 1
    assert rb"unknown name 'gru\x1b[31m\nx\u202e'" in errors


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain θ × 中", "plain θ × 中"),
        ("two\nlines\r\t", r"two\nlines\r\t"),
        ("\x1b]0;title\x07\x9b31m", r"\x1b]0;title\x07\x9b31m"),
        ("a\u2028b\u202ec\udcff", r"a\u2028b\u202ec\udcff"),
    ],
)
def test_what_is_shown(text, shown):
    assert terminal.shown(text) == shown


def stopped(arguments, number, ready):
    """(seconds, exit code, output, standard error) of a command in a session of its own, stopped when `ready`.

    Started from a job in the background it would ignore Ctrl-C, as that does.
    """
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    process = command(*arguments, text=True, start_new_session=True)
    signal.signal(signal.SIGINT, before)
    with process:
        ready(process)
        began = time.monotonic()
        if number == signal.SIGINT:
            os.killpg(process.pid, number)  # as a terminal does: workers get it as well
        else:
            process.send_signal(number)
        output, errors = process.communicate(timeout=60)
        return time.monotonic() - began, process.returncode, output, errors


def begun(wait):
    """Ready that many seconds after the command has said which signals it takes: Python itself starts before that."""

    def ready(process):
        status = Path(f"/proc/{process.pid}/status")
        while not int(status.read_text().partition("SigCgt:")[2].split()[0], 16) >> (signal.SIGTERM - 1) & 1:
            time.sleep(0.01)
        time.sleep(wait)

    return ready


@pytest.mark.parametrize(
    ("wait", "number"), [(0.0, signal.SIGINT), (0.1, signal.SIGTERM), (0.5, signal.SIGINT), (1.5, signal.SIGTERM)]
)
def test_a_stop_while_it_starts(wait, number, tmp_path):
    took, code, output, errors = stopped(["run", "smoke", "--out", str(tmp_path / "out")], number, begun(wait))
    assert (code, output) == (stops.STOPPED, "")
    assert errors.endswith(STOPPED)
    before = errors.removesuffix(STOPPED).split("\n")
    assert all(line.startswith(("note: ", "cells: ")) for line in before if line), errors  # it may have begun
    assert took < 5


def trains(process):
    """Wait until some training has begun, or its programs are being compiled."""
    while "meta-gradient" not in process.stderr.readline():
        assert process.poll() is None


@pytest.mark.slow
def test_a_stop_of_trainings_side_by_side(tmp_path):
    made = ["--tasks", "rosenbrock", "--steps", "100000", "--no-baselines", "--seed", "0,1", "--workers", "2"]
    arguments = ["metatrain", "gru[units=8]", *made, "--out", str(tmp_path / "w.npz")]
    took, code, output, errors = stopped(arguments, signal.SIGINT, trains)
    assert (code, output) == (stops.STOPPED, "")
    assert errors.endswith(f"\n{STOPPED}")
    assert "Traceback" not in errors
    assert "Warning" not in errors
    assert took < 6


@pytest.fixture
def narrow(monkeypatch):
    monkeypatch.setattr(terminal, "_columns", 60)


def test_a_line_has_the_columns_of_the_terminal_and_of_a_file_its_own(narrow, monkeypatch):
    assert (terminal.room(100), terminal.room(50)) == (60, 50)
    with terminal.unbounded():
        assert terminal.room(100) == 100
    assert terminal.room(100) == 60
    monkeypatch.setattr(terminal, "_columns", 10)
    assert terminal.room(100) == 40


def test_text_is_folded_beside_the_other_cells_or_below_them(narrow):
    said = "one two three four five six seven eight nine ten"
    assert terminal.hanging([("adam", said)]) == ["adam  one two three four five six seven eight nine ten"]
    assert terminal.hanging([("adam, of 2015", said)]) == [
        "adam, of 2015  one two three four five six seven eight nine",
        "               ten",
    ]
    assert terminal.hanging([("name " * 6, "a tag", said)], "  ", texts=2) == [
        "  " + ("name " * 6).rstrip(),
        "      a tag; one two three four five six seven eight nine",
        "      ten",
    ]


def test_a_table_wider_than_the_terminal_goes_on_below_beside_the_names(narrow):
    table = Grid(["rank", "optimizer", *(f"score {n}" for n in "abcdefgh")], [["1", "adam", *"12345678"]], ["a note"])
    assert text(table).splitlines() == [
        "rank  optimizer  score a  score b  score c  score d  score e",
        "------------------------------------------------------------",
        "   1  adam             1        2        3        4        5",
        "",
        "optimizer  score f  score g  score h",
        "------------------------------------",
        "adam             6        7        8",
        "a note",
    ]


def test_a_bar_in_a_file_is_written_every_ten_seconds():
    """On a terminal it moves ten times a second, which a log would keep as thousands of lines."""
    said = "from bench import terminal; terminal.settle(); from tqdm import tqdm; print(tqdm(total=1).mininterval)"
    done = subprocess.run([sys.executable, "-c", said], capture_output=True, text=True, check=True)
    assert float(done.stdout) == 10.0
