"""Kills, flipped bits and full disks: what was written is as it was or absent, and the same command goes on.

A few of each here; `tox run -e faults` does hundreds, by the marker.
"""

import contextlib
import dataclasses
import errno
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf
from click.testing import CliRunner
from samples import record

from bench.commands.group import main
from bench.engine import vouched
from bench.errors import UserError
from bench.metatraining import state
from bench.metatraining.settings import Settings
from bench.records.store import Store
from bench.running import job as jobs
from bench.running.cell import failed
from bench.running.loss import Loss
from bench.suites.jobs import job
from optimizers import OptimizerError, shipped
from optimizers.weights_file import read_card

ROOT = Path(__file__).parents[1]
RUN = ["run", "smoke", "--tasks", "rosenbrock", "--optimizers", "sgd", "--steps", "20", "--trials", "2"]
TRAIN = ["metatrain", "gru[units=4]", "--tasks", "rosenbrock", "--steps", "60", "--batch", "4", "--unroll", "10"]
TRAIN += ["--no-baselines"]


def many(few, hundreds):
    """A test's count, in the usual tests and in those of `tox run -e faults`."""
    return pytest.mark.parametrize("count", [few, pytest.param(hundreds, marks=pytest.mark.faults)])


def started(*arguments):
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    command = [sys.executable, "-m", "bench", *map(str, arguments)]
    return subprocess.Popen(command, cwd=ROOT, start_new_session=True, **quiet)


def killed(count, arguments, whole, chance):
    """Start a command again and again and kill it at random moments, `count` times, then let it end.

    A finished one is handed to `whole`, which takes what it wrote away.
    """
    took, left = 20.0, count
    while left >= 0:
        began = time.monotonic()
        with started(*arguments) as process:
            if left:
                with contextlib.suppress(subprocess.TimeoutExpired):
                    process.wait(chance.uniform(0, took))
            else:
                process.wait()
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
                left -= 1
                continue
        assert process.returncode == 0
        took = max(5.0, time.monotonic() - began)
        whole()
        if not left:
            return


def curves(out):
    """{cell: losses} of a run."""
    return {
        (r.cell.id, tuned_for): runs.losses.tobytes()
        for r in Store(out).records()
        for tuned_for, runs in r.runs.items()
        if r.status == "ok"
    }


@many(1, 200)
def test_a_killed_run_goes_on_to_the_same_bytes(count, tmp_path):
    arguments = [*RUN, "--seeds", "4", "--out"]
    assert started(*arguments, tmp_path / "whole").wait() == 0
    out, expected = tmp_path / "killed", curves(tmp_path / "whole")
    assert len(expected) == 6

    def whole():
        assert curves(out) == expected
        for path in (out / "cells").iterdir():
            path.unlink()

    killed(count, [*arguments, out], whole, random.Random(1))


@many(1, 50)
def test_a_killed_training_goes_on_to_the_same_bits(count, tmp_path):
    assert started(*TRAIN, "--out", tmp_path / "whole.npz").wait() == 0
    out = tmp_path / "killed.npz"

    def weights(path):
        with np.load(path) as held:
            return {name: held[name].tobytes() for name in held}

    def whole():
        assert weights(out) == weights(tmp_path / "whole.npz")
        for path in tmp_path.glob("killed*"):
            path.unlink()

    killed(count, [*TRAIN, "--out", out], whole, random.Random(2))


def cell_file(folder):
    made = record(losses=np.float32([[3.0, 2.0], [4.0, 1.0]]))
    path = Store(folder).write(made)

    def read():
        found = Store(folder).read(made.cell.id)
        return None if found is None else repr(found)

    return path, read


def weights_file(folder):
    path = folder / "some.npz"
    shipped.save(path, dict(np.load(shipped.FOLDER / "aggmo-linear-regression.npz")), _card())

    def read():
        return {name: np.asarray(value).tobytes() for name, value in shipped.load_entry(path).defaults.items()}

    return path, read


def _card():
    return json.loads((shipped.FOLDER / "aggmo-linear-regression.json").read_text())


def card_file(folder):
    path, _ = weights_file(folder)
    return path.with_suffix(".json"), lambda: read_card(path)


def checkpoint_file(folder):
    path, theta = folder / "some.checkpoint", {"rate": np.float32([1.0, 2.0])}
    fresh = state.start({"rate": np.zeros(2, "float32")})
    about = dataclasses.asdict(Settings(steps=1))
    state.save(path, state.start(theta), about)

    def read():
        found = state.load(path, fresh, about)
        return None if found is fresh else {name: value.tobytes() for name, value in found.theta.items()}

    return path, read


def program_file(folder):
    """A compiled program, which is removed where it is not what it was."""
    path = folder / "program"
    path.write_bytes(bytes(range(256)) * 4)
    vouched.vouch(folder)

    def read():
        (folder / vouched.NAME).unlink(missing_ok=True) if not path.exists() else None
        vouched.remove_damaged(folder)
        return path.read_bytes() if path.exists() else None

    return path, read


