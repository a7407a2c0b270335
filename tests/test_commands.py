"""The command line as its users meet it: results, mistakes, kills, and the README's own examples."""

import json
import os
import re
import signal
import subprocess
import sys
import time
from io import StringIO
from pathlib import Path

import pandas as pd
import pytest
from click.testing import CliRunner

import optimizers.registry
import tasks.base
from bench import stops
from bench.commands import group, shell
from bench.lookup import plugins
from bench.running.run import run as finish
from bench.suites import find

ROOT = Path(__file__).parents[1]
SMOKE = ["run", "smoke", "--workers", "1"]
TINY = [*SMOKE, "--tasks", "rosenbrock", "--optimizers", "sgd", "--steps", "10", "--seeds", "3", "--trials", "2"]


def run(*arguments):
    return CliRunner().invoke(group.main, [str(a) for a in arguments])


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    out = tmp_path_factory.mktemp("runs") / "smoke"
    result = run(*SMOKE, "--out", out)
    assert result.exit_code == 0, result.output
    return out, result.output


def curves(out):
    return run("curves", out).stdout


class TestSmoke:
    def test_ends_with_leaderboard_probes_and_paths(self, finished):
        out, printed = finished
        for text in ("momentum", "gru-rosenbrock", "What the probes found", "schedule", str(out)):
            assert text in printed
        assert (out / "curves.png").stat().st_size > 10_000
        assert len(list((out / "cells").glob("*.parquet"))) == 6

    def test_says_last_where_the_page_is_and_keeps_the_metrics_of_the_suite(self, finished):
        out, printed = finished
        assert printed.strip().splitlines()[-1].endswith(f": {out / 'report.html'}")
        page = (out / "report.html").read_text("utf-8")
        assert "rosenbrock by mean_log" in page
        assert f"python -m bench run smoke --out {out}" in page
        assert run("report", out, "--out", out.parent / "again.html").exit_code == 0
        assert (out.parent / "again.html").read_text("utf-8") == page

    def test_curves_are_tidy(self, finished):
        frame = pd.read_csv(StringIO(curves(finished[0])))
        assert list(frame.columns) == ["task", "optimizer", "seed", "step", "loss"]
        assert set(frame["seed"]) == set(range(8))
        assert frame["step"].max() == 30
        assert not frame.duplicated(["task", "optimizer", "seed", "step"]).any()

    def test_leaderboard_formats(self, finished):
        rows = json.loads(run("leaderboard", finished[0], "--format", "json").stdout)
        assert {row["optimizer"] for row in rows} == {"sgd", "momentum", "gru-rosenbrock"}
        for form in ("text", "md", "csv", "latex"):
            assert "momentum" in run("leaderboard", finished[0], "--format", form, "--metric", "final").stdout

    @pytest.mark.slow
    def test_the_same_command_gives_the_same_bytes(self, finished, tmp_path):
        finish(find.get("smoke"), tmp_path / "again", workers=2, probes=False)
        assert curves(tmp_path / "again") == curves(finished[0])

    def test_readings_carry_their_controls(self, finished):
        kept = json.loads((finished[0] / "readings" / "gru-rosenbrock@rosenbrock.json").read_text())
        probes = {"fixed_points", "momentum", "clipping", "schedule", "adaptation"}
        assert set(kept["readings"]) == probes
        for reading in kept["readings"].values():
            assert reading["controls"]
            assert all(control["passed"] for control in reading["controls"])


def children(process):
    tasks = Path(f"/proc/{process}/task").glob("*/children")
    return [int(child) for task in tasks for child in task.read_text().split()]


def alive(process):
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


