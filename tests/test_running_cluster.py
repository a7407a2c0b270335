"""A local Dask cluster does what this process would, to the byte; what dies is a failed cell, a retry or a line."""

import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import test_running_executors as executors
from click.testing import CliRunner

from bench.commands.group import main
from bench.engine import numerics
from bench.errors import UserError
from bench.lookup import plugins
from bench.maintain.scale import cluster as cluster_of_processes
from bench.metatraining import metatrain
from bench.metatraining.seeds import train_seeds
from bench.metatraining.training import Training
from bench.records.outcome import digest
from bench.records.record import Budget
from bench.records.store import Store
from bench.running import cluster, remote, site
from bench.running.cargo import pack, unpack
from bench.running.cluster import Cluster
from bench.running.executor import Call, Means
from bench.running.run import run
from bench.studies.generalisation import measure as generalisation
from bench.suites.jobs import job
from bench.suites.suite import Limits, Suite
from optimizers import shipped
from tasks import source_files

distributed = pytest.importorskip("distributed")
ROOT = Path(__file__).parents[1]
CONTRACT = [name for name in dir(executors.TestContract) if name.startswith("test_")]
TRAINED = {"steps": 3, "loss": "log", "batch": 2, "unroll": 5, "progress": False}


@pytest.fixture(scope="module")
def address():
    with distributed.LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=":0") as made:
        yield made.scheduler_address


def where(progress):
    return os.getpid(), os.getppid()


def note_and_nap(progress, path, seconds):
    with Path(path).open("a") as file:
        file.write(f"{os.getpid()} {os.getppid()}\n")
    time.sleep(seconds)
    return os.getppid()


def shares(progress):
    for _ in range(5):
        time.sleep(0.6)
        progress(0.2)


def alive(process):
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def until(condition, seconds=30.0):
    end = time.monotonic() + seconds
    while not (found := condition()):
        assert time.monotonic() < end
        time.sleep(0.05)
    return found


def noted(path):
    """(process, its worker) of each attempt so far."""
    lines = path.read_text().splitlines() if path.exists() else []
    return [tuple(map(int, line.split())) for line in lines]


@pytest.mark.parametrize("name", CONTRACT)
def test_what_holds_for_every_executor(name, address):
    getattr(executors.TestContract(), name)(lambda: Cluster(address))


def test_calls_are_done_in_processes_of_the_workers_own_that_are_used_again(address):
    with Cluster(address) as executor:
        for _ in range(8):
            executor.submit(Call(where))
        places = [done.value for done in executor.results()]
    assert len({process for process, _ in places}) == len({worker for _, worker in places}) <= 2
    assert os.getpid() not in {worker for _, worker in places}


def test_what_ends_its_process_is_said_and_the_worker_lives(address):
    with Cluster(address, limits=Limits(seconds=1.0)) as executor:
        for call in (Call(executors.leave, (3,)), Call(executors.nap, (60,)), Call(executors.square, (7,))):
            executor.submit(call)
        found = {done.number: done for done in executor.results()}
    assert found[0].lost == ("ended itself with exit code 3", True)
    assert found[1].lost == ("took longer than the limit of 1 s", True)
    assert found[2].value == 49


def test_never_more_calls_are_with_the_scheduler_than_keep_it_busy(address):
    most = 0
    with Cluster(address) as executor:
        for x in range(300):
            executor.submit(Call(executors.square, (x,)))
        found = {}
        for done in executor.results():
            found[done.number] = done.value
            most = max(most, len(executor._running))
    assert found == {x: x * x for x in range(300)}
    assert 0 < most <= cluster.LEAST


def test_shares_are_told(address):
    told = []
    with Cluster(address) as executor:
        executor.submit(Call(shares))
        list(executor.results(lambda number, share: told.append((number, share))))
    assert {number for number, _ in told} == {0}
    assert 0.3 < sum(share for _, share in told) < 1.01