def reading_file(folder):
    sealed = pytest.importorskip("bench.records.sealed")
    path = folder / "some.json"
    sealed.write(path, {"readings": {"momentum": {"verdict": "present", "values": {"beta": 0.9}}}})
    return path, lambda: sealed.read(path)


KINDS = {
    "cell": cell_file,
    "weights": weights_file,
    "card": card_file,
    "checkpoint": checkpoint_file,
    "program": program_file,
    "reading": reading_file,
}


@many(20, 200)
@pytest.mark.parametrize("kind", KINDS)
def test_a_flipped_bit_is_found_or_moves_nothing(kind, count, tmp_path):
    path, read = KINDS[kind](tmp_path)
    content, whole, chance, found = path.read_bytes(), read(), random.Random(3), 0
    assert whole is not None
    for _ in range(count):
        at, bit = chance.randrange(len(content)), chance.randrange(8)
        path.write_bytes(content[:at] + bytes([content[at] ^ 1 << bit]) + content[at + 1 :])
        seen = None
        with contextlib.suppress(UserError, OptimizerError):
            seen = read()
        assert seen is None or seen == whole, f"bit {bit} of byte {at}"
        found += seen is None
        path.write_bytes(content)
        if kind == "program":
            vouched.vouch(tmp_path)
    assert found >= count // 2


PLACES = {
    "a cell": ([*RUN, "--seeds", "2"], ".parquet"),
    "the summary": ([*RUN, "--seeds", "2"], "summary.txt"),
    "the board": ([*RUN, "--seeds", "2"], "leaderboard.md"),
    "the picture": ([*RUN, "--seeds", "2"], "curves.png"),
    "a picture": (["plot", "{run}", "--kind", "curves"], "x.png"),
    "the page": (["report", "{run}"], "x.html"),
    "a table": (["leaderboard", "{run}"], "x.csv"),
    "the weights": (TRAIN, "x.npz"),
    "a checkpoint": (TRAIN, ".checkpoint"),
}


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    out = tmp_path_factory.mktemp("full") / "run"
    assert CliRunner().invoke(main, [*RUN, "--seeds", "2", "--out", str(out)]).exit_code == 0
    return out


@pytest.mark.parametrize("place", PLACES)
def test_a_full_disk_is_one_line_and_the_next_run_goes_on(place, finished, tmp_path, monkeypatch):
    arguments, ending = PLACES[place]
    out = tmp_path / (ending if ending.startswith("x") else "x.npz" if arguments is TRAIN else "run")
    arguments = [part.format(run=finished) for part in arguments] + ["--out", str(out)]
    if ending.endswith(".png"):
        pytest.importorskip("bench.records.sealed")  # came with pictures that are whole or not there
    if arguments[0] == "run":
        shutil.copytree(finished, out)
        for path in out.rglob(f"*{ending}"):
            path.unlink()
    full, replace = [], os.replace

    def no_room(source, target):
        if str(target).endswith(ending):
            full.append(target)
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        replace(source, target)

    with monkeypatch.context() as patch:
        patch.setattr(os, "replace", no_room)
        result = CliRunner().invoke(main, arguments)
    assert full
    assert isinstance(result.exception, (UserError, OptimizerError)), result.output
    assert "No space left on device" in str(result.exception)
    assert "\n" not in str(result.exception)
    assert not [path for path in tmp_path.rglob("*") if path.name.endswith(ending) or "partial" in path.name]
    assert CliRunner().invoke(main, arguments, catch_exceptions=False).exit_code == 0
    if ending != ".checkpoint":
        assert [path for path in tmp_path.rglob("*") if path.name.endswith(ending)]


def test_a_full_disk_costs_the_list_of_programs_and_nothing_else(tmp_path, monkeypatch):
    def no_room(source, target):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    (tmp_path / "program").write_bytes(b"compiled")
    monkeypatch.setattr(os, "replace", no_room)
    vouched.vouch(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["program"]


def test_a_full_disk_below_tensorflow_is_recorded_against_nobody(monkeypatch):
    def full(*_, **__):
        raise tf.errors.UnknownError(None, None, "program.tmp; No space left on device")

    monkeypatch.setattr("bench.running.cell._measure", full)
    found = jobs.run_job(lambda share: None, job("cell", "rosenbrock", "sgd", record().cell.budget))
    assert isinstance(found, Loss)
    assert not found.its_own
    assert "No space left on device" in found.how


def test_an_error_of_tensorflow_is_tried_again_without_kept_programs(monkeypatch, tmp_path):
    made = job("cell", "rosenbrock", "sgd", record().cell.budget)
    for error in ("InternalError: a program", "ValueError: its own"):
        monkeypatch.setattr("bench.running.cell.evaluate_cell", lambda job, progress, said=error: failed(job, said))
        for kept, far in ((str(tmp_path), True), (str(tmp_path), False), ("", True)):
            monkeypatch.setenv("OPTOSCOPE_CACHE", kept)
            found = jobs.run_job(lambda share: None, made.address if far else made)
            assert isinstance(found, Loss) == (error.startswith("Internal") and far and bool(kept))
