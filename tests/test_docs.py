"""Every complete example of docs/ runs as it stands: what it registers passes its check, or works small."""

import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

import bench
import optimizers.registry
import tasks.base
from bench.commands.check import command as check
from bench.lookup import plugins
from bench.probes.catalog import PROBES
from bench.probes.controls.catalog import CONTROLS
from optimizers import learned

DOCS = Path(__file__).parents[1] / "docs"
_FENCE = re.compile(r"```python\n(?:# (\w+\.py)\n)?(.*?)```", re.DOTALL)


def examples(page):
    """{file name, or "" for one that has none: code} of the fenced Python of a page."""
    return dict(_FENCE.findall((DOCS / page).read_text()))


@pytest.fixture(autouse=True)
def _own_registries(monkeypatch):
    for module in (tasks.base, optimizers.registry):
        monkeypatch.setattr(module, "_registry", dict(module._registry))
    monkeypatch.setattr(plugins, "_loaded", {})


@pytest.fixture
def written(tmp_path):
    def write(page, name):
        path = tmp_path / name
        path.write_text(examples(page)[name])
        return path

    return write


@pytest.mark.parametrize(
    ("page", "name"),
    [
        ("adding-a-task.md", "egg_crate.py"),
        ("adding-a-task.md", "noisy_line.py"),
        ("keras-model.md", "digits_network.py"),
        ("adding-an-optimizer.md", "sign_step.py"),
        pytest.param("adding-an-optimizer.md", "soft_sign.py", marks=pytest.mark.slow),
        pytest.param("adding-an-optimizer.md", "clipped_adam.py", marks=pytest.mark.slow),
        pytest.param("adding-an-optimizer.md", "slow_copy.py", marks=pytest.mark.slow),
        pytest.param("adding-an-optimizer.md", "loss_asking.py", marks=pytest.mark.slow),
    ],
)
def test_examples_pass_their_check(written, page, name):
    done = CliRunner().invoke(check, [str(written(page, name))])
    assert done.exit_code == 0, done.output
    assert re.search(r"\d checked, all passed", done.output)


@pytest.mark.slow
def test_rules_on_names_are_registered_and_checked(written):
    done = CliRunner().invoke(check, [str(written("adding-an-optimizer.md", "no_bias_decay.py"))])
    assert done.exit_code == 0, done.output
    assert "2 checked, all passed" in done.output


@pytest.mark.parametrize(
    ("page", "name", "limit"),
    [
        ("adding-a-task.md", "egg_crate.py", 12),
        ("keras-model.md", "digits_network.py", 12),
        ("adding-an-optimizer.md", "sign_step.py", 10),
        ("adding-an-optimizer.md", "soft_sign.py", 10),
    ],
)
def test_adding_takes_few_lines(page, name, limit):
    lines = [line for line in examples(page)[name].splitlines() if line.strip()]
    assert len(lines) <= limit


def test_a_keras_instance_is_an_optimizer(capsys):
    exec(examples("adding-an-optimizer.md")[""], {})
    start = bench.evaluate("rosenbrock", "sgd", seeds=4, steps=1)
    start = start[start["step"] == 0]["loss"].median()
    assert 0 < float(capsys.readouterr().out) < start


def test_a_learned_optimizer_trains_a_keras_model():
    made = {}
    exec(examples("adding-an-optimizer.md")["train_in_keras.py"], made)
    assert made["losses"][-1] < made["losses"][0]


@pytest.mark.slow
def test_the_architecture_can_be_meta_trained_and_raced(written, tmp_path, monkeypatch):
    monkeypatch.setitem(learned.ARCHITECTURES, "learned-momentum", None)
    plugins.load_file(written("adding-an-architecture.md", "learned_momentum.py"))
    out = tmp_path / "mine.npz"
    theta = bench.metatrain("learned-momentum", "rosenbrock", steps=2, batch=4, unroll=5, out=out, progress=False)
    assert set(theta) == {"decays", "mix"}
    untrained = learned.get("learned-momentum").initial(0)
    assert any(np.any(theta[name] != untrained[name]) for name in theta)
    done = CliRunner().invoke(check, [str(out)])
    assert done.exit_code == 0, done.output


def test_the_probe_reads_and_its_controls_pass(written, monkeypatch):
    for registry in (PROBES, CONTROLS):
        monkeypatch.setitem(registry, "oddness", None)
    plugins.load_file(written("adding-a-probe.md", "oddness.py"))
    reading = bench.probe("momentum", "linear-regression", probes=["oddness"])["oddness"]
    assert [control["passed"] for control in reading.controls] == [True, True]
    assert reading.verdict == "present"
    assert reading.values["bias"]["value"] < 1e-6


def test_the_library_page_is_current():
    """In a process of its own: other tests register tasks in this one."""
    command = [sys.executable, "-m", "bench", "maintain", "library", "--check"]
    shown = subprocess.run(command, capture_output=True, text=True, cwd=DOCS.parent)
    assert shown.returncode == 0, shown.stdout + shown.stderr


def test_every_page_names_only_commands_and_files_that_exist():
    root = DOCS.parent
    for page in DOCS.glob("adding-*.md"):
        for path in re.findall(r"`((?:tasks|optimizers|bench)/[\w/]+\.py)`", page.read_text()):
            assert (root / path).is_file(), f"{page.name}: {path}"


def test_a_winner_and_a_learned_optimizer_train_a_keras_model(written, monkeypatch, capsys):
    monkeypatch.chdir(DOCS.parent)
    held = {}
    exec(written("in-keras.md", "digits.py").read_text(), held)
    assert capsys.readouterr().out.startswith("keras.optimizers.")
    for history in (held["tuned"], held["learned"]):
        assert history["loss"] < 1.5  # log 10 = 2.3 at the start
        assert history["val_accuracy"] > 0.5