def test_a_call_of_a_lost_worker_is_done_by_another(address, tmp_path):
    with Cluster(address) as executor:
        executor.submit(Call(note_and_nap, (str(tmp_path / "tried"), 3.0)))
        results = executor.results()
        executor._distribute()
        ((process, worker),) = until(lambda: noted(tmp_path / "tried"))
        os.kill(worker, signal.SIGKILL)
        (done,) = results
    assert done.lost is None
    (_, first), (_, second) = noted(tmp_path / "tried")
    assert (first, second) == (worker, done.value)
    assert first != second
    assert not alive(process)


def test_a_closed_executor_ends_what_is_under_way(address, tmp_path):
    with Cluster(address) as executor:
        executor.submit(Call(note_and_nap, (str(tmp_path / "tried"), 60.0)))
        executor._distribute()
        ((process, worker),) = until(lambda: noted(tmp_path / "tried"))
        began = time.monotonic()
    assert time.monotonic() - began < 5
    until(lambda: not alive(process), 10)
    assert alive(worker)


PLUGIN = """
import os
from dataclasses import dataclass
from pathlib import Path

from tasks import Task, register, tf
from slope import SLOPE

START = float(Path(__file__).with_name("start.txt").read_text())


@dataclass(frozen=True)
class Bowl(Task):
    ends: bool = False

    def sample(self, key):
        return START * tf.random.stateless_uniform([2], key, -1.0, 1.0, alg="philox"), ()

    def loss(self, params, data, batch):
        if self.ends:
            os._exit(3)
        return SLOPE * tf.reduce_sum(tf.square(params))


register("cluster-bowl", Bowl())
register("cluster-end", Bowl(True))
"""


@pytest.fixture
def plugin(tmp_path):
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "bowl.py").write_text(PLUGIN)
    (tmp_path / "mine" / "slope.py").write_text("SLOPE = 3.0\n")
    (tmp_path / "mine" / "start.txt").write_text("5.0")
    return tmp_path / "mine" / "bowl.py"


def test_a_suite_gives_the_bytes_of_this_machine_and_a_hostile_cell_fails(address, plugin, tmp_path):
    weights = tmp_path / "mine.npz"
    entry = shipped.load_entry(shipped.FOLDER / "gru-rosenbrock.npz")
    card = {"architecture": entry.build.architecture, "tasks": ["rosenbrock"]}
    shipped.save(weights, {name: 0.5 * np.asarray(value) for name, value in entry.defaults.items()}, card)
    budget = Budget(steps=5, seeds=4, trials=2, tuning_seeds=2, finalists=0, recheck_seeds=0)
    plugins.load_file(plugin)
    suite, found = Suite("own", ("rosenbrock", "cluster-bowl", "cluster-end"), (str(weights),), budget), []
    for name, dask in (("here", None), ("there", address)):
        run(suite, tmp_path / name, import_files=[str(plugin)], probes=False, dask=dask)
        found.append(Store(tmp_path / name).records())
    assert [(r.cell, digest(r), r.error) for r in found[0]] == [(r.cell, digest(r), r.error) for r in found[1]]
    assert {r.cell.task: r.error for r in found[1]} == {
        "rosenbrock": "",
        "cluster-bowl": "",
        "cluster-end": "its process ended itself with exit code 3, twice",
    }


SMALL = Budget(steps=4, seeds=2, trials=2, tuning_seeds=2, finalists=0, recheck_seeds=0)


