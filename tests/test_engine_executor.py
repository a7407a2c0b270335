"""Programs by jaxlib: the same numbers as by TensorFlow, kept ones without a trace, and a word where it cannot be."""

import os
import subprocess
import sys
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError

import numpy as np
import pytest

import optimizers
from bench.commands import group
from bench.engine import definition, executables, executor, numerics, program_cache, programs, purity, race
from bench.engine.problems import Problems
from bench.errors import UserError
from bench.lookup.named import NamedTask
from bench.lookup.resolve import named_task
from bench.reports import doctor
from bench.running import site
from tasks import Task, tf

jaxlib = pytest.mark.skipif(len(executor.offered()) < 2, reason="jaxlib is not installed, or another one")
ADAM = {"learning_rate": 0.01}


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    """Programs of one test are made in it, and kept where only it looks."""
    monkeypatch.setenv(program_cache.VARIABLE, str(tmp_path))
    programs.program.cache_clear()
    yield tmp_path
    programs.program.cache_clear()


@pytest.fixture
def by(monkeypatch):
    """A function that races by an executor, with programs made anew."""

    def raced(name, task, entry, steps=10, columns=(0.01, 0.03), seeds=4):
        monkeypatch.setenv(executor.VARIABLE, name)
        programs.program.cache_clear()
        found = optimizers.get(entry)
        thetas = [dict(found.defaults)]
        if "learning_rate" in found.defaults:
            thetas = [{**found.defaults, "learning_rate": rate} for rate in columns]
        subject = task if isinstance(task, NamedTask) else named_task(task)
        runs = race.race(found, thetas, Problems(subject, "report", range(seeds), steps), record="all").runs
        return runs.losses

    return raced


def apart(ours, theirs):
    """Largest distance, relative to the loss plus 1 % of the run's first, as `speed` has it."""
    return float(np.max(np.abs(ours - theirs.astype("float64")) / (np.abs(ours) + 0.01 * np.abs(ours[..., :1]))))


@jaxlib
@pytest.mark.parametrize(
    ("task", "entry", "most"),
    [
        ("rosenbrock", "adam", 0.0),
        ("rosenbrock", "lion", 0.0),
        ("rosenbrock", "gru-rosenbrock", 5e-6),  # sums of a product in another order, amplified by the run
        ("linear-regression", "rmsprop", 1e-6),
        ("linear-regression", "gru-linear-regression", 2e-5),
        ("breast-cancer-batches", "momentum", 1e-6),
    ],
)
def test_numbers_are_those_of_tensorflow(task, entry, most, by):
    theirs, ours = by("tensorflow", task, entry), by("jaxlib", task, entry)
    assert np.isfinite(ours).all()
    assert apart(ours, theirs) <= most


def programs_in(folder):
    return sorted(path for path in folder.glob("xla-*/*") if len(path.name) == 32)


@jaxlib
def test_a_kept_program_gives_the_same_bits_without_a_trace(cache, by, monkeypatch):
    fresh = by("jaxlib", "linear-regression", "adam")
    assert len(programs_in(cache)) == 1

    def traced(self):
        raise AssertionError("it is known")

    monkeypatch.setattr(programs.lowered.Lowered, "_trace", traced)
    assert by("jaxlib", "linear-regression", "adam").tobytes() == fresh.tobytes()


@jaxlib
def test_long_runs_go_from_piece_to_piece(by, monkeypatch):
    whole = by("jaxlib", "linear-regression", "adam", steps=40)
    monkeypatch.setattr(programs, "FIRST", {"light": 7, "medium": 7, "heavy": 7})
    monkeypatch.setattr(programs, "PIECE", 1e-9)
    for _ in range(2):  # traced, then kept
        assert by("jaxlib", "linear-regression", "adam", steps=40).tobytes() == whole.tobytes()


@jaxlib
@pytest.mark.parametrize("at", [3, 40, -1])
def test_a_changed_byte_removes_a_program_before_jaxlib_sees_it(at, cache, by, monkeypatch):
    fresh = by("jaxlib", "rosenbrock", "sgd")
    (path,) = programs_in(cache)
    sound = path.read_bytes()
    content = bytearray(sound)
    content[at] ^= 4
    path.write_bytes(content)
    assert executables.read(path.name) is None
    assert not path.exists()
    path.write_bytes(content)

    def restored(cls, serialized):
        raise AssertionError("it is damaged")

    monkeypatch.setattr(programs.lowered.pjrt.Executable, "restored", classmethod(restored))
    assert by("jaxlib", "rosenbrock", "sgd").tobytes() == fresh.tobytes()
    assert path.exists()


