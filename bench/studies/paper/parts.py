"""The tables of claims.md and of docs/paper.md, each made of what the study wrote."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from bench.reports.tables import piped
from bench.scores.numbers import significant
from bench.studies.along.report import sentences
from bench.studies.paper import tables
from bench.studies.paper.plan import REPLICATION, TASKS
from bench.studies.paper.tables import TITLES, VERDICTS, Row, Tables
from bench.terminal import counted


def count_table(found: Tables) -> list[str]:
    """How many rows are held, by section, on each group of networks; and of the figures' numbers."""
    rows = tables.measured(found)
    own = [row for row in rows if row["judged_on"] == REPLICATION]
    lines = []
    for key, title in TITLES.items():
        some = [row for row in rows if row["section"] == key]
        lines.append((title, str(len(some)), *_counted(some)))
    lines.append(("**all**", str(len(rows)), *_counted(rows)))
    head = ("part", "rows", *VERDICTS)
    both = [("replication networks", *tables.shares(tables.counts(own)))]
    both.append(("the same rows on networks trained further", *tables.shares(tables.counts(own, "further_verdict"))))
    words = [row for row in own if not tables.is_figure(row)]
    both.append(("replication networks, without the numbers of figures", *tables.shares(tables.counts(words))))
    return [
        *piped(head, lines),
        "",
        *piped(("rows judged on replication networks", *VERDICTS), both),
        "",
        _figures(own),
    ]


def _counted(rows: Iterable[Row]) -> list[str]:
    found = tables.counts(rows)
    return [str(found[word]) for word in VERDICTS]


def _figures(rows: Sequence[Row]) -> str:
    inside, reached, count = tables.within(rows)
    return (
        f"Of {count} numbers read off figures, {inside} are within the range of our replication networks, "
        f"and {reached} within what one more network trained alike would show (95 %)."
    )


def network_table(found: Tables) -> list[str]:
    """Which networks were measured, how they were trained, and which are missing."""
    head = ("task", "networks", "group", "architecture", "iterations", "batch", "seconds", "mean loss / initial")
    rows = []
    for task, group in _groups(found.networks):
        some = [row for row in found.networks if (row["task"], row["group"]) == (task, group)]
        there = [row for row in some if row["there"] == "yes"]
        lost = [row["network"] for row in some if row["there"] != "yes"]
        names = ", ".join(row["network"] for row in there) + (f" (missing: {', '.join(lost)})" if lost else "")
        columns = ("architecture", "iterations", "batch", "seconds", "mean_loss")
        rows.append((task, names, group, *(_range([row[name] for row in there]) for name in columns)))
    return piped(head, rows)


def recipe_list(found: Tables) -> list[str]:
    """The command that trained the first network of each group on each task; the others differ in `--seed`."""
    lines = []
    for task, group in _groups(found.networks):
        some = [row for row in found.networks if (row["task"], row["group"]) == (task, group) and row["command"]]
        if some:
            lines += [f"- {task}, {group}: `{some[0]['command']}`"]
    return lines or ["No network was measured."]


def _groups(rows: Iterable[Row]) -> list[tuple[str, str]]:
    return list(dict.fromkeys((row["task"], row["group"]) for row in rows))


def _range(words: Sequence[str]) -> str:
    """One word if all are the same, else the smallest and largest number."""
    known = list(dict.fromkeys(words))
    if len(known) < 2:
        return known[0] if known else "–"
    try:
        numbers = [float(word) for word in known]
    except ValueError:
        return ", ".join(known)
    return f"{significant(min(numbers))} to {significant(max(numbers))}"


def row_table(found: Tables, key: str) -> list[str]:
    """The rows of a section, with their rules and reasons; nothing where none was measured."""
    rows = [row for row in tables.measured(found) if row["section"] == key]
    head = ("claim", "task", "sure", "paper", "held if", "ours", "verdict", "why", "trained further", "256 units")
    before = ["", *(row["claim"] for row in rows)]
    cells = [
        [
            "″" if row["claim"] == above else row["claim"],
            *(row["task"], row["sure"], row["paper"]),
            "″" if row["claim"] == above else row["rule"],
            *(tables.ours(row), f"**{row['verdict']}**{_other_judge(row)}", row["reason"]),
            f"{tables.ours(row, 'further_')}: {row['further_verdict']}" if row["further_verdict"] else "–",
            tables.shown(row["full_value"]) if row["full_value"] else "–",
        ]
        for row, above in zip(rows, before[:-1], strict=True)
    ]
    return [f"### {TITLES[key]}", "", *piped(head, cells), ""] if rows else []


def _other_judge(row: Row) -> str:
    return "" if row["judged_on"] == REPLICATION else f" ({row['judged_on']})"


def mechanism_table(found: Tables) -> list[str]:
    """A verdict on each mechanism of the abstract on each task; where the paper has no schedule, on its being flat."""
    head = ("mechanism", "task", "used", "beyond untrained twins", "without it", "trained further: used", "without it")
    rows = [row for name in _CLAIMED for row in tables.measured(found) if row["id"] == name]
    return piped(head, [_mechanism(found, row) for row in rows])


