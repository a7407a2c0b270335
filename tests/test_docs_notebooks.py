"""The notebooks run from top to bottom, and print what is committed.

`tox run -e docs`. With `NOTEBOOKS=write` the outputs are written into docs/notebooks instead.
"""

import os
import re
from pathlib import Path

import pytest

pytestmark = pytest.mark.docs
nbformat = pytest.importorskip("nbformat")
nbclient = pytest.importorskip("nbclient")
NOTEBOOKS = sorted((Path(__file__).parents[1] / "docs" / "notebooks").glob("*.ipynb"))
_NUMBER = re.compile(r"-?\d+\.?\d*(?:e[+-]?\d+)?")


def told(notebook):
    """What every cell prints or shows as text, in order; pictures and tables as web pages apart."""
    cells = [cell.get("outputs", []) for cell in notebook.cells if cell.cell_type == "code"]
    texts = [[out.get("text") or out.get("data", {}).get("text/plain", "") for out in outputs] for outputs in cells]
    return ["".join(text for text in outputs if not text.startswith("<Figure")) for outputs in texts]


def numbers(text):
    return [float(number) for number in _NUMBER.findall(text)]


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_prints_what_is_committed(path, monkeypatch):
    """Words as they are, numbers to 2 %: another kind of processor may change the last digits."""
    monkeypatch.setenv("MPLBACKEND", "module://matplotlib_inline.backend_inline")
    monkeypatch.setenv("PYTHONPATH", str(path.parents[2]))
    committed = nbformat.read(path, as_version=4)
    notebook = nbformat.read(path, as_version=4)
    nbclient.NotebookClient(notebook, timeout=900, resources={"metadata": {"path": path.parent}}).execute()
    for cell in notebook.cells:
        cell.metadata.pop("execution", None)
    assert not [out for cell in notebook.cells for out in cell.get("outputs", []) if out.get("name") == "stderr"]
    if os.environ.get("NOTEBOOKS") == "write":
        notebook.metadata.get("language_info", {}).pop("version", None)
        nbformat.write(notebook, path)
        return
    for before, after in zip(told(committed), told(notebook), strict=True):
        assert _NUMBER.sub("#", after) == _NUMBER.sub("#", before)
        assert numbers(after) == pytest.approx(numbers(before), rel=0.02)


def test_there_are_notebooks():
    assert [path.stem for path in NOTEBOOKS] == ["inside", "race"]
    for path in NOTEBOOKS:
        cells = [cell for cell in nbformat.read(path, as_version=4).cells if cell.cell_type == "code"]
        assert all(cell.execution_count for cell in cells), f"{path.name} was not run"
        assert path.stat().st_size < 300_000
