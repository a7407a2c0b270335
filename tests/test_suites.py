"""Suites by selector, and from TOML files whose mistakes name the file, the line and the remedy."""

import re
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import ClassVar

import pytest

import optimizers.registry
from bench.errors import UserError
from bench.lookup import selectors
from bench.records.record import Budget
from bench.scores.metrics import METRICS
from bench.suites import find, protocol
from bench.suites.jobs import plan, readings_planned
from bench.suites.shipped import SUITES
from bench.suites.suite import Suite
from bench.suites.toml import line_of, read
from tasks import Task

GOOD = """\
name = "mine"
about = "a try"
tasks = ["rosenbrock", "two-moons*"]
optimizers = [
    "adam[beta_1=0.8]",
    "kind:learned",
]

[metrics]
rosenbrock = "mean_log"

[budget]
seeds = 32
trials = 8

# [budgets] is where tasks differ
[budgets."two-moons*"]
trials = 4
"""


RULE = """
from optimizers import Entry, Optimizer, register
register(Entry("ruled", "hand-designed", lambda theta: Optimizer(lambda p: (), lambda g, s, p, t: (-0.001 * g, s))))
"""


def written(tmp_path, text):
    path = tmp_path / "my.toml"
    path.write_text(text)
    return path


class TestFiles:
    def test_every_field_arrives(self, tmp_path):
        suite = read(written(tmp_path, GOOD))
        learned = tuple(n for n in optimizers.names() if optimizers.get(n).kind == "learned")
        assert (suite.name, suite.about) == ("mine", "a try")
        assert suite.tasks == ("rosenbrock", "two-moons", "two-moons-small")
        assert suite.optimizers == ("adam[beta_1=0.8]", *learned)
        assert suite.budget_for("rosenbrock") == Budget(200, 32, 8, 16)
        assert suite.budget_for("two-moons-small") == Budget(200, 32, 4, 16)
        assert suite.metric_for("rosenbrock") == "mean_log"
        assert suite.metric_for("two-moons") == "mean_loss"

    def test_the_example_of_the_documentation_is_read(self, tmp_path):
        page = (Path(__file__).parents[1] / "docs" / "suites.md").read_text()
        suite = read(written(tmp_path, re.search(r"```toml\n(.*?)```", page, re.S)[1]))
        assert suite.budget_for("two-moons-small[hidden=(4, 4)]") == Budget(200, 32, 8, 16)
        assert suite.budget_for("rosenbrock") == Budget(200, 128, 64, 16)
        assert {"adam[beta_1=0.8]", "gru-rosenbrock"} < set(suite.optimizers)
        assert plan(suite)

    def test_a_re_check_is_given_or_left_out(self, tmp_path):
        without = read(written(tmp_path, GOOD.replace("trials = 4", "finalists = 0")))
        assert without.budget_for("two-moons-small") == Budget(200, 32, 8, 16, 0, 0)
        fewer = read(written(tmp_path, GOOD.replace("trials = 4", "recheck_seeds = 8")))
        assert fewer.budget_for("two-moons-small") == Budget(200, 32, 8, 16, 5, 8)
        left_out = find.override(find.get("quick"), finalists=0)
        assert left_out.budget_for("rosenbrock") == Budget(200, 512, 1024, 64, 0)
        assert find.override(left_out, finalists=2, recheck_seeds=4).budget_for("rosenbrock").recheck_seeds == 4
        with pytest.raises(UserError, match="finalists 3 without recheck_seeds is no re-check; give recheck_seeds too"):
            find.override(left_out, finalists=3)

    def test_the_least_there_can_be(self, tmp_path):
        suite = read(written(tmp_path, 'tasks = ["rosenbrock"]\noptimizers = ["sgd"]\n'))
        assert (suite.name, suite.budget) == ("my", Budget())
        assert find.get(str(tmp_path / "my.toml")) == suite

    @pytest.mark.parametrize(
        ("old", "new", "line", "text"),
        [
            ("tasks =", "task =", 3, "unknown key 'task'; known: name, about, tasks, "),
            ("tasks =", "task =", 3, "; did you mean 'tasks'?"),
            ('"rosenbrock", ', '"rosenbrok", ', 3, "did you mean 'rosenbrock'?"),
            ('"adam[beta_1=0.8]"', '"adam[beta=0.8]"', 5, "its settings are: learning_rate"),
            ('"kind:learned"', '"kind:lerned"', 6, "no optimizer matches 'kind:lerned'"),
            ("seeds = 32", "seeds = 0", 13, "seeds must be a whole number of at least 1, not 0"),
            ("seeds = 32", "seeds = true", 13, "seeds must be a whole number"),
            ("seeds = 32", "sedes = 32", 13, "unknown key 'sedes'; known: steps, seeds, "),
            ("trials = 4", "trials = 4.5", 18, "trials must be a whole number of at least 1"),
            ("trials = 4", "tirals = 4", 18, "did you mean 'trials'?"),
            ("trials = 4", "finalists = -1", 18, "finalists must be a whole number of at least 0, not -1"),
            (
                "trials = 4",
                "finalists = 0\nrecheck_seeds = 8",
                18,
                "recheck_seeds 8 without finalists is no re-check; give",
            ),
            ('"two-moons*"]\ntrials', "sphere]\ntrials", 17, "'sphere' is none of this suite's tasks"),
            ('"mean_log"', '"log"', 10, "unknown metric 'log'; known: anytime, mean_loss, "),
            (
                '"mean_log"',
                '"success_tenth"',
                10,
                "tuning does not select by 'success_tenth', so no task's table can be about it; choose one of anytime,",
            ),
            ('name = "mine"', 'name = "../mine"', 1, "cannot name a folder"),
            ('about = "a try"', "about = 3", 2, "about must be text, not 3"),
            ('name = "mine"', "name mine", 1, "; the file must be TOML"),
            ('tasks = ["rosenbrock", "two-moons*"]', "tasks = []", 3, "must be a list of names"),
            ("[budget]", "[[budget]]", 12, "budget must be a table with steps, seeds"),
        ],
    )
    def test_mistakes_name_file_line_and_remedy(self, tmp_path, old, new, line, text):
        assert old in GOOD
        path = written(tmp_path, GOOD.replace(old, new, 1))
        with pytest.raises(UserError) as mistake:
            read(path)
        said = str(mistake.value)
        assert said.startswith(f"{path}, line {line}: ")
        assert text in said
        assert "\n" not in said

    def test_files_of_ones_own_are_imported_from_the_suites_folder(self, tmp_path, monkeypatch):
        monkeypatch.setattr(optimizers.registry, "_registry", dict(optimizers.registry._registry))
        (tmp_path / "rules").mkdir()
        (tmp_path / "rules" / "mine.py").write_text(RULE)
        text = GOOD.replace('"adam[beta_1=0.8]"', '"ruled"')
        path = written(tmp_path, f'import = ["rules/mine.py"]\n{text}')
        suite = read(path)
        assert suite.optimizers[0] == "ruled"
        assert suite.files == (str(tmp_path / "rules" / "mine.py"),)
        for given, said in (('["no.py"]', "cannot import .*no.py: no such file"), ('"a.py"', "import must be a list")):
            with pytest.raises(UserError, match=rf"my\.toml, line 1: {said}"):
                read(written(tmp_path, f"import = {given}\n{text}"))

    def test_what_is_missing_is_shown(self, tmp_path):
        with pytest.raises(UserError, match=r"optimizers is missing; add, e\.g\., optimizers = \["):
            read(written(tmp_path, 'tasks = ["rosenbrock"]'))
        with pytest.raises(UserError, match=r"cannot read suite nowhere\.toml: No such file"):
            read("nowhere.toml")
        (tmp_path / "my.toml").write_bytes(b"\xff\xfe")
        with pytest.raises(UserError, match="not text in UTF-8"):
            read(tmp_path / "my.toml")

    def test_lines_are_found_in_other_layouts(self):
        assert line_of("a = 1\nbudget = { steps = 1,\n  seedz = 2 }", "budget", "seedz") == 3
        assert line_of("a = 1\nbudget.seedz = 2", "budget", "seedz") == 2
        assert line_of('about = "tasks"\n[budgets.x]\n"tasks" = 3', "tasks") == 3


