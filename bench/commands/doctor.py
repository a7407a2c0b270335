"""`python -m bench doctor`: whether all is well here; exit 1 with remedies when it is not."""

from __future__ import annotations

import sys

import click


@click.command("doctor")
def command() -> None:
    """Versions, threads, caches, disk and numerics of this machine; exit 1, with remedies, if something is wrong."""
    from bench.reports.doctor import examine, text

    amiss = 0
    for finding in examine():
        amiss += bool(finding.remedy)
        click.echo(text(finding))
    click.echo(f"\n{amiss} to mend" if amiss else "\nall is well")
    sys.exit(1 if amiss else 0)
