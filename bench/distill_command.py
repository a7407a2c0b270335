"""`python -m bench distill`: the closed form of an optimizer, R² and races beside each other, and the reverse."""

from __future__ import annotations

import json
from pathlib import Path

import click
from tqdm import tqdm


@click.command()
@click.argument("optimizer")
@click.option("--task", required=True)
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    help="Weights file of the closed form, ending in .npz; the refined and the borrowing ones beside it.",
)
@click.option("--refine", default=100, show_default=True, help="Meta-iterations; 0 for none.")
@click.option(
    "--trials", default=128, show_default=True, help="Of the reverse, per variant; 0 for none."
)
@click.option("--problems", default=512, show_default=True, help="Report problems of every race.")
@click.option("--steps", default=200, show_default=True, help="Gradient evaluations a run.")
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text")
@click.option(
    "--import", "files", multiple=True, metavar="FILE", help="Python file with tasks or optimizers."
)
def distill(optimizer, task, out, refine, trials, problems, steps, form, files) -> None:
    """Fit a closed form of few constants to OPTIMIZER on a task, and race it against its teacher."""
    from bench import imports, names, runtime
    from bench.files import check_weights
    from bench.suites import check_count

    if out is not None:
        check_weights(out)
    for name, count in {"problems": problems, "steps": steps}.items():
        check_count(name, count)
    runtime.load_tensorflow()
    imports.load_plugins()
    imports.load_files(files)
    from bench.distillation.report import Asked, render, report, save

    asked = Asked(refine, trials, problems, steps)
    subject, entry = names.named_task(task), names.entry(optimizer)
    theta = names.theta(entry, None)
    with tqdm(total=0, desc="starting", bar_format="{desc} ({elapsed})") as bar:
        found = report(subject, entry, theta, asked, bar.set_description_str)
    if out is not None:
        save(found, out)
    click.echo(
        json.dumps(found.to_json(), indent=1, allow_nan=False) if form == "json" else render(found)
    )
