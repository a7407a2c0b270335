"""Entry point of `python -m bench`. A stop while it starts is a line, so nothing else is imported before that holds."""

from bench import stops, terminal

if __name__ == "__main__":
    stops.end_at_once()
    terminal.settle()
    from bench.commands.shell import run

    run()