@pytest.mark.slow
def test_killed_and_run_again_gives_the_same_bytes(finished, tmp_path):
    out = tmp_path / "killed"
    command = [sys.executable, "-m", "bench", *SMOKE, "--workers", "2", "--out", str(out)]
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    deadline = time.time() + 120
    while len(list(out.glob("cells/*.parquet"))) < 2 and process.poll() is None and time.time() < deadline:
        time.sleep(0.01)
    workers = children(process.pid)
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    assert workers
    while any(map(alive, workers)) and time.time() < deadline:
        time.sleep(0.1)
    assert not any(map(alive, workers)), "a killed run leaves its workers behind"
    assert 0 < len(list(out.glob("cells/*.parquet"))) < 6
    finish(find.get("smoke"), out, probes=False)
    assert curves(out) == curves(finished[0])


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        (["run", "quik"], "unknown suite 'quik'; known: quick, smoke"),
        (["run", "quik"], "did you mean 'quick'?"),
        (["run", "my.toml"], "cannot read suite my.toml: No such file"),
        ([*SMOKE, "--tasks", ""], "no name in ''; give names between commas"),
        ([*SMOKE, "--optimizers", "oracle-newton", "--tasks", "rosenbrock"], "has no cells: none of its"),
        ([*SMOKE, "--tasks", "rosen*k,x*"], "no task matches 'x*'; see python -m bench list tasks"),
        (["lst"], "No such command 'lst'; did you mean 'list'? See python -m bench --help"),
        (["maintain", "libary"], "No such command 'libary'; did you mean 'library'?"),
        (["show", "adm"], "no task or optimizer is called 'adm'; did you mean 'adam'?"),
        (["completion", "tcsh"], "'tcsh' is not one of 'bash', 'zsh', 'fish'"),
        (["run"], "Missing argument 'SUITE'; see python -m bench run --help"),
        (["run", "quick", "--steps", "many"], "--steps must be a whole number of at least 1, not 'many'"),
        (["run", "quick", "--step", "3"], "No such option '--step'; did you mean '--steps'?"),
        (["list", "taks"], "'taks' is not one of 'tasks'"),
        ([*SMOKE, "--tasks", "rosen"], "unknown task 'rosen'; did you mean 'rosenbrock'?"),
        ([*SMOKE, "--optimizers", "adm"], "unknown optimizer 'adm'; did you mean 'adam'?"),
        ([*SMOKE, "--seeds", "0"], "seeds must be a whole number of at least 1, not 0"),
        ([*SMOKE, "--steps", "-3"], "steps must be a whole number of at least 1, not -3"),
        ([*SMOKE, "--import", "nowhere.py"], "cannot import nowhere.py: no such file"),
        (["leaderboard", "nowhere"], "nowhere"),
        (["probe", "adam", "--task", "rosenbrock", "--probe", "luck"], "unknown probe 'luck'"),
        (
            ["metatrain", "transformer", "--tasks", "rosenbrock", "--out", "x.npz"],
            "unknown architecture 'transformer'; known: gru",
        ),
        (["distill", "sgd", "--task", "booth", "--out", "x.txt"], "x.txt must end in .npz"),
        *(
            ([command, "sgd", "--task", "booth", "--out", sys.executable], "is a file; give a")
            for command in ("anatomy", "ablate")
        ),
    ],
)
def test_mistakes_are_one_line(arguments, text, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", ["bench", *arguments])
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SystemExit) as stop:
        shell.run()
    assert stop.value.code == 2
    error = capsys.readouterr().err.strip().splitlines()
    assert len(error) == 1
    assert error[0].startswith("error: ")
    assert text in error[0]


@pytest.fixture(autouse=True)
def _signals(monkeypatch):
    """What `shell.run` does to a process of its own is undone, and no watch ends this one."""
    numbers = (signal.SIGINT, signal.SIGTERM)
    before = [signal.getsignal(number) for number in numbers]
    settings = {"_end": lambda *_: None, "_asked": False, "_listening": False, "_said": False, "_terminal": 2}
    for name, value in settings.items():
        monkeypatch.setattr(stops, name, value)
    monkeypatch.setattr(sys, "unraisablehook", sys.unraisablehook)
    yield
    signal.set_wakeup_fd(-1)
    for number, handler in zip(numbers, before, strict=True):
        signal.signal(number, handler)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_stopping_says_what_is_kept(number, monkeypatch, capfd):
    monkeypatch.setattr(sys, "argv", ["bench", "list"])
    monkeypatch.setattr(plugins, "load_files", lambda files: signal.raise_signal(number))
    with pytest.raises(SystemExit) as stop:
        shell.run()
    assert stop.value.code == 130
    said = capfd.readouterr().err.split("\n")
    assert "stopped; what is finished is kept, the same command goes on from there" in said


