"""The page as one string and one file. It asks for nothing from outside, and equal records give equal bytes."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import jinja2

from bench import waiting
from bench.errors import UserError
from bench.records.files import strict, write_bytes
from bench.reports.html.sections import sections

ASSETS = Path(__file__).parent / "assets"
SCRIPTS = ("theme.js", "tables.js", "chart.js", "cell.js", "page.js")


def write(out: Path | str | Iterable[Path | str], path: Path | str, mix: bool = False) -> Path:
    """Put the page of one run's folder or several at `path`; `mix`: though they are of several kinds of machine.

    Raises UserError where there are no results and for a path that cannot be written.
    """
    path = Path(path)
    if path.is_dir():
        raise UserError(f"{path} is a folder; give the file to write, such as {path / 'report.html'}")
    folders = [Path(out)] if isinstance(out, (str, Path)) else [Path(folder) for folder in out]
    with waiting.doing(f"making {path.name}"):
        content = page(folders, mix)
    write_bytes(path, content.encode("utf-8", "replace"))
    return path


def page(folders: list[Path], mix: bool = False) -> str:
    """The whole page. Raises UserError where there are no results."""
    return filled(sections(folders, mix))


def filled(content: dict[str, Any]) -> str:
    """The page of what `sections` gives."""
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(ASSETS), autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True
    )
    environment.lstrip_blocks = True
    scripts = [(ASSETS / name).read_text("utf-8") for name in SCRIPTS]
    return environment.get_template("page.html").render(
        content, embedded=embedded(content["data"]), style=(ASSETS / "page.css").read_text("utf-8"), scripts=scripts
    )


def embedded(value: Any) -> str:
    """JSON that may stand in a `<script>`: whatever a name holds, it closes no element and opens none."""
    text = json.dumps(strict(value), separators=(",", ":"), allow_nan=False)
    return text.replace("&", "\\u0026").replace("<", "\\u003c").replace(">", "\\u003e")
