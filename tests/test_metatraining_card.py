"""The command on a card makes the weights again, from the folder that it was given in."""

import json
import shlex

import numpy as np
from afresh import BOWL, ROOT, bench

from bench.lookup import plugins

ARCHITECTURE = """
from dataclasses import dataclass
from optimizers import learned

@dataclass(frozen=True)
class Wide(learned.Linear):
    pass

learned.ARCHITECTURES["wide-linear"] = Wide
"""
OPTIONS = ["--tasks", "rosenbrock,own-bowl", "--steps", "3", "--batch", "2,3", "--unroll", "4", "--seed", "2"]
SCHEDULES = ["--discount-from", "0.5", "--weights", "1,2", "--validation", "4", "--no-baselines"]


def test_the_command_of_a_card_makes_the_same_weights(tmp_path):
    (tmp_path / "a task.py").write_text(BOWL)
    (tmp_path / "wide.py").write_text(ARCHITECTURE)
    files = ["--import", "a task.py", "--import", str(tmp_path / "wide.py")]
    bench(["metatrain", "wide-linear", *OPTIONS, *SCHEDULES, *files, "--out", "my folder/mine.npz"], tmp_path)
    out = tmp_path / "my folder/mine.npz"
    first, card = dict(np.load(out)), json.loads(out.with_suffix(".json").read_text())
    for path in tmp_path.glob("my folder/mine*"):
        path.unlink()
    python, _, package, *arguments = shlex.split(card["command"])
    assert (python, package) == ("python", "bench")
    assert [a for a in arguments if a.endswith(".py")] == ["a task.py", "wide.py"]
    bench([*arguments, "--no-baselines"], tmp_path)
    again = dict(np.load(out))
    assert first.keys() == again.keys()
    assert all(np.array_equal(first[name], again[name]) for name in first)
    assert json.loads(out.with_suffix(".json").read_text())["command"] == card["command"]


def test_only_files_that_a_command_needs_are_in_it(tmp_path, monkeypatch):
    monkeypatch.setattr(plugins, "_loaded", {})
    monkeypatch.chdir(tmp_path)
    for name in ("one", "two"):
        added = plugins.Added((f"task-{name}",), (f"rule-{name}",), (f"net-{name}",))
        monkeypatch.setitem(plugins._loaded, tmp_path / f"{name}.py", added)
    monkeypatch.setitem(plugins._loaded, ROOT / "far.py", plugins.Added(("task-far",), ()))
    assert plugins.files_of("gru[units=4]", "rosenbrock") == []
    assert plugins.files_of("net-one[units=4]") == ["one.py"]
    assert plugins.files_of("rosenbrock,rescaled[task='task-two']", "rule-one") == ["one.py", "two.py"]
    assert plugins.files_of("task-far") == [str(ROOT / "far.py")]
    assert plugins.files_of("task-on") == []
