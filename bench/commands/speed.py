"""`python -m bench speed`: measure every row, print the table, write it, and say by the exit code whether all hold."""

from __future__ import annotations

from pathlib import Path

import click
from tqdm import tqdm

from bench.commands import kinds
from bench.speed import plan
from bench.speed.context import Context, Measurement
from bench.speed.processes import sides
from bench.speed.rows import Ratio
from bench.speed.table import text

OUT = Path("results/reference/benchmarks")


@click.command()
@click.option("--only", multiple=True, metavar="NAME", help="Rows with NAME in `work / against`; repeatable.")
@click.option("--rounds", type=kinds.COUNT, default=5, show_default=True)
@click.option("--out", type=kinds.OUT_FOLDER, help=f"Folder of the table and plot; whole runs: {OUT}.")
def command(only: tuple[str, ...], rounds: int, out: Path | None) -> None:
    """Measure the engine against its peers, in turns; exit code 1 if a target is not met."""
    chosen = [m for m in plan.measurements() if _meant(m.name, only)]
    if not chosen:
        names = "\n".join(m.name for m in plan.measurements())
        raise click.UsageError(f"--only {' '.join(only)} names no row; there are:\n{names}")
    rows, kept = [], out or not only
    with sides(*plan.SIDES) as processes:
        context = Context(processes, rounds)
        for measurement in tqdm(chosen, unit="row"):
            rows.append(attempt(measurement, context))
            tqdm.write(text(rows[-1:]).splitlines()[1])
        peaks = context.peaks if kept else {}
    click.echo(text(rows))
    if kept:
        from bench.speed.report import write

        write(out or OUT, rows, peaks, rounds)
    raise SystemExit(int(any(row.held is False for row in rows)))


def attempt(measurement: Measurement, context: Context) -> Ratio:
    """The row, or one that says in a line why there is none, and does not hold."""
    try:
        return measurement.measure(context)
    except Exception as problem:
        reason = f"{type(problem).__name__}: {problem}".splitlines()[0]
        return Ratio(measurement.work, measurement.against, missing=reason)


def _meant(name: str, only: tuple[str, ...]) -> bool:
    return not only or any(part.casefold() in name.casefold() for part in only)