@pytest.mark.parametrize("problem", [SystemExit(0), KeyboardInterrupt("mine")], ids=["exit", "stop"])
def test_other_peoples_code_does_not_end_a_command(problem, monkeypatch, capsys):
    def ends(files):
        raise problem

    monkeypatch.setattr(sys, "argv", ["bench", "list"])
    monkeypatch.setattr(plugins, "load_files", ends)
    with pytest.raises(SystemExit) as stop:
        shell.run()
    assert stop.value.code == 2
    assert f"ends Python ({type(problem).__name__}: {problem})" in capsys.readouterr().err


def test_an_error_in_other_peoples_code_is_one_line_with_its_place(monkeypatch, capsys):
    def typo(files):
        return json.loads("{")  # the last line is Python's own

    def bug(files):
        raise RuntimeError("ours")

    monkeypatch.setattr(sys, "argv", ["bench", "list"])
    monkeypatch.setattr(plugins, "load_files", typo)
    with pytest.raises(SystemExit) as stop:
        shell.run()
    assert stop.value.code == 2
    line = typo.__code__.co_firstlineno + 1
    said = "Expecting property name enclosed in double quotes: line 1 column 2 (char 1)"
    assert capsys.readouterr().err == f"error: JSONDecodeError: {said} (test_commands.py, line {line})\n"
    monkeypatch.setattr(plugins, "_theirs", lambda path: False)
    monkeypatch.setattr(plugins, "load_files", bug)
    with pytest.raises(RuntimeError, match="ours"):
        shell.run()


