"""Every page from top to bottom, as a reader would: its files written, its commands and its Python run, in one folder.

`tox run -e docs`; minutes. Commands get options behind their own that make them small (SMALLER); nothing else changes.
A page's folder starts with the committed results, as a checkout has them; those of README and tutorial are empty.
"""

import os
import re
import shutil
import subprocess
import sys

import pytest
from docs_blocks import PAGES, ROOT, blocks, commands

pytestmark = pytest.mark.docs
SMALLER = {
    "run": ["--steps", "20", "--seeds", "4", "--trials", "2", "--finalists", "0", "--workers", "1"],
    "metatrain": ["--steps", "2", "--batch", "4", "--unroll", "10", "--validation", "4", "--no-baselines"],
    "probe": ["--twins", "0"],
    "ablate": ["--seeds", "16", "--steps", "20"],
    "anatomy": ["--seeds", "16", "--steps", "60"],
    "distill": ["--refine", "1", "--trials", "2", "--problems", "16", "--steps", "20"],
    "generalise": ["--dry-run"],
    "maintain": ["--count", "1"],
}
LARGE = ("mine.toml",)
"""Suites with many learned entries, each of which would be probed beside its twins."""
BASELINES = ["--trials", "4", "--tuning-seeds", "4"]
WHOLE = {"README.md", "tutorial.md"}
"""Pages that begin with nothing: what they read, they have made."""
ELSEWHERE = {"cluster.md"}  # tests/test_docs_cluster.py


def smaller(arguments):
    """The same command at a size that takes seconds."""
    verb = arguments[0]
    if "--dry-run" in arguments:
        return arguments
    extra = list(SMALLER.get(verb, []))
    if verb == "run" and "--tasks" not in arguments:
        extra += ["--tasks", "rosenbrock"]
    if verb == "run" and arguments[1] in LARGE:
        extra += ["--optimizers", "adam"]
    if "--keep" in arguments:
        extra += ["--keep", "2"]
    if verb == "anatomy" and "--along" not in arguments:
        extra += BASELINES
    return [*arguments, *extra]


def python(folder, *arguments):
    """Standard output of a Python process in `folder`; fails with what it said where it ends badly."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run([sys.executable, *arguments], cwd=folder, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, f"{' '.join(arguments)}\n{done.stdout[-2000:]}\n{done.stderr[-4000:]}"
    return done.stdout


def furnished(folder):
    """What pages about results take for granted: a run's folder, and two halves of one."""
    runs = folder / "results" / "runs"
    runs.mkdir(parents=True)
    (folder / "results" / "reference").symlink_to(ROOT / "results" / "reference")
    for name in ("quick", "first", "second"):
        shutil.copytree(ROOT / "results" / "reference" / "quick", runs / name)
    (folder / "optimizers").mkdir()
    (folder / "optimizers" / "weights").symlink_to(ROOT / "optimizers" / "weights")


TRIED = [page for page in PAGES if page.name not in ELSEWHERE and blocks(page)]


@pytest.mark.parametrize("page", TRIED, ids=lambda page: page.name)
def test_page(page, tmp_path):
    folder = tmp_path / "desk"
    folder.mkdir()
    if page.name not in WHOLE:
        furnished(folder)
    named = " ".join(word for block in blocks(page) for arguments in commands(block) for word in arguments)
    for block in blocks(page):
        if block.reason:
            continue
        name = re.match(r"# (\w+\.(?:py|toml))\n", block.text)
        if name:
            (folder / name[1]).write_text(block.text)
        if block.language == "python" and not (name and name[1] in named):
            python(folder, name[1]) if name else python(folder, "-c", block.text)
        if page.name == "README.md" and "&& .venv/bin/python -m bench run quick" in block.text:
            python(folder, "-m", "bench", *smaller(["run", "quick"]))
        for arguments in commands(block):
            python(folder, "-m", "bench", *smaller(arguments))
