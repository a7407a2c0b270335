"""The shipped weights, made again by the commands in their cards."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from bench.errors import UserError
from bench.maintain.respell import THEN
from optimizers.shipped import FOLDER
from optimizers.weights_file import read_card

Command = list[str]


def commands(names: list[str], out: Path | None = None) -> dict[str, list[Command]]:
    """{name: argument lists} of the cards, all or those named, writing to `out` instead. Raises UserError."""
    cards = {card.stem: read_card(card) for card in sorted(FOLDER.glob("[!.]*.json"))}
    if unknown := [name for name in names if name not in cards]:
        raise UserError(f"no shipped weights {', '.join(unknown)}; there are: {', '.join(cards)}")
    chosen = {name: cards[name] for name in names} if names else cards
    return {name: [_command(name, part, out) for part in card["command"].split(THEN)] for name, card in chosen.items()}


FORMERLY = {"bench.probes.distill_controls": ("bench", "maintain", "controls")}
"""{module that a card runs: what took its place}; a card keeps the command that made it."""


def todays(command: str) -> list[str]:
    """The words of a card's command, as they run today."""
    return [new for word in shlex.split(command) for new in FORMERLY.get(word, (word,))]


def _command(name: str, text: str, out: Path | None) -> Command:
    parts = [sys.executable, *todays(text)[1:]]
    if out is not None:
        parts[_place(parts)] = str(out / f"{name}.npz")
    return parts


def _place(command: Command) -> int:
    """Where the weights file stands in a command that trains it or respells it."""
    return command.index("--out" if "--out" in command else "respell") + 1


def _retrain(position: int, name: str, commands: list[Command]) -> str:
    """Run the commands of one card, their progress line at `position`; says whether the bits are those that ship."""
    path = Path(commands[0][_place(commands[0])])
    before = read_card(FOLDER / f"{name}.npz")["sha256"]
    for command in commands:
        subprocess.run(command, check=True, env={**os.environ, "TQDM_POSITION": str(position)})
    return f"{name}: {'the same bits' if read_card(path)['sha256'] == before else 'other bits than before'}"


def retrain(commands: Mapping[str, list[Command]], workers: int = 1) -> Iterator[str]:
    """Run the commands, `workers` side by side -> a line for each: whether the bits are those that ship."""
    with ThreadPoolExecutor(workers) as pool:
        done = [pool.submit(_retrain, i % workers, *item) for i, item in enumerate(commands.items())]
        for future in done:
            yield future.result()
