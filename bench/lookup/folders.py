"""The folder that is meant by one that is not there."""

from __future__ import annotations

import difflib
from pathlib import Path

from optimizers.syntax import NEAR


def nearest_folder(folder: Path) -> str:
    """`; did you mean results/runs/core?` for a folder that is not there where one is spelled nearly so, else ""."""
    found = None if folder.is_dir() else _nearest(folder)
    return f"; did you mean {found}?" if found else ""


def _nearest(folder: Path) -> Path | None:
    """The folder itself if it is there, else, part by part, the one most alike; None where a part has none."""
    if folder.is_dir() or folder == folder.parent:
        return folder
    parent = _nearest(folder.parent)
    try:
        beside = sorted(path.name for path in parent.iterdir() if path.is_dir()) if parent else []
    except OSError:
        return None
    near = difflib.get_close_matches(folder.name, beside, 1, NEAR)
    return parent / near[0] if parent and near else None
