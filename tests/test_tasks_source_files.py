"""Of which files a plug-in is made: its neighbors count, however it imports them, and nothing else does."""

import hashlib
from pathlib import Path

import pytest

from optimizers import hand_designed
from tasks import classic
from tasks.source_files import content, files, versioned


@pytest.fixture
def plugin(tmp_path):
    """{name: text} -> the path of plugin.py in a folder of such files."""

    def made(text, **others):
        for name, other in others.items():
            path = tmp_path / f"{name.replace('__', '/')}.py"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(other)
        (tmp_path / "plugin.py").write_text(text)
        return tmp_path / "plugin.py"

    return made


def names(path):
    return [str(found.relative_to(path.parent)) for found in files(path)]


@pytest.mark.parametrize(
    "text",
    [
        "import rule",
        "import rule as r, os",
        "from rule import RATE",
        "def build(theta):\n    from rule import step\n    return step",
        "try:\n    import rule\nexcept ImportError:\n    rule = None",
        "import importlib\ndef build(theta):\n    return importlib.import_module('rule').step",
        "rule = __import__('rule')",
    ],
)
def test_a_neighbor_counts_wherever_it_is_imported(plugin, text):
    path = plugin(text, rule="RATE = 1", bystander="x = 2")
    assert names(path) == ["plugin.py", "rule.py"]
    before = content(path)
    (path.parent / "bystander.py").write_text("x = 3")
    assert content(path) == before
    (path.parent / "rule.py").write_text("RATE = 2")
    assert content(path) != before


@pytest.mark.parametrize("name", ["rates.json", "data/rates.npz"])
def test_data_that_a_module_names_count(plugin, name):
    path = plugin("import rule", rule=f"RATES = Path(__file__).parent / {name!r}\nLOG = 'run.log'")
    bare = content(path)
    for written in (name, "run.log", "other.json"):
        (path.parent / written).parent.mkdir(exist_ok=True)
        (path.parent / written).write_text("[1]")
    before = content(path)
    assert before != bare
    (path.parent / "run.log").write_text("[1, 2]")
    (path.parent / "other.json").write_text("[1, 2]")
    assert content(path) == before
    (path.parent / name).write_text("[1, 2]")
    assert content(path) != before


def test_neighbors_of_neighbors_and_circles(plugin):
    path = plugin("import one", one="import two", two="import three, one", three="import plugin")
    assert names(path) == ["plugin.py", "one.py", "three.py", "two.py"]


def test_a_folder_of_helpers(plugin):
    path = plugin("from helpers.rules import step\nfrom helpers import constants")
    for name, text in (("__init__", ""), ("rules", "from . import deep"), ("deep", ""), ("constants", ""), ("not", "")):
        (path.parent / "helpers").mkdir(exist_ok=True)
        (path.parent / "helpers" / f"{name}.py").write_text(text)
    expected = [f"helpers/{name}.py" for name in ("__init__", "constants", "deep", "rules")]
    assert names(path) == ["plugin.py", *expected]


def test_within_a_package_imports_start_where_it_does(tmp_path):
    package = tmp_path / "mine"
    (package / "inner").mkdir(parents=True)
    for name, text in (
        ("__init__", ""),
        ("rules", "from mine.shared import A\nfrom ..mine import x"),
        ("shared", "from .inner import leaf"),
        ("inner/__init__", ""),
        ("inner/leaf", "from ..other import B"),
        ("other", ""),
        ("unused", ""),
    ):
        (package / f"{name}.py").write_text(text)
    found = [str(path.relative_to(package)) for path in files(package / "rules.py")]
    assert found == ["rules.py", "__init__.py", "inner/__init__.py", "inner/leaf.py", "other.py", "shared.py"]


def test_a_file_alone_is_its_own_bytes(plugin):
    path = plugin("import numpy, keras\nfrom tasks import Task\nimport bench.lookup\n")
    assert content(path) == path.read_bytes()
    assert hashlib.sha256(content(path)).hexdigest() == hashlib.sha256(path.read_bytes()).hexdigest()


def test_a_neighbor_that_is_no_python_is_still_counted(plugin):
    path = plugin("import broken", broken="def (")
    assert names(path) == ["plugin.py", "broken.py"]


def test_what_this_project_ships_has_versions():
    assert versioned(Path(classic.__file__))
    assert versioned(Path(hand_designed.__file__))
    assert not versioned(Path(__file__))