@jaxlib
def test_bytes_that_jaxlib_does_not_load_are_removed_and_made_anew(cache, by):
    fresh = by("jaxlib", "rosenbrock", "sgd")
    (path,) = programs_in(cache)
    executables.write(path.name, executables.Kept(b"no program"))
    assert by("jaxlib", "rosenbrock", "sgd").tobytes() == fresh.tobytes()
    assert executables.read(path.name).program != b"no program"


@dataclass(frozen=True)
class Bowl(Task):
    """Not of this project: only a trace tells what it is."""

    def sample(self, key):
        return tf.random.stateless_normal([6], key, alg="philox"), ()

    def loss(self, params, data, batch):
        return tf.reduce_sum(tf.square(params))


@jaxlib
def test_a_task_of_the_users_is_traced_and_its_program_found_by_its_text(cache, by, monkeypatch):
    subject = NamedTask("bowl", Bowl())
    fresh = by("jaxlib", subject, "adam")
    assert len(programs_in(cache)) == 1
    monkeypatch.setattr(programs.lowered.pjrt.Executable, "compiled", None)
    assert by("jaxlib", subject, "adam").tobytes() == fresh.tobytes()
    assert apart(fresh, by("tensorflow", subject, "adam")) <= 1e-6


@jaxlib
def test_what_jaxlib_cannot_take_tensorflow_runs_and_a_record_says_why(cache, by, monkeypatch):
    def verify(self):
        raise programs.lowered.pjrt.Refused("it calls Foreign")

    subject, build = named_task("rosenbrock"), optimizers.get("adam").build
    monkeypatch.setattr(programs.lowered, "_refused", {})
    taken = by("tensorflow", subject, "adam", steps=12)
    assert programs.compiler(subject.task, build) == "XLA"
    monkeypatch.setattr(programs.lowered.pjrt.Hlo, "verify", verify)
    assert by("jaxlib", subject, "adam", steps=12).tobytes() == taken.tobytes()
    assert programs_in(cache) == []
    reason = "TensorFlow's XLA, since jaxlib does not take it: it calls Foreign"
    assert programs.compiler(subject.task, build) == reason


FOREIGN = """HloModule foreign
ENTRY main {
  x = f32[8] parameter(0)
  ROOT y = f32[8] custom-call(x), custom_call_target="Foreign"
}
"""


@jaxlib
def test_calls_of_code_that_is_not_in_the_program_are_refused():
    from jaxlib import _hlo

    from bench.engine import pjrt

    hlo = pjrt.Hlo(_hlo.hlo_module_from_text(FOREIGN).as_serialized_hlo_module_proto())
    with pytest.raises(pjrt.Refused, match="it calls Foreign"):
        pjrt.Executable.compiled(hlo, as_kernel=False)