@dataclass(frozen=True)
class Tagged(Task):
    cost: ClassVar[str] = "heavy"
    tags: ClassVar[tuple[str, ...]] = ("convex", "quadratic")

    def sample(self, key):
        return key, ()

    def loss(self, params, data, batch):
        return params


class TestLimits:
    def test_of_a_file_and_of_a_run(self, tmp_path):
        text = 'tasks = ["rosenbrock"]\noptimizers = ["sgd"]\ncell_timeout = 30\n'
        suite = read(written(tmp_path, text))
        assert suite.limits == (30.0, None)
        assert find.override(suite, cell_memory=2.5).limits == (30.0, 2.5 * 2**20)
        assert find.override(suite).limits == (30.0, None)

    @pytest.mark.parametrize("value", [0, -1, float("inf"), float("nan"), True, "long"])
    def test_that_are_none_are_refused(self, value):
        with pytest.raises(UserError, match=f"cell_timeout must be a positive number of seconds, not {value!r}"):
            find.override(find.get("smoke"), cell_timeout=value)

    def test_a_mistake_in_a_file_has_its_line(self, tmp_path):
        text = 'tasks = ["rosenbrock"]\noptimizers = ["sgd"]\ncell_memory = "4 GB"\n'
        with pytest.raises(UserError, match=r"my\.toml, line 3: cell_memory must be .* of MiB, not '4 GB'"):
            read(written(tmp_path, text))


