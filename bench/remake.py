"""`python -m bench.remake [NAME …]`: the shipped weights, made again by the commands in their cards."""

from __future__ import annotations

import json
import shlex
import subprocess
import sys

from optimizers.shipped import FOLDER


def commands(names: list[str]) -> dict[str, list[str]]:
    """{name: argument list} of the cards, all or those named."""
    cards = {card.stem: json.loads(card.read_text()) for card in sorted(FOLDER.glob("[!.]*.json"))}
    chosen = {name: cards[name] for name in names} if names else cards
    return {
        name: [sys.executable, *shlex.split(card["command"])[1:]] for name, card in chosen.items()
    }


if __name__ == "__main__":
    for name, command in commands(sys.argv[1:]).items():
        print(f"{name}: {shlex.join(command)}", file=sys.stderr)
        subprocess.run(command, check=True)