def test_without_a_command_the_help_is_printed(monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", ["bench"])
    with pytest.raises(SystemExit) as stop:
        shell.run()
    assert not stop.value.code
    printed = capsys.readouterr().out
    assert printed.startswith("Usage: python -m bench [OPTIONS] [COMMAND]")
    assert "leaderboard  One row per optimizer" in printed


def completed(words, shell="bash"):
    """What a shell is told when Tab is pressed after the last of `words`."""
    environment = {"COMP_WORDS": " ".join(words), "COMP_CWORD": str(len(words) - 1), "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-c", "import optoscope; optoscope.main()"]
    environment |= os.environ | {"_OPTOSCOPE_COMPLETE": f"{shell}_complete"}
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")
    return {line.split(",")[-1] for line in done.stdout.split()}


def test_a_shell_completes_commands_and_options():
    assert completed(["optoscope", "co"]) == {"compare", "completion"}
    assert completed(["optoscope", "run", "--se"]) == {"--seeds"}
    assert completed(["optoscope", "maintain", "arch"]) == {"architecture"}


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_prints_the_lines_of_a_shell(shell):
    lines = run("completion", shell).output
    assert f"_OPTOSCOPE_COMPLETE={shell}_complete" in lines
    assert "optoscope" in lines


def test_commands_of_other_modules_are_imported_when_run(monkeypatch, tmp_path):
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "check.py").write_text(
        "import click\n@click.command()\n@click.argument('name')\ndef command(name):\n    print('checked', name)\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(group.main, "_package", "elsewhere")
    monkeypatch.setitem(group.main.commands, "check", group.main.commands["check"])
    assert "Check a task" in run("--help").output
    assert "elsewhere.check" not in sys.modules
    assert run("check", "adam").output == "checked adam\n"


SUITE = """
tasks = ["linear-reg*"]
optimizers = ["sgd"]
budget = { steps = 10, seeds = 3, trials = 2, tuning_seeds = 2 }
"""


def test_a_suite_of_ones_own_is_planned_and_run(tmp_path, monkeypatch):
    (tmp_path / "mine.toml").write_text(SUITE)
    monkeypatch.chdir(tmp_path)
    planned = run("run", "mine.toml", "--dry-run")
    assert planned.exit_code == 0
    assert planned.output.splitlines()[2].split()[:7] == ["linear-regression", "sgd", "10", "3", "2", "×", "2"]
    assert not (tmp_path / "results").exists()
    result = run("run", "mine.toml", "--workers", "1")
    assert result.exit_code == 0, result.output
    assert len(list((tmp_path / "results/runs/mine/cells").glob("*.parquet"))) == 1
    assert "is there already" in run("run", "mine.toml", "--dry-run").output


def test_workers_import_the_files_of_a_suite_and_say_what_races_as_it_comes(tmp_path):
    (tmp_path / "mine.py").write_text(
        "from optimizers import Entry, Optimizer, register\n"
        "made = Optimizer(lambda params: (), lambda g, state, params, step: (-0.001 * g, state))\n"
        "register(Entry('ruled', 'hand-designed', lambda theta: made))\n"
    )
    (tmp_path / "mine.toml").write_text('import = ["mine.py"]\n' + SUITE.replace('"sgd"', '"sgd", "ruled"'))
    command = [sys.executable, "-m", "bench", "run", str(tmp_path / "mine.toml"), "--out", str(tmp_path / "out")]
    planned = subprocess.run([*command, "--dry-run"], cwd=ROOT, capture_output=True, text=True)
    row = next((line for line in planned.stdout.splitlines() if " ruled " in line), planned.stderr)
    assert row.split()[1:7] == ["ruled", "10", "3", "as", "it", "comes"]
    done = subprocess.run([*command, "--workers", "2"], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert "note: ruled: nothing to search, so it races as it comes; register it with space={…} to tune" in done.stderr
    rows = json.loads(run("leaderboard", tmp_path / "out", "--format", "json").stdout)
    assert {row["optimizer"]: row["standing"] for row in rows} == {"sgd": "tuned", "ruled": "as it comes"}


def test_a_folder_that_cannot_be_written(tmp_path, monkeypatch, capsys):
    (tmp_path / "file").write_text("in the way")
    monkeypatch.setattr(sys, "argv", ["bench", *TINY, "--out", str(tmp_path / "file" / "run")])
    with pytest.raises(SystemExit) as stop:
        shell.run()
    assert stop.value.code == 2
    assert capsys.readouterr().err.strip().splitlines()[-1].startswith("error: ")


BROKEN = """
from dataclasses import dataclass
from tasks import Task, register, tf

@dataclass(frozen=True)
class Broken(Task):
    how: str
    def sample(self, key):
        return tf.ones([2]), ()
    def loss(self, params, data, batch):
        if self.how == "raises":
            raise ValueError("this task is broken")
        return tf.reduce_sum(params) * float("nan")

register("raises", Broken("raises"))
register("nan", Broken("nan"))
"""


def test_a_broken_task_costs_its_own_cells_only(tmp_path):
    (tmp_path / "broken.py").write_text(BROKEN)
    arguments = [*TINY, "--tasks", "raises,nan,rosenbrock", "--import", tmp_path / "broken.py"]
    result = run(*arguments, "--out", tmp_path / "out")
    assert result.exit_code == 0, result.output
    assert "failed" in result.output
    rows = json.loads(run("leaderboard", tmp_path / "out", "--format", "json").stdout)
    assert rows[0]["failed"] == 1
    assert rows[0]["diverged"] > 0


def readme_files():
    text = (ROOT / "README.md").read_text()
    return {name: code for name, code in re.findall(r"```python\n# (\w+\.py)\n(.*?)```", text, re.S)}


def test_the_readme_has_exactly_two_set_up_commands():
    text = (ROOT / "README.md").read_text()
    assert [line.strip() for line in text.splitlines() if "python3 -m venv" in line] == [
        "python3 -m venv .venv && .venv/bin/pip install -e . && .venv/bin/python -m bench run quick",
        "python3 -m venv .venv && .venv/bin/pip install tox && .venv/bin/tox run -e tests",
    ]


def test_the_readmes_files_run_as_printed(tmp_path, monkeypatch):
    """Here: `finished` ran the probes' controls, and that workers find such files is TestPlugins's."""
    for module in (tasks.base, optimizers.registry):
        monkeypatch.setattr(module, "_registry", dict(module._registry))
    monkeypatch.setattr(plugins, "_loaded", {})
    files = readme_files()
    assert set(files) == {"my_optimizer.py"}
    for name, code in files.items():
        (tmp_path / name).write_text(code)
        line = next(li for li in (ROOT / "README.md").read_text().splitlines() if f"--import {name}" in li)
        arguments = line.strip().split("-m bench ")[1].split()
        placed = [a if a != name else tmp_path / name for a in arguments]
        result = run(*placed, "--out", tmp_path / name[:-3], "--workers", "1")
        assert result.exit_code == 0, result.output
        assert "signsgd" in result.stdout