class TestSelection:
    def test_names_patterns_and_tags(self):
        assert selectors.select_tasks(["tag:paper"]) == tuple(
            name for name in selectors.tasks.names() if "paper" in selectors.tasks.get(name).tags
        )
        chosen = selectors.select_tasks(["rosenbrock", "*"])
        assert chosen[0] == "rosenbrock"
        assert sorted(chosen) == sorted(selectors.tasks.names())
        assert selectors.select_tasks([Tagged()]) == (Tagged(),)
        with pytest.raises(UserError, match=r"no task matches 'tag:none'; see python -m bench list tasks"):
            selectors.select_tasks(["tag:none"])

    def test_brackets_are_no_pattern(self):
        assert not selectors.is_selector("quadratic[factor=2*3]")
        assert selectors.task_matches("two-moons-small*", "two-moons-small")
        assert selectors.is_selector("two-*")
        assert not selectors.is_selector("two-moons-small[noise=0.2]")

    def test_costs_and_tags_of_objects(self):
        assert selectors.task_matches("cost:heavy", Tagged())
        assert selectors.task_matches("tag:convex", Tagged())
        assert not selectors.task_matches("cost:light", Tagged())

    def test_an_entry_runs_only_where_it_is_made_for(self, monkeypatch):
        oracle = SimpleNamespace(name="newton", kind="oracle", needs=("quadratic",), discloses={})
        everywhere = SimpleNamespace(name="adam", kind="hand-designed", needs=(), discloses={})
        monkeypatch.setattr(selectors.resolve, "entry", {"o": oracle, "a": everywhere}.get)
        suite = Suite("s", ("rosenbrock", Tagged()), ("o", "a"))
        cells = [(job.task, job.optimizer) for job in plan(suite)]
        assert cells == [("rosenbrock", "a"), (Tagged(), "o"), (Tagged(), "a")]


class TestShipped:
    @pytest.mark.parametrize("name", SUITES)
    def test_names_exist_and_every_task_has_a_metric(self, name):
        suite = find.override(find.get(name))
        assert plan(suite)
        for task in suite.tasks:
            assert suite.metric_for(task) in METRICS
            assert suite.budget_for(task).steps > 0

    def test_the_numbers_of_quick_are_those_of_its_reference_results(self):
        quick = find.get("quick")
        assert quick.budget_for("rosenbrock") == Budget(200, 512, 1024, 64, 16, 256)
        assert quick.budget_for("two-moons-small") == Budget(200, 512, 128, 16, 5, 64)
        assert quick.metric_for("rosenbrock") == "mean_log"

    def test_paper_has_the_papers_tasks_baselines_and_seeds(self):
        paper = find.override(find.get("paper"))
        assert {"sgd", "momentum", "nesterov", "rmsprop", "adam"} < set(paper.optimizers)
        for task in ("linear-regression", "rosenbrock", "two-moons", "two-moons-small"):
            assert paper.budget_for(task).seeds == 128
            assert paper.budget_for(task).trials >= 200
        assert paper.budget_for("rosenbrock").trials == 2500
        assert readings_planned(paper)

    def test_core_spends_by_cost(self):
        core = find.get("core")
        assert core.budget_for(Tagged()) == core.budgets["cost:heavy"]
        assert core.budget_for("rosenbrock-10") == core.budget

    def test_suites_ask_the_same_of_a_task(self):
        quick, core = find.get("quick"), find.get("core")
        for task in quick.tasks:
            assert quick.budget_for(task) == core.budget_for(task) == protocol.budget_for(task)

    def test_core_has_some_of_every_family_and_all_hand_designed_entries(self):
        core = find.override(find.get("core"))
        tagged = [selectors.tasks.get(name).tags for name in selectors.tasks.names()]
        families = {tags[0] for tags in tagged if tags}  # other tests register tasks without
        assert {selectors.tasks.get(name).tags[0] for name in core.tasks} == families
        entries = [optimizers.get(name) for name in optimizers.names()]
        designed = {entry.name for entry in entries if entry.kind != "learned"}
        assert designed <= set(core.optimizers)
        assert {"gru-linear-regression", "gru-rosenbrock"} <= set(core.optimizers) - designed
        assert all(selectors.tasks.get(name).floor >= 0 for name in core.tasks)  # ratios mean something
        oracles = {job.task for job in plan(core) if job.optimizer.startswith("oracle")}
        assert oracles
        assert all("quadratic" in selectors.tasks.get(name).tags for name in oracles)

    def test_an_override_reaches_every_budget(self):
        changed = find.override(find.get("quick"), tasks=["linear-reg*"], seeds=4)
        assert changed.tasks == ("linear-regression",)
        assert changed.budget_for("linear-regression") == Budget(200, 4, 1024, 64, 16, 256)

    def test_an_unknown_suite_suggests_the_nearest(self):
        with pytest.raises(UserError, match=r"unknown suite 'quik'; known: quick, smoke.*mean 'quick'"):
            find.get("quik")
