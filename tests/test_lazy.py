"""What never imports TensorFlow, seen from outside; and the cache of compiled programs that must never break a run."""

import importlib
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest
import samples

from bench.commands.group import VERBS
from bench.engine import program_cache
from bench.probes.catalog import PROBES

ROOT = Path(__file__).parents[1]
HEAVY = ("tensorflow", "keras", "sklearn", "matplotlib", "scipy", "pandas", "pyarrow")
REPORT = """
import sys
from bench.commands import group
for arguments in {calls}:
    try:
        group.main([*arguments], standalone_mode=False)
    except SystemExit:
        pass
print("imported:", *[name for name in {heavy} if name in sys.modules])
"""


def python(code, **environment):
    changed = {**os.environ, **environment}
    removed = [name for name, value in changed.items() if value is None]
    for name in removed:
        del changed[name]
    command = [sys.executable, "-c", code]
    return subprocess.run(command, cwd=ROOT, env=changed, capture_output=True, text=True)


def imported(*calls):
    result = python(REPORT.format(calls=repr(calls), heavy=HEAVY))
    assert result.returncode == 0, result.stderr
    return set(result.stdout.splitlines()[-1].split()[1:])


def test_help_and_lists_import_none_of_the_heavy_packages():
    kinds = [("list", kind) for kind in ("tasks", "optimizers", "suites", "probes", "metrics")]
    assert imported(("--help",), ("run", "--help"), ("list",), *kinds) == set()


def test_no_verb_imports_tensorflow_before_its_settings_are_fixed():
    assert "tensorflow" not in imported(*[(verb, "--help") for verb in VERBS])


def test_leaderboard_curves_and_report_import_tables_only(tmp_path):
    runs = str(samples.folder(tmp_path / "runs"))
    found = imported(("leaderboard", runs), ("curves", runs), ("report", runs, "--out", str(tmp_path / "r.html")))
    assert (tmp_path / "r.html").is_file()
    assert found <= {"pandas", "pyarrow"}


def test_a_dry_run_imports_no_tensorflow():
    assert imported(("run", "quick", "--dry-run")) <= {"pandas", "pyarrow"}


def test_every_probe_of_the_catalog_is_a_module_and_only_those_are():
    names = {path.stem for path in (ROOT / "bench" / "probes" / "mechanisms").glob("[!_]*.py")}
    having = {name for name in names if hasattr(importlib.import_module(f"bench.probes.mechanisms.{name}"), "probe")}
    assert having == set(PROBES)
    assert all(PROBES[name].name == name and PROBES[name].summary for name in PROBES)


COMPILE = """
from bench.engine import process
process.load_tensorflow()
import tensorflow as tf
from bench.engine.programs import Flat
print(float(Flat(lambda x: tf.reduce_sum(x * 3))(tf.ones(7))[0]))
"""


def compiled(**environment):
    result = python(COMPILE, TF_XLA_FLAGS=None, **environment)
    assert result.returncode == 0, result.stderr
    assert result.stdout.split() == ["21.0"]
    return result.stderr


def test_compiled_programs_are_kept_where_the_variable_says(tmp_path):
    where = tmp_path / "with a blank"
    assert compiled(OPTOSCOPE_CACHE=str(where)) == ""
    entries = list(where.glob("xla-*/*.pb"))
    assert len(entries) == 1
    before = entries[0].stat().st_mtime_ns
    compiled(OPTOSCOPE_CACHE=str(where))
    assert [path.stat().st_mtime_ns for path in where.glob("xla-*/*.pb")] == [before]
    os.truncate(entries[0], 1000)
    assert compiled(OPTOSCOPE_CACHE=str(where)) == ""
    assert all(path.stat().st_size > 2000 for path in where.glob("xla-*/*.pb"))


@pytest.mark.slow
def test_a_folder_that_cannot_be_written_costs_the_cache_not_the_run(tmp_path):
    (tmp_path / "file").write_text("in the way")
    said = compiled(OPTOSCOPE_CACHE=str(tmp_path / "file" / "cache"))
    assert said.startswith("note: compiled programs are not kept: ")
    assert "OPTOSCOPE_CACHE" in said


class TestCache:
    def prepared(self, monkeypatch, value):
        monkeypatch.setenv(program_cache.VARIABLE, str(value))
        return program_cache.prepare("a processor")

    def test_it_is_off_when_the_variable_is_empty(self, monkeypatch, capsys):
        assert self.prepared(monkeypatch, "") is None
        assert capsys.readouterr().err == ""

    def test_processors_do_not_share_programs(self, monkeypatch, tmp_path):
        monkeypatch.setenv(program_cache.VARIABLE, str(tmp_path))
        assert program_cache.prepare("one") != program_cache.prepare("another")

    def test_without_the_variable_it_is_the_users_cache_folder(self, monkeypatch, tmp_path):
        monkeypatch.delenv(program_cache.VARIABLE, raising=False)
        monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
        assert "optoscope" in str(program_cache.location())

    def test_a_full_disk_turns_it_off_and_is_said_once(self, monkeypatch, tmp_path, capsys):
        monkeypatch.setattr(program_cache, "ROOM", 2**70)
        assert self.prepared(monkeypatch, tmp_path) is None
        assert "MiB are free" in capsys.readouterr().err
        assert program_cache.prepare("a processor") is None
        assert capsys.readouterr().err == ""

    def test_the_longest_unused_entries_go_first(self, tmp_path):
        now = time.time()
        for days, size in ((0.5, 40), (3, 40), (9, 40), (2, 0)):
            path = tmp_path / "xla-a" / f"{days}"
            path.parent.mkdir(exist_ok=True)
            path.write_bytes(b"x" * size)
            os.utime(path, (now - 86400 * days,) * 2)
        program_cache.tidy(tmp_path, limit=100)
        assert {path.name for path in tmp_path.glob("xla-a/*")} == {"0.5", "3"}
        program_cache.tidy(tmp_path, limit=10)
        assert {path.name for path in tmp_path.glob("xla-a/*")} == {"0.5"}
