"""`python -m bench generalist`: the generalist beside Adam with its published defaults, family by family."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click
from tqdm import tqdm

import optimizers
from bench.commands import kinds, options
from bench.records.files import write_bytes
from bench.suites import find


@click.command()
@click.option("--out", type=kinds.OUT_FOLDER, default=Path("results/reference/targets"), show_default=True)
def command(out: Path) -> None:
    """Race the generalist against Adam's defaults on every task of core; writes OUT/generalist.md."""
    options.load()
    from bench.studies.targets.generalist import ENTRY, measure, table

    seen: Any = optimizers.get(ENTRY).discloses.get("trained_on", ())
    with tqdm(find.get("core").tasks, desc="generalist", unit="task") as bar:
        rows = measure(bar, progress=bar.set_postfix_str)
    text = table(rows, seen)
    write_bytes(out / "generalist.md", text.encode())
    click.echo(text)
