"""The verbs of `python -m bench`, each imported when it is run and not when it is listed."""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from typing import Any

import click

from optimizers.syntax import nearest

VERBS: Mapping[str, str] = {
    "list": "List tasks, optimizers, suites and more, one line each.",
    "show": "Everything about one task or optimizer.",
    "run": "Run a suite, or resume it.",
    "leaderboard": "One row per optimizer over the runs in folders.",
    "report": "One offline HTML page of the runs in folders.",
    "curves": "Recorded losses, tidy: task, optimizer, seed, step, loss.",
    "plot": "Draw the runs in folders; seven kinds of picture.",
    "scores": "Scores of every run, tidy: task, optimizer, tuned_for, seed, metrics.",
    "trials": "The trials of tuning, tidy: settings and mean scores.",
    "merge": "Put the runs of several folders into one.",
    "verify": "Run cells of a folder again; an exit code says whether they agree.",
    "submit": "Check whether a folder's rows can be added to a reference.",
    "export": "Write runs in the formats of IOHprofiler and COCO.",
    "compare": "Compare two optimizers; an exit code for CI.",
    "check": "Check a task, an optimizer or a file.",
    "probe": "Probe an optimizer for its mechanisms.",
    "ablate": "Race an optimizer without each of its mechanisms.",
    "distill": "Fit a closed form to an optimizer and race it.",
    "anatomy": "Draw the paper's figures for an optimizer, on one page.",
    "metatrain": "Meta-train an architecture on tasks.",
    "generalise": "Race learned optimizers on unseen tasks.",
    "paper": "Judge the founding paper's claims, one by one.",
    "targets": "Compare the shipped specialists with their targets.",
    "generalist": "Race the generalists against tuned optimizers.",
    "speed": "Compare the engine's speed with that of its peers.",
    "doctor": "Check this machine: versions, threads, caches, disk.",
    "completion": "Print the script for command completion in a shell.",
    "maintain": "Remake shipped data: weights, controls, timings, floors, pages.",
}
"""{verb: what it does}; the command of a verb is `command` in the module of its name."""


class Group(click.Group):
    """A group that suggests the nearest of its commands."""

    def resolve_command(self, ctx: click.Context, args: list[str]) -> Any:
        if args and not args[0].startswith("-") and args[0] not in self.commands and not ctx.resilient_parsing:
            ctx.fail(f"No such command {args[0]!r}{nearest(args[0], self.commands)}")
        return super().resolve_command(ctx, args)


class Verbs(Group):
    """A group whose commands are modules of a package, one a verb."""

    def __init__(self, *args: Any, package: str = "", verbs: Mapping[str, str] = {}, **settings: Any):
        super().__init__(*args, **settings)
        self._package = package
        for verb, about in verbs.items():
            self.add_command(click.Command(verb, short_help=about))

    def resolve_command(self, ctx: click.Context, args: list[str]) -> Any:
        if args and args[0] in self.commands:
            module = importlib.import_module(f"{self._package}.{args[0]}")
            return args[0], module.command, args[1:]
        return super().resolve_command(ctx, args)


HELP = {"help_option_names": ["-h", "--help"]}


@click.group(cls=Verbs, package="bench.commands", verbs=VERBS, invoke_without_command=True, context_settings=HELP)
@click.pass_context
def main(context: click.Context) -> None:
    """Race learned and hand-designed optimizers on equal budgets, and look inside the learned ones."""
    if context.invoked_subcommand is None:
        click.echo(context.get_help())
