"""Entry point of the command. A stop while it starts is a line, so nothing else is imported before that holds."""

import sys

from bench import stops, terminal, waiting


def main(name: str = "python -m bench") -> None:
    """Run the command, called by `name`. Raises SystemExit."""
    stops.end_at_once()
    terminal.settle()
    waiting.watch()
    from bench.commands.shell import run

    try:
        run(name)
    except SystemExit as end:
        if "tensorflow" in sys.modules:
            stops.leave(end.code)
        raise


if __name__ == "__main__":
    main()