def _mechanism(found: Tables, row: Row) -> list[str]:
    other, flat = _same(found, row, "discovered-"), row["id"] == "flat"
    return [
        f"no {row['mechanism']}" if flat else row["mechanism"],
        row["task"],
        _judged(row),
        "–" if other is None or flat else _judged(other),
        row["without_it"] or "not run",
        row["further_verdict"] or "–",
        row["further_without_it"] or "not run",
    ]


_CLAIMED = ("has-momentum", "has-clipping", "has-schedule", "flat", "has-adaptation")


def _same(found: Tables, row: Row, prefix: str) -> Row | None:
    wanted = (prefix + row["mechanism"], row["task"])
    return next((other for other in found.claims if (other["id"], other["task"]) == wanted), None)


def _judged(row: Row) -> str:
    return f"{row['verdict']}{_other_judge(row)}"


def answer_table(found: Tables) -> list[str]:
    """What the adaptation probe answers about every shipped network, or what keeps it from an answer."""
    head = (
        "network",
        "task",
        "adapts",
        "the rate",
        "at most",
        "at the end",
        "follows",
        "beyond untrained",
        "no answer because",
    )
    rows = [
        (row["network"], row["task"], row["verdict"], *(row[name] or "–" for name in _ANSWER), row["why"])
        for row in found.answers
    ]
    return piped(head, rows) if rows else ["No network was asked."]


_ANSWER = ("shape", "change", "ends", "follows", "discovered")


def list_of(verdict: str) -> Callable[[Tables], list[str]]:
    """Rows of one verdict, a line each, with the reason."""

    def lines(found: Tables) -> list[str]:
        rows = [row for row in tables.measured(found) if row["verdict"] == verdict]
        said = [
            (row["claim"], row["task"], row["paper"], tables.ours(row), row["reason"] + _other_judge(row))
            for row in rows
        ]
        return piped(("claim", "task", "paper", "ours", "why"), said) if said else ["None."]

    return lines


def lost_table(found: Tables) -> list[str]:
    """Each mechanism taken away: the score over that of the whole, by task and group."""
    singles = [row for row in found.ablations if not row["interaction"]]
    head = ("task", "networks", "without", "score over the whole", "95 %", "verdicts", "random changes of equal size")
    rows = []
    for key in dict.fromkeys((row["task"], row["group"], row["removed"]) for row in singles):
        some = [row for row in singles if (row["task"], row["group"], row["removed"]) == key]
        random = [float(part) for row in some for part in row["random"].split()]
        interval = f"{_least(some, 'low')} to {_most(some, 'high')}"
        across = f"{significant(min(random))} to {significant(max(random))}" if random else "–"
        said = tables.counts(some)
        words = ", ".join(f"{word} in {count}" for word, count in said.items())
        rows.append((*key, _range([row["ratio"] for row in some]), interval, words, across))
    return piped(head, rows) if rows else ["No ablation was run."]


def pair_table(found: Tables) -> list[str]:
    """Two mechanisms taken away together, over the product of both alone."""
    pairs = [row for row in found.ablations if row["interaction"]]
    rows = []
    for key in dict.fromkeys((row["task"], row["group"], row["removed"]) for row in pairs):
        some = [row for row in pairs if (row["task"], row["group"], row["removed"]) == key]
        parts = [[float(part) for part in row["interaction"].split()] for row in some]
        interval = f"{significant(min(low for _, low, _ in parts))} to {significant(max(high for *_, high in parts))}"
        together = _range([row["ratio"] for row in some])
        rows.append((*key, together, _range([f"{value:.6g}" for value, *_ in parts]), interval))
    head = ("task", "networks", "without both", "score over the whole", "over the product of both alone", "95 %")
    return piped(head, rows) if rows else []


def _least(rows: Iterable[Row], name: str) -> str:
    return significant(min(float(row[name]) for row in rows))


def _most(rows: Iterable[Row], name: str) -> str:
    return significant(max(float(row[name]) for row in rows))


def along_list(found: Tables) -> list[str]:
    """What `anatomy --along` found of each task: the claim, its parts, and whether what grew is needed."""
    lines = []
    for page in found.along:
        seeds = counted(len(page["series"]), "seed")
        lines += [f"**{page['task']}** ({seeds}, {page['problems']} problems)", ""]
        lines += [*(f"- {said}" for said in sentences(page)), ""]
    return lines[:-1] or ["Not measured yet."]


def time_table(found: Tables) -> list[str]:
    """Seconds by part and task, as each part's file says, and their sum."""
    parts = list(dict.fromkeys(row["part"] for row in found.seconds))
    known = dict.fromkeys(row["task"] for row in found.seconds)
    tasks = [*(task for task in TASKS if task in known), *(task for task in known if task not in TASKS)]

    def total(**wanted: str) -> float:
        kept = (row for row in found.seconds if all(row[name] == word for name, word in wanted.items()))
        return sum(float(row["seconds"]) for row in kept)

    rows = [
        (part, *(f"{total(part=part, task=task):.0f}" for task in tasks), f"{total(part=part):.0f}") for part in parts
    ]
    rows.append(("all", *(f"{total(task=task):.0f}" for task in tasks), f"{total():.0f}"))
    return [
        *piped(("part", *tasks, "seconds"), rows),
        "",
        f"{total() / 3600:.1f} hours in all, one part after another.",
    ]
