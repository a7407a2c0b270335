"""`metatrain`: from an architecture and tasks to weights, their card and their curves."""

from __future__ import annotations

import dataclasses
import functools
import sys
from pathlib import Path
from typing import Any, NamedTuple, cast

import numpy as np
from tqdm import tqdm

from bench.errors import UserError
from bench.lookup import canvas, resolve
from bench.lookup.named import NamedTask
from bench.metatraining import baselines as tuned
from bench.metatraining import curves, state
from bench.metatraining.card import card, identity, made
from bench.metatraining.kept import Keeper
from bench.metatraining.loop import Loop
from bench.metatraining.settings import Settings
from bench.metatraining.state import State
from bench.records.files import check_file, check_weights, write_bytes
from optimizers import Entry, learned
from optimizers.shipped import save

_FORM = "{desc}: {percentage:3.0f}%|{bar}| {n}/{total} [{elapsed}<{remaining}{postfix}]"


class Training(NamedTuple):
    """What every seed is trained by: an architecture by its name, tasks by theirs, and `Settings` by keyword."""

    architecture: str
    tasks: list[str]
    settings: dict[str, Any]


def metatrain(
    optimizer: Any,
    tasks: Any,
    *,
    steps: int,
    seed: int = 0,
    out: Any = None,
    progress: bool = True,
    baselines: bool | None = None,
    plot: Any = None,
    position: int | None = None,
    workers: int = 1,
    **settings: Any,
) -> dict[str, np.ndarray]:
    """Meta-train an architecture on a task, or on a mixture with one task drawn per iteration -> best θ.

    `steps`: meta-iterations. `settings`: those of Settings. With `out` (a file ending in .npz) weights, card and curves
    are written there, and a checkpoint beside it makes the same call go on where it was stopped. `progress` shows a
    line, `baselines` (as `progress` unless given) what tuned optimizers reach beside it; neither moves a bit of θ.
    `plot`: a picture of the curves. `position`: the line's, where several trainings share a terminal. `workers`: parts
    of a batch computed at once. Raises UserError.
    """
    architecture, spelled = _architecture(optimizer, out)
    subjects, chosen = _subjects(tasks), _settings(steps=steps, seed=seed, **settings)
    chosen.check_tasks(len(subjects))
    path = _weights_path(out)
    if plot is not None:
        check_file(canvas.checked(plot))
    loop = Loop(architecture, subjects, chosen, workers)
    told = loop.check_memory()
    about, now = identity(spelled, subjects, chosen), state.start(architecture.initial(seed))
    if path is not None:
        now = state.load(checkpoint_of(path), now, about)
    kept = Keeper(path, spelled, subjects, chosen)
    kept.begin(now)
    if progress:
        print(told, file=sys.stderr)
    if (progress if baselines is None else baselines) and not now.baselines:
        now = dataclasses.replace(now, baselines=tuned.tune_all(subjects, chosen, progress))
    line = {"desc": _brief(spelled, seed), "bar_format": _FORM, "disable": not progress, "position": position}
    with tqdm(total=steps, initial=now.iteration, **line) as bar:
        tell = functools.partial(_tell, bar, subjects, kept)
        now = loop.run(now, tell, functools.partial(_keep, path, about))
    _finish(now, spelled, subjects, chosen, path, plot)
    return dict(now.best)


def check(
    architecture: str,
    tasks: list[str],
    out: Path,
    *,
    progress: bool = True,
    baselines: bool | None = None,
    **settings: Any,
) -> bool:
    """Whether weights `out` are what `metatrain` would make of these arguments.

    Raises what that would raise of a mistake in them, before anything is started.
    """
    _, spelled = _architecture(architecture, out)
    subjects, chosen = _subjects(tasks), _settings(**settings)
    chosen.check_tasks(len(subjects))
    path = _weights_path(out)
    return path is not None and made(spelled, subjects, chosen, path)


