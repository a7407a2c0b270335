"""One name that is ours alone, folders of the user's that have the names of our packages, and wheels."""

import os
import shutil
import subprocess
import sys
import tomllib
import venv
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import pytest

import bench
import optimizers
import optoscope
import tasks
from bench.errors import UserError
from bench.lookup import plugins

ROOT = Path(__file__).parents[1]
PACKED = ("bench", "optimizers", "tasks", "optoscope.py", "pyproject.toml", "README.md", "LICENSE")
KINDS = (".py", ".npz", ".json", ".css", ".js", ".html")
RIVALS = ("bench", "optimizers", "tasks")


def test_the_face_is_that_of_bench_and_more():
    assert set(optoscope.__all__) == {*bench.__all__, "scores", "tasks", "optimizers", "load"}
    assert {name: getattr(optoscope, name) for name in bench.__all__} == {n: getattr(bench, n) for n in bench.__all__}
    assert (optoscope.tasks, optoscope.optimizers, optoscope.load) == (tasks, optimizers, optimizers.load)
    assert set(optoscope.__all__) <= set(dir(optoscope))
    with pytest.raises(AttributeError, match="no attribute 'tun'"):
        optoscope.tun


def python(*arguments, executable=sys.executable, cwd, **environment):
    command = [str(executable), *map(str, arguments)]
    return subprocess.run(command, cwd=cwd, env={**os.environ, **environment}, capture_output=True, text=True)


LATER = """
import optoscope, sys
import tensorflow as tf
import keras
print([name for name in ("matplotlib", "sklearn", "tensorflow.lite.python") if name in sys.modules])
print(tf.lite.Interpreter.__name__, keras.wrappers.SKLearnClassifier.__name__)
print("plot_image_gallery" in dir(keras.visualization), keras.callbacks.OrbaxCheckpoint.__name__)
"""


def test_tensorflow_loads_what_nobody_asked_for_when_it_is_asked_for():
    done = python("-c", LATER, cwd=ROOT)
    assert done.stdout.splitlines() == ["[]", "Interpreter SKLearnClassifier", "True OrbaxCheckpoint"], done.stderr


@pytest.fixture
def crowded(tmp_path):
    """A folder of a user's with packages of our names, none of which may be imported."""
    folder = tmp_path / "crowded"
    for name in RIVALS:
        (folder / name).mkdir(parents=True)
        (folder / name / "__init__.py").write_text(f"raise RuntimeError('{name} of the user')\n")
    (folder / "optoscope").mkdir()
    return folder


def test_from_a_folder_with_packages_of_our_names(crowded):
    code = "import optoscope, bench; print(bench.__file__, optoscope.tasks.get('rosenbrock'))"
    shown = python("-c", code, cwd=crowded, PYTHONPATH=str(ROOT))
    assert shown.stdout.split() == [bench.__file__, "Rosenbrock()"], shown.stderr


@pytest.mark.slow
def test_workers_take_our_packages_too(crowded):
    budget = ["--steps", "10", "--seeds", "2", "--trials", "2", "--finalists", "0"]
    chosen = ["--tasks", "rosenbrock", "--optimizers", "sgd,momentum", "--workers", "2", "--out", "out", *budget]
    code = "import optoscope; optoscope.main()"
    shown = python("-c", code, "run", "smoke", *chosen, cwd=crowded, PYTHONPATH=str(ROOT))
    assert shown.returncode == 0, shown.stderr
    assert len(list((crowded / "out" / "cells").glob("*.parquet"))) == 2


def test_a_rival_that_is_imported_already_is_refused(tmp_path):
    (tmp_path / "tasks.py").write_text("MINE = 1\n")
    shown = python("-c", "import tasks, optoscope", cwd=tmp_path, PYTHONPATH=str(ROOT))
    assert shown.returncode == 1
    said = shown.stderr.splitlines()[-1]
    assert said.startswith(f"ImportError: 'tasks' is {tmp_path / 'tasks.py'} here, imported before Optoscope")
    shown = python("-c", "import optoscope, tasks; tasks.Task", cwd=tmp_path, PYTHONPATH=str(ROOT))
    assert shown.returncode == 0, shown.stderr


def test_a_plug_in_that_means_its_own_tasks_is_told(tmp_path):
    (tmp_path / "tasks.py").write_text("MINE = 1\n")
    (tmp_path / "mine.py").write_text("from tasks import MINE\n")
    with pytest.raises(UserError, match=r"mine\.py, line 1: .*; 'tasks' is always Optoscope's own: give your module"):
        plugins.load_file(tmp_path / "mine.py")


def packs():
    """Whether there are a pip and a setuptools that can install this project."""
    try:
        version("pip")
        return int(version("setuptools").split(".")[0]) >= 77
    except PackageNotFoundError:
        return False


@pytest.fixture(scope="module", params=["wheel", "editable"])
def installed(request, tmp_path_factory):
    """The folder of an environment with this project alone in it; everything else is this process's."""
    if not packs():
        pytest.skip("needs pip and setuptools 77 or newer: pip install -e .[tests]")
    folder = tmp_path_factory.mktemp(request.param)
    venv.create(folder / "env", symlinks=True)
    env = Path(sys.executable if os.name == "nt" else folder / "env" / "bin" / "python")
    place = next((folder / "env").glob("lib/python3*/site-packages"))
    others = [path for path in sys.path if path.endswith("site-packages")]
    (place / "others.pth").write_text("".join(f"{path}\n" for path in others))
    source = folder / "source"
    source.mkdir()
    for name in PACKED:
        copy = shutil.copytree if (ROOT / name).is_dir() else shutil.copy
        copy(ROOT / name, source / name)
    options = ["-q", "--no-deps", "--no-index", "--no-build-isolation", *(["-e"] * (request.param == "editable"))]
    done = python("-m", "pip", "--python", env, "install", *options, source, cwd=folder)
    assert done.returncode == 0, done.stderr
    return env.parent, place if request.param == "wheel" else source


def test_installed_it_runs_from_a_crowded_folder(installed, crowded):
    programs, home = installed
    ways = (
        [programs / "optoscope", "list", "tasks"],
        [programs / "python", "-c", "import optoscope; print(*optoscope.tasks.names(), optoscope.__file__)"],
    )
    for executable, *arguments in ways:
        shown = python(*arguments, executable=executable, cwd=crowded)
        assert "rosenbrock" in shown.stdout, shown.stderr
    assert shown.stdout.split()[-1] == str(home / "optoscope.py")
    assert python("-c", "import tasks", executable=programs / "python", cwd=crowded).returncode == 1
    shutil.rmtree(crowded / "bench")  # beside which `-m bench` means the user's own
    shown = python("-m", "bench", "list", "tasks", executable=programs / "python", cwd=crowded)
    assert "rosenbrock" in shown.stdout, shown.stderr


def test_a_wheel_holds_every_package(installed):
    place = installed[1]
    if place.name != "site-packages":
        pytest.skip("of the wheel only")
    listed = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["setuptools"]["packages"]
    assert all((place / name.replace(".", "/") / "__init__.py").is_file() for name in listed)
    for pattern in ("bench/**/*.py", "optimizers/**/*", "tasks/*.py", "bench/reports/html/assets/*", "optoscope.py"):
        ours = {
            path.relative_to(ROOT) for path in ROOT.glob(pattern) if path.suffix in (".py", ".npz", ".json", ".css")
        }
        assert ours
        assert all((place / path).is_file() for path in ours), pattern