def test_a_run_whose_scheduler_is_lost_goes_on_with_another(address, tmp_path, monkeypatch):
    suite, out = Suite("own", ("rosenbrock",), ("sgd", "momentum", "nesterov"), SMALL), tmp_path / "out"
    write = Store.write
    with cluster_of_processes(1) as file, distributed.Client(scheduler_file=file, set_as_default=False) as client:
        scheduler = client.run_on_scheduler(os.getpid)

        def write_and_lose(store, record):
            path = write(store, record)
            if alive(scheduler):
                os.kill(scheduler, signal.SIGKILL)
            return path

        with monkeypatch.context() as patch:
            patch.setattr(Store, "write", write_and_lose)
            with pytest.raises(UserError, match=r"^the Dask scheduler at .* is gone; .*run the same command again$"):
                run(suite, out, probes=False, dask=file)
    finished = {path: path.stat().st_mtime_ns for path in (out / "cells").iterdir()}
    assert 1 <= len(finished) < 3
    run(suite, out, probes=False, dask=address)
    assert {path: path.stat().st_mtime_ns for path in finished} == finished
    run(suite, tmp_path / "here", probes=False)
    found, here = (Store(folder).records() for folder in (out, tmp_path / "here"))
    assert [(r.cell, digest(r)) for r in found] == [(r.cell, digest(r)) for r in here]
    assert len(found) == 3


def test_a_dry_run_expects_as_many_processes_as_there_are_threads(address, tmp_path):
    for verb in (["run", "smoke"], ["generalise", "gru-rosenbrock", "--tasks", "rosenbrock"]):
        said = {}
        for means in (["--dask", address], ["--workers", "2"], ["--workers", "1"]):
            result = CliRunner().invoke(main, [*verb, *means, "--out", str(tmp_path / "out"), "--dry-run"])
            assert result.exit_code == 0, result.output
            said[means[1]] = result.output
        assert said[address] == said["2"] != said["1"]
        assert not (tmp_path / "out").exists()


def test_a_dry_run_needs_the_cluster(tmp_path):
    for verb in (["run", "smoke"], ["generalise", "gru-rosenbrock", "--tasks", "rosenbrock"]):
        result = CliRunner().invoke(main, [*verb, "--dask", "tcp://127.0.0.1:9", "--dry-run"])
        assert isinstance(result.exception, UserError)
        assert "no Dask scheduler answers at 'tcp://127.0.0.1:9'" in str(result.exception)


def test_a_study_gives_the_bytes_of_this_machine(address, tmp_path):
    jobs = [job("cell", "rosenbrock", "gru-rosenbrock", replace(SMALL, steps=steps)) for steps in (3, 4)]
    here = generalisation.run(jobs, tmp_path / "here")
    there = generalisation.run(jobs, tmp_path / "there", Means(dask=address))
    assert {one: digest(record) for one, record in there.items()} == {one: digest(here[one]) for one in jobs}
    assert sorted(path.name for path in (tmp_path / "there").iterdir()) == ["steps-3", "steps-4"]


def options_there(progress):
    return os.environ.get(numerics.VARIABLE), numerics.options(os.environ), os.environ.get("MALLOC_TRIM_THRESHOLD_")


@pytest.mark.slow
def test_compiler_options_are_those_of_this_machine_and_memory_is_kept(monkeypatch):
    wide = numerics.options({numerics.VARIABLE: "wide"})  # "default" where the processor has no such instructions
    there = {"env": {numerics.VARIABLE: "wide"}}  # as a worker's machine may have them
    with distributed.LocalCluster(n_workers=1, threads_per_worker=1, dashboard_address=":0", **there) as made:
        for here, counts in (("", "default"), ("wide", wide)):
            monkeypatch.setenv(numerics.VARIABLE, here)
            with Cluster(made.scheduler_address) as executor:
                executor.submit(Call(options_there))
                assert [done.value for done in executor.results()] == [(here, counts, None)]


