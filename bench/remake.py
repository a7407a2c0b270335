"""`python -m bench.remake [NAME …] [--workers N] [--out FOLDER]`: the shipped weights, made again by their cards."""

from __future__ import annotations

import json
import os
import shlex
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import click

from bench.command_line import run
from bench.errors import UserError
from bench.suites import check_count
from optimizers.shipped import FOLDER


def commands(names: list[str], out: Path | None = None) -> dict[str, list[str]]:
    """{name: argument list} of the cards, all or those named, writing to `out` instead. Raises UserError."""
    cards = {card.stem: json.loads(card.read_text()) for card in sorted(FOLDER.glob("[!.]*.json"))}
    if unknown := [name for name in names if name not in cards]:
        raise UserError(f"no shipped weights {', '.join(unknown)}; there are: {', '.join(cards)}")
    chosen = {name: cards[name] for name in names} if names else cards
    return {name: _command(name, card["command"], out) for name, card in chosen.items()}


def _command(name: str, text: str, out: Path | None) -> list[str]:
    parts = [sys.executable, *shlex.split(text)[1:]]
    if out is not None:
        parts[parts.index("--out") + 1] = str(out / f"{name}.npz")
    return parts


def _remake(position: int, name: str, command: list[str]) -> str:
    """Run one command, its progress line at `position`; says whether the bits are those that ship."""
    path = Path(command[command.index("--out") + 1])
    before = (FOLDER / f"{name}.json").read_text()
    subprocess.run(command, check=True, env={**os.environ, "TQDM_POSITION": str(position)})
    was, now = (
        json.loads(text)["sha256"] for text in (before, path.with_suffix(".json").read_text())
    )
    return f"{name}: {'the same bits' if was == now else 'other bits than before'}"


@click.command()
@click.argument("names", nargs=-1)
@click.option("--workers", type=int, default=1, show_default=True, help="Trainings side by side.")
@click.option(
    "--out", type=click.Path(path_type=Path), help="Folder; default: over the shipped ones."
)
def main(names, workers, out) -> None:
    """Make the shipped weights NAMES again, all by default; a stopped one goes on from its checkpoint."""
    check_count("workers", workers)
    chosen = commands(list(names), out)
    with ThreadPoolExecutor(workers) as pool:
        done = [
            pool.submit(_remake, i % workers, name, command)
            for i, (name, command) in enumerate(chosen.items())
        ]
        for future in done:
            click.echo(future.result())


if __name__ == "__main__":
    run(main, "python -m bench.remake")
