"""`optoscope completion`: the lines that make a shell complete commands and options."""

from __future__ import annotations

import click
from click.shell_completion import get_completion_class

from bench.commands.group import main
from bench.errors import UserError

NAME = "optoscope"
SHELLS = ("bash", "zsh", "fish")


@click.command("completion")
@click.argument("shell", type=click.Choice(SHELLS))
def command(shell: str) -> None:
    """Print what makes SHELL complete the command `optoscope`.

    bash and zsh: eval "$(optoscope completion bash)" in ~/.bashrc or ~/.zshrc.
    fish: optoscope completion fish > ~/.config/fish/completions/optoscope.fish
    """
    found = get_completion_class(shell)
    if found is None:
        raise UserError(f"this click has no completion for {shell}; upgrade it: pip install -U click")
    click.echo(found(main, {}, NAME, f"_{NAME.upper()}_COMPLETE").source())
