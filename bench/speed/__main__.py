"""Entry point of `python -m bench.speed`."""

from bench.speed.cli import main

if __name__ == "__main__":
    main()
