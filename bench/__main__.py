"""Entry point of `python -m bench`."""

from bench.commands.shell import run

if __name__ == "__main__":
    run()