def status(now: State, subjects: list[NamedTask]) -> str:
    """ "mean 0.0412 (×0.86 momentum) log10 -5.1" on held-out problems; then how many steps were skipped, if any."""
    skipped = f"skipped {now.skipped}" if now.skipped else ""
    if not now.shown:
        return skipped
    beside = tuned.compared(now.means, subjects, now.baselines)
    mean = f"mean {now.shown['mean']:.4g}" + (f" ({beside})" if beside else "")
    return f"{mean} log10 {now.shown['log10']:.4g} {skipped}".rstrip()


def _architecture(optimizer: Any, out: Any) -> tuple[Any, str]:
    """The architecture, and how it is spelled; one without a name may train but not be written."""
    architecture = learned.get(optimizer) if isinstance(optimizer, str) else optimizer
    named = out is not None or type(architecture) in learned.ARCHITECTURES.values()
    return architecture, learned.spell(architecture) if named else type(architecture).__name__


def _subjects(tasks: Any) -> list[NamedTask]:
    listed = tasks if isinstance(tasks, (list, tuple)) else [tasks]
    if not listed:
        raise UserError("no task to meta-train on; name one, e.g. rosenbrock")
    subjects = [resolve.named_task(task) for task in listed]
    if alone := [subject.name for subject in subjects if subject.task.alone]:
        raise UserError(
            f"task {alone[0]!r} runs one at a time, and meta-training needs runs side by side; name another"
        )
    return subjects


def _settings(**values: Any) -> Settings:
    """Settings with lists as tuples; raises UserError for one that does not exist."""
    plain: dict[str, Any] = {k: tuple(v) if isinstance(v, list) else v for k, v in values.items()}
    try:
        return Settings(**plain)
    except TypeError as problem:
        raise UserError(f"meta-training has no such setting: {problem}") from None


def _weights_path(out: Any) -> Path | None:
    if out is None:
        return None
    path = check_weights(out)
    Entry(path.stem, "learned", cast(Any, None))  # OptimizerError for a name that could not be loaded again
    return path


def checkpoint_of(path: Path) -> Path:
    """Where a training of weights `path` keeps what it needs to go on."""
    return path.with_suffix(".checkpoint")


def _keep(path: Path | None, about: dict[str, Any], now: State) -> None:
    if path is not None:
        state.save(checkpoint_of(path), now, about)


def _brief(spelled: str, seed: int) -> str:
    """`gru[…] seed 1`: room on the line for what changes."""
    name, settings, _ = spelled.partition("[")
    return f"{name}{'[…]' if settings else ''}{f' seed {seed}' if seed else ''}"


def _tell(bar: Any, subjects: list[NamedTask], kept: Keeper, now: State) -> None:
    kept.keep(now)
    bar.update()
    bar.set_postfix_str(status(now, subjects))


def _check_score(now: State, settings: Settings) -> None:
    if not np.isfinite(now.score):
        raise UserError(
            f"meta-loss {settings.loss!r} was never finite on held-out problems ({now.skipped} "
            f"of {settings.steps} iterations skipped); choose another --loss, a smaller --rate or other scales"
        )


def _finish(
    now: State, spelled: str, subjects: list[NamedTask], chosen: Settings, path: Path | None, plot: Any
) -> None:
    """Of a training that has a score: the files that are asked for."""
    _check_score(now, chosen)
    if path is not None:
        _write(path, card(spelled, subjects, chosen, now, path), now)
    if plot is not None:
        curves.plot(now, Path(plot), [subject.name for subject in subjects], spelled)


def _write(path: Path, made: dict[str, Any], now: State) -> None:
    """Curves, weights and card, the card last; then the checkpoint is not needed any more."""
    write_bytes(path.with_suffix(".csv"), curves.text(now, made["tasks"]).encode())
    save(path, now.best, made)
    checkpoint_of(path).unlink(missing_ok=True)