@jaxlib
def test_a_thousand_calls_leave_nothing_behind(by, monkeypatch):
    call, times, resident = programs.Program.__call__, [200], []

    def repeated(self, *arguments):
        for _ in range(times[0]):
            result = call(self, *arguments)
        with open("/proc/self/statm") as file:
            resident.append(int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE"))
        return result

    monkeypatch.setattr(programs.Program, "__call__", repeated)
    monkeypatch.setenv(executor.VARIABLE, "jaxlib")
    found, problems = optimizers.get("adam"), Problems(named_task("linear-regression"), "report", range(4), 10)
    for times[0] in (200, 1000):
        race.race(found, [found.defaults], problems, record="all")
    assert resident[1] - resident[0] < 2**22


RACE = """
from bench.engine import process
process.load_tensorflow()
import bench, hashlib
frame = bench.evaluate("linear-regression", "adam", {"learning_rate": 0.01}, seeds=4, steps=20, record="all")
print(hashlib.sha256(frame["loss"].to_numpy().tobytes()).hexdigest(), process.provenance()["numerics"].split()[-1])
"""


@pytest.mark.slow
@jaxlib
def test_processes_give_the_same_bits_and_say_who_ran_them(cache):
    environment = os.environ | {executor.VARIABLE: "jaxlib"}
    lines = [
        subprocess.run([sys.executable, "-c", RACE], env=env, capture_output=True, text=True, timeout=300, check=True)
        for env in (environment, environment, environment | {program_cache.VARIABLE: ""})
    ]
    assert {line.stderr for line in lines} == {""}
    assert len({line.stdout for line in lines}) == 1
    assert lines[0].stdout.split()[-1] == f"executor={executor.offered()[1]}"
    assert len(programs_in(cache)) == 1


def test_the_text_of_a_plan_tells_it_from_others_and_of_foreign_code_there_is_none():
    plan = purity.plan_of(named_task("rosenbrock").task, optimizers.get("adam"))
    others = [
        plan._replace(tile=(8, 16)),
        plan._replace(noisy=False),
        plan._replace(task=named_task("saddle").task),
        plan._replace(build=optimizers.get("rmsprop").build),
        plan._replace(switches=(("nesterov", True),)),
    ]
    assert len({definition.definition(one) for one in (plan, *others)}) == 6
    again = purity.plan_of(named_task("rosenbrock").task, optimizers.get("adam"))
    assert definition.definition(again) == definition.definition(plan)
    for foreign in (plan._replace(task=Bowl()), plan._replace(build=lambda theta: theta)):
        with pytest.raises(definition.Unknown):
            definition.definition(foreign)


@jaxlib
def test_doctor_says_who_runs_programs(monkeypatch):
    monkeypatch.setenv(executor.VARIABLE, "jaxlib")
    found = doctor._executor()
    assert found == ("executor", f"{executor.label()}, compiles and runs what TensorFlow lowers", "")
    monkeypatch.setenv(executor.VARIABLE, "")
    assert doctor._executor().found.startswith("TensorFlow's own")


@jaxlib
def test_the_choice_is_part_of_the_fingerprint(monkeypatch):
    monkeypatch.setenv(executor.VARIABLE, "jaxlib")
    assert f"executor={executor.label()}" in numerics.fingerprint().split()
    monkeypatch.setenv(executor.VARIABLE, "")
    assert "executor" not in numerics.fingerprint()


def test_a_cluster_without_jaxlib_is_refused_where_this_machine_asks_for_it(monkeypatch):
    here = site.Site("a", (), "x86_64", "jaxlib-0.10.2", ("tensorflow", "jaxlib-0.10.2"))
    there = here._replace(executor="tensorflow", offered=("tensorflow",))
    assert site.difference(there, here) == site.difference(here, here) == ""
    assert "pip install 'optoscope[fast]'" in site.difference(here, there)


def absent(name):
    raise PackageNotFoundError(name)


@pytest.mark.parametrize(
    ("found", "reason"),
    [
        (absent, "jax is not installed"),
        (lambda name: "0.11.0", "jax 0.11.0 is not one of the versions it was tried with"),
    ],
)
def test_asked_for_where_it_cannot_be_used_is_one_line(found, reason, monkeypatch, tmp_path):
    executor._amiss.cache_clear()
    monkeypatch.setattr(executor, "version", found)
    monkeypatch.setenv(executor.VARIABLE, "jaxlib")
    numerics.settle.cache_clear()
    try:
        with pytest.raises(UserError) as refusal:
            group.main(["run", "smoke", "--out", str(tmp_path / "new")], standalone_mode=False)
        assert executor.offered() == ("tensorflow",)
    finally:
        executor._amiss.cache_clear()
    assert str(refusal.value) == f"OPTOSCOPE_EXECUTOR=jaxlib: {reason}; pip install 'optoscope[fast]'"
    assert not (tmp_path / "new").exists()


def test_another_name_is_one_line_and_exit_code_2():
    command, environment = [sys.executable, "-m", "bench", "run", "smoke"], os.environ | {executor.VARIABLE: "jax"}
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False, env=environment)
    assert done.returncode == 2
    assert done.stderr == "error: OPTOSCOPE_EXECUTOR=jax: unknown; known: tensorflow, jaxlib\n"