def test_trainings_give_the_bits_of_this_machine_and_come_back_whole(address, tmp_path):
    out = tmp_path / "pair.npz"
    outs = train_seeds(
        Training("gru[units=2]", ["rosenbrock"], TRAINED | {"keep": 3}), out, (0, 5), Means(dask=address)
    )
    for path, seed in zip(outs, (0, 5), strict=True):
        alone = metatrain("gru[units=2]", "rosenbrock", seed=seed, **TRAINED)
        there = dict(shipped.load_entry(path).defaults)
        assert all(np.array_equal(alone[name], there[name]) for name in alone)
        assert f"--out {path} --steps 3 --seed {seed} " in path.with_suffix(".json").read_text()
        assert len(list(path.with_suffix(".kept").glob("*.npz"))) == 3
        assert path.with_suffix(".csv").is_file()


def test_a_scheduler_that_is_lost_while_it_is_asked_is_one_line(address, monkeypatch):
    def lost(client):
        raise distributed.comm.CommClosedError("in <TCP>: Connection reset by peer")

    with Cluster(address) as executor:
        executor.submit(Call(executors.square, (1,)))
        monkeypatch.setattr(cluster, "threads", lost)
        with pytest.raises(UserError, match=r"^the Dask scheduler at .* is gone"):
            list(executor.results())


def test_a_scheduler_that_is_lost_is_one_line(tmp_path):
    file, command = tmp_path / "scheduler.json", [sys.executable, "-m", "distributed.cli.dask_scheduler"]
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    scheduler = subprocess.Popen([*command, "--port", "0", "--no-dashboard", "--scheduler-file", str(file)], **quiet)
    try:
        until(file.exists)
        with Cluster(str(file)) as executor:
            executor.submit(Call(executors.square, (1,)))
            executor._distribute()
            scheduler.kill()
            with pytest.raises(UserError, match=r"^the Dask scheduler at .* is gone; .*run the same command again$"):
                list(executor.results())
    finally:
        scheduler.kill()
        scheduler.wait()


@pytest.mark.parametrize("name", ["tcp://127.0.0.1:9", "nowhere://x:1", "no-such-file.json", "http://127.0.0.1:8787"])
def test_no_scheduler_is_one_line_within_seconds(name):
    began = time.monotonic()
    with pytest.raises(UserError, match="no Dask scheduler answers at") as refused:
        cluster.check(name)
    assert "\n" not in str(refused.value)
    assert time.monotonic() - began < 2 * cluster.REACH


@pytest.fixture
def other_site(monkeypatch):
    """Makes this process, and no worker, differ in what a function of a module says."""

    def change(module, name, value):
        monkeypatch.setattr(module, name, lambda: value)
        site.here.cache_clear()

    yield change
    monkeypatch.undo()
    site.here.cache_clear()


def test_a_worker_that_is_not_like_this_machine_is_refused(address, other_site):
    other_site(site.identity, "source", "other")
    with pytest.raises(
        UserError, match=r"worker tcp://.* has another optoscope .* than .*other.*install the same there"
    ):
        cluster.check(address)
    with Cluster(address) as executor:  # as one that comes later
        executor.submit(Call(executors.square, (1,)))
        with pytest.raises(UserError, match="has another optoscope"):
            list(executor.results())


def test_other_versions_are_refused(address, other_site):
    other_site(site.process, "versions", {**site.process.versions(), "keras": "0.1"})
    with pytest.raises(UserError, match=r"has keras 3\..*, and this machine 0.1; .* pip install keras==0.1"):
        cluster.check(address)


def test_another_kind_of_processor_is_allowed_and_said(address, other_site, capsys):
    assert cluster.check(address) == 2
    assert capsys.readouterr().err == ""
    other_site(site.numerics, "processor_kind", "riscv64")
    assert cluster.check(address) == 2
    assert "2 of 2 workers are of another kind of machine" in capsys.readouterr().err


def test_without_dask_it_is_said_how_to_get_it(monkeypatch):
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(UserError, match=r"pip install 'optoscope\[cluster\]'"):
        cluster.connect("tcp://127.0.0.1:1")


