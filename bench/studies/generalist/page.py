"""What was measured, as Markdown: the sentence, the targets, families, conditions, and how it was done."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from bench.reports.tables import piped
from bench.scores.statistics import Interval
from bench.studies.generalist import split
from bench.studies.generalist.best_of import KS, REPLICATES, Curve, behind, counts, intervals, together
from bench.studies.generalist.breaks import LIBRARY, Broken
from bench.studies.generalist.entrants import BEFORE, KNOB, UNTUNED
from bench.studies.generalist.trials import MEDIUM_TRIALS

Curves = Mapping[str, Mapping[str, Mapping[str, Curve]]]
"""{metric: {"name, searched": {task: curve}}}."""
_METRICS = ("mean_log", "mean_loss")
_PICTURE = "../results/reference/generalist/generalist.png"


def sentence(curves: Curves, name: str) -> str:
    """The one for the first page: where untuned equals tuned Adam."""
    ahead = counts(_reported(curves["mean_log"][f"{name}, {UNTUNED}"]), curves["mean_log"]["adam, whole space"])
    few, many = (ahead[KS.index(k)] for k in (4, 24))
    return (
        f"`{name}`, untuned, is ahead of Adam tuned with 4 trials on {few[0]} of {few[3]} tasks, and of Adam tuned "
        f"with 24 trials on {many[0]} of {many[3]}. It was trained and chosen on no task of these families. Adam has "
        "four hyper-parameters. The score is the mean over the run of log10 of loss / initial loss (`mean_log`)."
    )


def page(
    curves: Curves,
    names: Sequence[str],
    broken: Sequence[Broken],
    costs: Sequence[str],
    through_fit: Sequence[str] = (),
    within: Sequence[str] = (),
) -> str:
    """The whole page; `broken` has rows of conditions, and of the library where `task` is as it is. `through_fit`: as
    bench.studies.generalist.fits has it; `within` as bench.studies.generalist.inside has it.
    """
    sections = {
        "Where it breaks": [*_failures(curves, names), *_breaks(broken), *through_fit],
        "How many trials it is worth": _counted(curves, names),
        "The targets": _targets(curves, names),
        "What it costs": [*costs, ""],
        "What it uses": [*within, *_PROBES, ""],
        "Family by family": _families(curves, names),
        "How this was measured": _method(),
    }
    lines = [
        "# The generalist",
        "",
        "Made by `python -m bench generalist`. One set of weights, no tuning, beside optimizers tuned with k trials.",
        "",
        sentence(curves, names[0]),
        "",
        f"![Score against trials of tuning, family by family]({_PICTURE})",
        "",
        *(line for title, told in sections.items() for line in (f"## {title}", "", *told)),
    ]
    return "\n".join(lines) + "\n"


def _counted(curves: Curves, names: Sequence[str]) -> list[str]:
    told = [
        "Number of reported tasks on which the untuned generalist is ahead of the best of k trials. In brackets: on",
        "how many the whole 95 % interval, over problems and trials, agrees. Heavy tasks have 24 trials, medium ones",
        f"{MEDIUM_TRIALS}; a column counts the tasks that have so many.",
        "",
    ]
    for metric in _METRICS:
        rows = []
        for name in (*names, BEFORE):
            for label, theirs in curves[metric].items():
                if label.endswith((KNOB, UNTUNED)):
                    continue
                found = counts(_reported(curves[metric][f"{name}, {UNTUNED}"]), theirs)
                rows.append([name, label, *(f"{a}/{n} ({s})" if n else "" for a, s, _, n in found)])
        told += [f"By `{metric}`:", "", *piped(["weights", "against", *(f"k = {k}" for k in KS)], rows), ""]
    return told


def _targets(curves: Curves, names: Sequence[str]) -> list[str]:
    rows = [
        _ahead_of_adam(curves[metric], names, metric, k, goal)
        for k, goal in ((24, 0.9), (64, 0.75), (128, 0.6))
        for metric in _METRICS
    ]
    rows += _best_entry(curves, names) + _at_home(curves, names)
    head = ["against", "goal", ", ".join(names), BEFORE, "verdict"]
    told = [
        f"The verdict is on {', '.join(f'`{name}`' for name in names)} together; `{BEFORE}` is for comparison.",
        "Decades are decades of loss: below 0 the weights are ahead of Adam.",
        "",
    ]
    return [*told, *piped(head, rows), ""]


def _ahead_of_adam(of: Mapping[str, Mapping[str, Curve]], names: Sequence[str], metric: str, k: int, goal: float):
    adam = of["adam, whole space"]
    ours = [_reported(of[f"{name}, {UNTUNED}"]) for name in (*names, BEFORE)]
    found = [counts(one, adam)[KS.index(k)] for one in ours]
    *cells, before = (f"{ahead}/{n}" for ahead, _, _, n in found)
    met = all(ahead >= goal * n for ahead, _, _, n in found[:-1])
    word = "held" if met else "missed"
    return [f"Adam, {k} trials, {metric}", f"ahead on at least {goal:.0%}", ", ".join(cells), before, word]


def _best_entry(curves: Curves, names: Sequence[str]) -> list[list[str]]:
    """Interquartile mean of `anytime` less that of the hand-designed entry best by it, with all trials of a task."""
    tasks = split.reported()
    pooled = {}
    for label, theirs in curves["anytime"].items():
        if label.endswith("whole space"):
            pooled[label] = together([_last(theirs[task]) for task in tasks], "iqm")
    best = min(pooled, key=lambda label: float(pooled[label].value[0]))
    rows, words = [], []
    for name in (*names, BEFORE):
        ours = together([_first(curves["anytime"][f"{name}, {UNTUNED}"][task]) for task in tasks], "iqm")
        found = Curve(ours.value - pooled[best].value, ours.replicates - pooled[best].replicates)
        value, low, high = (float(part[0]) for part in intervals(found))
        rows.append(f"{-value:+.3f} [{-high:+.3f}, {-low:+.3f}]")
        words.append(high < 0)
    word = "held" if all(words[:-1]) else "missed"
    return [[f"{best}, all trials, `anytime`", "ahead, interval clear", "; ".join(rows[:-1]), rows[-1], word]]


def _at_home(curves: Curves, names: Sequence[str]) -> list[list[str]]:
    rows = []
    for task in (*split.AT_HOME, "matrix-factorization"):
        theirs = curves["mean_log"]["adam, whole space"]
        if task not in theirs:
            continue
        found = [
            float(behind(curves["mean_log"][f"{name}, {UNTUNED}"][task], theirs[task]).value[KS.index(64)])
            for name in (*names, BEFORE)
        ]
        word = "held" if max(found[:-1]) <= 0.5 else "missed"
        trained = "" if task in split.reported() else " (a family trained on)"
        *got, before = (f"{value:+.2f}" for value in found)
        against = f"Adam, 64 trials, mean_log, {task}{trained}"
        rows.append([against, "at most 0.5 decades behind", ", ".join(got), before, word])
    return rows


def _families(curves: Curves, names: Sequence[str]) -> list[str]:
    told = [
        "Mean over a family's tasks of `mean_log`, lower is better, with 95 % intervals over problems, trials, tasks.",
        "k = 0 is without tuning. `generalist` is also tuned with up to 24 trials of its one setting, a multiplier of",
        "its steps.",
        "",
    ]
    for family, tasks in {**split.REPORTED, "all": split.reported()}.items():
        rows = []
        for label, theirs in curves["mean_log"].items():
            found = intervals(together([theirs[task] for task in tasks]))
            rows.append([label, *_cells(found)])
        told += [f"### {family}: {', '.join(tasks)}" if family != "all" else "### All reported tasks", ""]
        told += [*piped(["optimizer", *(f"k = {k}" for k in KS)], rows), ""]
    return told


def _cells(found: Interval) -> list[str]:
    triples = zip(*found, strict=True)
    return [f"{_plain(v)} [{_plain(low)}, {_plain(high)}]" if np.isfinite(v) else "" for v, low, high in triples]


def _failures(curves: Curves, names: Sequence[str]) -> list[str]:
    """Reported tasks on which a generalist is, over the run, no better than its start, or than Adam untuned."""
    told = []
    for name in (*names, BEFORE):
        ours, adam = curves["mean_log"][f"{name}, {UNTUNED}"], curves["mean_log"]["adam, whole space"]
        tasks = [task for task in split.reported() if task in ours]
        above = [f"{task} ({ours[task].value[0]:+.2f})" for task in tasks if ours[task].value[0] >= 0]
        behind_defaults = [task for task in tasks if ours[task].value[0] > adam[task].value[0]]
        told += [
            f"- `{name}`: averaged over the run its loss is above the initial one on {', '.join(above) or 'no task'};",
            f"  it is behind Adam's defaults on {', '.join(behind_defaults) or 'no task'}.",
        ]
    return ["On the reported tasks, by `mean_log`:", "", *told, ""]


def _breaks(rows: Sequence[Broken]) -> list[str]:
    library = [row for row in rows if row.condition == LIBRARY]
    conditions = [row for row in rows if row.condition != LIBRARY]
    return [*(_of_library(library) if library else []), *(_matrix(conditions) if conditions else [])]


def _of_library(rows: Sequence[Broken]) -> list[str]:
    said = "; ".join(f"{row.entry} on {row.task}, {row.worse} of {row.problems}" for row in rows if row.worse)
    return [
        f"Runs on every task of the library that end above their initial loss ({len({r.task for r in rows})} tasks,",
        f"{rows[0].problems} problems each, {', '.join(dict.fromkeys(row.entry for row in rows))}): {said or 'none'}.",
        "",
    ]


def _matrix(rows: Sequence[Broken]) -> list[str]:
    labels = list(dict.fromkeys(row.entry for row in rows))
    lines = []
    for condition, task in dict.fromkeys((row.condition, row.task) for row in rows):
        mine = {row.entry: row for row in rows if (row.condition, row.task) == (condition, task)}
        lines.append([condition, task, *(_broken(mine[label]) for label in labels)])
    return [
        "`mean_log` with its 95 % interval over problems; lower is better. In bold: how many problems end above their",
        "initial loss. Adam has the settings that were best on the unchanged task.",
        "",
        *piped(["condition", "task", *labels], lines),
        "",
    ]


def _broken(row: Broken) -> str:
    value, low, high = (float(part) for part in row.mean_log)
    end = f", **{row.worse}/{row.problems} end above**" if row.worse else ""
    return f"{_plain(value)} [{_plain(low)}, {_plain(high)}]{end}"


def _plain(value: float) -> str:
    """Two decimals; a zero has no sign."""
    return f"{round(value, 2) + 0.0:.2f}"


def _method() -> list[str]:
    return [
        f"- Trained on, all randomly scaled: {_listed(split.TRAINED_ON)}.",
        f"- Two settings of `stride`, `start` and `up`, were chosen after training, on {_listed(split.CHOSEN_ON)}.",
        *_CHOICE,
        f"- Reported: {_listed(split.REPORTED)}. The split is `bench/studies/generalist/split.py`.",
        *_PROTOCOL,
    ]


_PROBES = (
    "The probes of `bench probe` are undecided. They read one parameter as a system with one input and its own state.",
    "Here a parameter's move depends on its whole tensor, through 22 numbers and a recurrent state that all its",
    "parameters share. A probe that needs the system of one parameter finds it not component-wise, and is undecided.",
)
_CHOICE = (
    "  The rule was written down first, and the weights of seed 0 were the only ones that it saw",
    "  ([decision 32](decisions/0032-first-steps.md)). That the same weights with longer first steps fail on",
    "  deep-linear and digits-conv was known before.",
)
_PROTOCOL = (
    "- All k of an optimizer come from one set of quasi-random trials. The best of k by the tuning problems is scored",
    "  on the report problems, and averaged over all ways to take k of the trials.",
    "- The budget depends on what a step of the task costs. Medium: 200 steps, 128 trials on 16 tuning problems, 64",
    "  report problems. Heavy: 100, 24, 8, 32. So it is in the suite `core`, but for its 64 trials of medium tasks.",
    "  The best trials are not run again on further problems.",
    "- Intervals: bootstrap of trials, tuning problems and report problems, and of tasks where there are several;",
    f"  {REPLICATES} replicates.",
    "- `rnnprop-mixture`, which shipped before, was trained on matrix-factorization, among others.",
    "- Whole space: the entry's own. Rate only: the rate from a tenth to a hundred times the published one, all else",
    "  as published. Multiplier: of all moves, from a tenth to ten. Cosine schedules are told how many steps a run",
    "  has; the generalist is not.",
)


def _listed(families: Mapping[str, Sequence[str]]) -> str:
    return "; ".join(f"{family} ({', '.join(tasks)})" for family, tasks in families.items())


def _reported(of: Mapping[str, Curve]) -> dict[str, Curve]:
    return {task: of[task] for task in split.reported()}


def _first(curve: Curve) -> Curve:
    return Curve(curve.value[:1], curve.replicates[:, :1])


def _last(curve: Curve) -> Curve:
    """All the trials there are."""
    i = int(np.flatnonzero(np.isfinite(curve.value))[-1])
    return Curve(curve.value[i : i + 1], curve.replicates[:, i : i + 1])