@pytest.mark.parametrize(
    "verb", [["run", "smoke"], ["metatrain", "gru", "--tasks", "x", "--out", "x.npz"], ["generalise"]]
)
def test_workers_and_a_cluster_exclude_each_other(verb):
    result = CliRunner().invoke(main, [*verb, "--dask", "tcp://127.0.0.1:9", "--workers", "2"])
    assert isinstance(result.exception, UserError)
    assert "--dask and --workers exclude each other" in str(result.exception)


def test_files_are_the_same_plug_in_at_another_place(tmp_path, plugin):
    package = tmp_path / "mine" / "pack"
    (package / "inner").mkdir(parents=True)
    for name in ("__init__.py", "inner/__init__.py", "inner/other.py"):
        (package / name).write_text("VALUE = 1\n")
    (package / "inner" / "mine.py").write_text("from . import other\nTABLE = 'table.csv'\n")
    (package / "inner" / "table.csv").write_text("1,2\n")
    (package / "inner" / "private.csv").write_text("3,4\n")
    given = [str(package / "inner" / "mine.py"), str(plugin)]
    imports, places = unpack(pack(given, ["adam"]), tmp_path / "there")
    assert places == {}
    for path, there in zip(given, imports, strict=True):
        assert Path(there).is_relative_to(tmp_path / "there")
        assert source_files.content(Path(there)) == source_files.content(Path(path))
    sent = {path.name for path in (tmp_path / "there").rglob("*") if path.is_file()}
    assert sent == {"__init__.py", "other.py", "mine.py", "table.csv", "bowl.py", "slope.py", "start.txt"}


def test_a_suite_that_defines_tasks_brings_their_files(tmp_path):
    (tmp_path / "mine.toml").write_text('[tasks.own]\nbuild = "models.py:build"\ndata = "points.npz"\n')
    (tmp_path / "models.py").write_text("import layers\n")
    for name in ("layers.py", "points.npz", "other.npz"):
        (tmp_path / name).write_text("")
    sent = {Path(place).name for place, _ in pack([str(tmp_path / "mine.toml")], []).contents}
    assert sent == {"mine.toml", "models.py", "layers.py", "points.npz"}


def test_more_than_may_be_sent_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr("bench.running.cargo.LARGEST", 2**20)
    (tmp_path / "mine.py").write_text("DATA = 'data.bin'\n")
    (tmp_path / "data.bin").write_bytes(bytes(2**20 - 20))
    assert len(pack([str(tmp_path / "mine.py")], []).contents) == 2
    (tmp_path / "data.bin").write_bytes(bytes(2**21))
    with pytest.raises(UserError, match="are 2 MiB, and at most 1 are sent"):
        pack([str(tmp_path / "mine.py")], [])


STOPS = """
import time
from pathlib import Path

from tasks import register
from tasks.classic import Rosenbrock

class Slow(Rosenbrock):
    def loss(self, params, data, batch):
        time.sleep(60)
        return super().loss(params, data, batch)

register("slow", Slow())
"""


def test_a_stop_ends_the_coordinator_within_seconds_in_one_line(address, tmp_path):
    (tmp_path / "slow.py").write_text(STOPS)
    words = [
        "run",
        "smoke",
        "--import",
        tmp_path / "slow.py",
        "--tasks",
        "slow",
        "--optimizers",
        "sgd",
        "--dask",
        address,
    ]
    command = [sys.executable, "-m", "bench", *map(str, words), "--out", str(tmp_path / "out")]
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    with distributed.Client(address, set_as_default=False) as client:
        until(lambda: any(remote.TOPIC in key for keys in client.processing().values() for key in keys), 60)
    time.sleep(2)
    process.send_signal(signal.SIGINT)
    began = time.monotonic()
    said = process.communicate(timeout=30)[1]
    assert time.monotonic() - began < 5
    assert process.returncode == 130
    lines = [line for line in said.replace("\r", "\n").splitlines() if line and not line.startswith("cells:")]
    assert lines == ["stopped; what is finished is kept, the same command goes on from there"]
