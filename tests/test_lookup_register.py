"""Adding one's own: files, installed plug-ins, one `register`, and mistakes that explain themselves."""

import dataclasses
import sys

import keras
import pytest

import bench
import optimizers.registry
import tasks.base
from bench.engine import contracts
from bench.errors import UserError
from bench.lookup import identity, plugins, resolve
from bench.lookup.named import NamedTask
from bench.lookup.register import register
from optimizers import Entry, LogUniform, Optimizer, OptimizerError
from tasks import Task, TaskError, tf

TASK = """
from dataclasses import dataclass

from tasks import Task, register, tf


@dataclass(frozen=True)
class Mine(Task):
    def sample(self, key):
        return tf.random.stateless_normal([2], key, alg="philox"), ()

    def loss(self, params, data, batch):
        return tf.reduce_sum(tf.square(params))


register("{name}", Mine())
"""


class Bowl(Task):
    def sample(self, key):
        return tf.random.stateless_normal([2], key, alg="philox"), ()

    def loss(self, params, data, batch):
        return tf.reduce_sum(tf.square(params))


def build(theta):
    return Optimizer(lambda params: (), lambda g, state, params, step: (g, state))


@pytest.fixture(autouse=True)
def _own_registries(monkeypatch):
    for module in (tasks.base, optimizers.registry):
        monkeypatch.setattr(module, "_registry", dict(module._registry))
    monkeypatch.setattr(plugins, "_loaded", {})
    plugins.load_plugins.cache_clear()
    yield
    plugins.load_plugins.cache_clear()


PLUGGED = TASK.format(name="plugged")


def package(folder, name="optoscope_plugin_test", code=PLUGGED):
    """An installed distribution with one module, as an installer would leave it, not looked for yet."""
    plugins.load_plugins.cache_clear()
    sys.modules.pop(name, None)
    (folder / f"{name}.py").write_text(code)
    info = folder / f"{name}-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(f"[optoscope.plugins]\nmine = {name}\n")
    return name


class TestFiles:
    def test_a_file_is_run_once_and_says_what_it_added(self, tmp_path):
        path = tmp_path / "mine.py"
        path.write_text(TASK.format(name="mine"))
        assert plugins.load_file(path) == (("mine",), (), ())
        assert plugins.load_file(str(path)) is plugins.load_file(path)
        assert resolve.named_task("mine").task.__class__.__name__ == "Mine"

    @pytest.mark.parametrize(
        ("code", "words"),
        [
            ("\nimport nowhere_at_all", "mine.py, line 2: ModuleNotFoundError: No module named 'nowhere_at_all'"),
            ("x = (", "SyntaxError"),
            (TASK.format(name="Mine"), "task name 'Mine' is not valid; use lower-case words"),
            (TASK.format(name="rosenbrock"), "'rosenbrock' is already registered; choose another"),
        ],
    )
    def test_a_file_that_fails_says_why_in_one_line(self, tmp_path, code, words):
        path = tmp_path / "mine.py"
        path.write_text(code)
        with pytest.raises(UserError, match=r"cannot import .*mine\.py") as caught:
            plugins.load_file(path)
        assert words in str(caught.value)
        assert "\n" not in str(caught.value)


RULED = """
import keras
import {helper}
from optimizers import register


class Ruled(keras.optimizers.Optimizer):
    def update_step(self, gradient, variable, learning_rate):
        self.assign_sub(variable, learning_rate * {helper}.direction(gradient))


register("{name}", Ruled, defaults={{"learning_rate": 0.01}})
"""


class TestNeighbors:
    def ruled(self, folder, name, helper):
        folder.mkdir(exist_ok=True)
        (folder / f"{helper}.py").write_text("def direction(g): return g\n")
        (folder / "plugin.py").write_text(RULED.format(name=name, helper=helper))
        return folder / "plugin.py"

    @pytest.fixture(autouse=True)
    def _path(self, monkeypatch):
        monkeypatch.setattr(sys, "path", [*sys.path])

    def test_are_found_and_are_part_of_what_identifies_an_entry(self, tmp_path):
        plugins.load_file(self.ruled(tmp_path, "ruled", "rule_of_mine"))
        before = identity.optimizer_definition(optimizers.get("ruled"))
        (tmp_path / "rule_of_mine.py").write_text("def direction(g): return -g\n")
        assert identity.optimizer_definition(optimizers.get("ruled")) != before

    def test_of_one_name_in_two_folders_are_refused(self, tmp_path):
        plugins.load_file(self.ruled(tmp_path / "one", "ruled-1", "rule_of_two"))
        with pytest.raises(
            UserError, match=r"two/plugin\.py imports 'rule_of_two', which is .*one/rule_of_two\.py here"
        ):
            plugins.load_file(self.ruled(tmp_path / "two", "ruled-2", "rule_of_two"))

    def test_two_files_of_one_name_are_two_modules(self, tmp_path):
        for name, rate in (("one", 1), ("two", 2)):
            (tmp_path / name).mkdir()
            (tmp_path / name / "mine.py").write_text(f"{TASK.format(name=name)}\nRATE = {rate}\n")
            plugins.load_file(tmp_path / name / "mine.py")
        assert [plugins.module(tmp_path / name / "mine.py").RATE for name in ("one", "two")] == [1, 2]
        definitions = {identity.task_definition(tasks.get(name)) for name in ("one", "two")}
        assert len(definitions) == 2

    def test_the_projects_packages_are_its_own(self, tmp_path):
        for name in ("tasks", "optimizers"):
            (tmp_path / name).mkdir()
            (tmp_path / name / "__init__.py").write_text("raise RuntimeError('not this one')\n")
        (tmp_path / "mine.py").write_text(TASK.format(name="mine"))
        assert plugins.load_file(tmp_path / "mine.py").tasks == ("mine",)
        assert identity.task_definition(tasks.get("mine")).count(" source ") == 1


class TestPlugins:
    def test_an_unknown_name_is_looked_for_in_installed_packages(self, tmp_path, monkeypatch):
        package(tmp_path)
        monkeypatch.syspath_prepend(tmp_path)
        assert "plugged" not in tasks.names()
        assert resolve.named_task("plugged").name == "plugged"
        # a package's source is part of what identifies its tasks
        assert " source " in identity.task_definition(resolve.named_task("plugged").task)

    def test_one_that_does_not_load_is_named(self, tmp_path, monkeypatch):
        package(tmp_path, "optoscope_broken_test", "raise RuntimeError('no luck')")
        monkeypatch.syspath_prepend(tmp_path)
        with pytest.raises(UserError, match=r"plug-in 'mine' .*RuntimeError: no luck; repair or"):
            resolve.entry("no-such-optimizer")

    @pytest.mark.slow
    def test_spawned_workers_find_files_and_plugins(self, tmp_path, monkeypatch):
        package(tmp_path)
        monkeypatch.syspath_prepend(tmp_path)
        (tmp_path / "mine.py").write_text(TASK.format(name="mine"))
        plugins.load_file(tmp_path / "mine.py")
        folder = bench.run(
            "smoke",
            tmp_path / "out",
            workers=2,
            import_files=[tmp_path / "mine.py"],
            tasks=["mine", "plugged"],
            optimizers=["sgd"],
            steps=5,
            seeds=2,
            trials=2,
        )
        assert set(bench.curves(folder)["task"]) == {"mine", "plugged"}


class TestRegister:
    def test_one_door_for_tasks_and_optimizers(self):
        task = register("my-bowl", Bowl())
        assert tasks.get("my-bowl") is task
        entry = Entry("mine", "hand-designed", build)
        assert register(entry) is optimizers.get("mine")
        space = {"learning_rate": LogUniform(1e-3, 1.0)}
        assert register("my-sgd", keras.optimizers.SGD, space=space).space == space
        assert register("my-adam", keras.optimizers.Adam(0.5)).defaults["learning_rate"] == 0.5

    def test_the_same_again_changes_nothing(self):
        entry = Entry("mine", "hand-designed", build)
        assert register(entry) == register(entry)

    @pytest.mark.parametrize(
        ("arguments", "words"),
        [
            (("bad name", Bowl()), "task name 'bad name' is not valid"),
            (("rosenbrock", Bowl()), "task 'rosenbrock' is already registered"),
            (("bowl", Bowl), r"register an instance: Bowl\(\)"),
            (("thing", 5), r"cannot register a int as 'thing'; use register"),
            (("thing",), "cannot register nothing as 'thing'"),
            ((Bowl(),), "cannot register a Bowl without a name"),
            (("other", Entry("mine", "hand-designed", build)), "an Entry names itself 'mine'"),
            ((Entry("adam", "hand-designed", build),), "optimizer 'adam' is already registered"),
        ],
    )
    def test_mistakes_name_the_value_and_the_remedy(self, arguments, words):
        with pytest.raises((UserError, TaskError, OptimizerError), match=words) as caught:
            register(*arguments)
        assert "\n" not in str(caught.value)

    def test_a_task_has_no_space(self):
        with pytest.raises(UserError, match="takes nothing else, not space"):
            register("my-bowl", Bowl(), space={})


class TestBadShapes:
    @pytest.mark.parametrize(
        ("name", "f", "words"),
        [
            ("loss", lambda self, p, d, b: tf.square(p), r"loss returns shape \(2,\), not a scalar"),
            ("loss", lambda self, p, d, b: None, "loss returns NoneType; it returns a scalar tensor"),
            ("loss", lambda self, p, d, b: tf.cast(p[0], tf.float64), "loss returns float64"),
            ("sample", lambda self, key: tf.zeros([2]), r"return the pair \(params, data\)"),
            ("sample", lambda self, key: ("x", ()), "params hold a str; hold tensors only"),
            ("sample", lambda self, key: ((), ()), "sample returns no parameters"),
            ("sample", lambda self, key: (tf.zeros([2], tf.int32), ()), "params are int32; cast"),
        ],
    )
    def test_of_a_task(self, name, f, words):
        task = type("Wrong", (Bowl,), {name: f})()
        with pytest.raises(UserError, match="task 'wrong': .*" + words):
            contracts.verify_task(NamedTask("wrong", task))

    def test_of_an_entry(self):
        space = {"rate": LogUniform(1e-3, 1.0)}
        with pytest.raises(UserError, match="space has rate but defaults do not"):
            contracts.verify_optimizer(Entry("mine", "hand-designed", build, space))
        with pytest.raises(UserError, match=r"space of 'rate' is \(0, 1\); give LogUniform"):
            contracts.verify_optimizer(Entry("mine", "hand-designed", build, {"rate": (0, 1)}, {"rate": 1}))

    def test_nothing_of_what_ships_is_refused(self):
        for name in ("rosenbrock", "two-moons-small"):
            contracts.verify_task(resolve.named_task(name))
        for name in optimizers.names():
            contracts.verify_optimizer(optimizers.get(name))


class TestKerasAnywhere:
    def test_evaluate_tune_and_run_take_a_class_or_an_instance(self, tmp_path):
        instance = keras.optimizers.SGD(1e-4, momentum=0.5)
        frame = bench.evaluate("rosenbrock", instance, seeds=2, steps=3)
        assert set(frame["seed"]) == {0, 1}
        tuned = bench.tune("rosenbrock", instance, trials=2, seeds=2, steps=3)
        assert tuned.theta["momentum"] == 0.5
        folder = bench.run(
            "smoke",
            tmp_path,
            tasks=["rosenbrock"],
            optimizers=[keras.optimizers.Lion(1e-3)],
            steps=3,
            seeds=2,
            trials=2,
        )
        assert set(bench.curves(folder)["optimizer"]) == {"lion"}


def test_what_builds_close_over_is_part_of_their_definition():
    def made(rate):
        return lambda theta: rate

    one, other = (identity.optimizer_definition(Entry("m", "oracle", made(r))) for r in (0.1, 0.2))
    assert one != other


def test_a_wrapper_is_identified_by_what_it_wraps(tmp_path):
    """The file of a user's task counts when the task is worn by one that ships."""
    path = tmp_path / "mine.py"
    path.write_text(TASK.format(name="mine"))
    plugins.load_file(path)
    worn = dataclasses.replace(tasks.get("rescaled"), task=tasks.get("mine"))
    assert " source " in identity.task_definition(worn)
    assert " source " not in identity.task_definition(tasks.get("rescaled"))


def test_what_only_this_process_knows(tmp_path, monkeypatch):
    monkeypatch.setattr(plugins, "_loaded", {})
    optimizers.register(dataclasses.replace(optimizers.get("sgd"), name="of-a-notebook"))
    path = tmp_path / "of_a_file.py"
    path.write_text(
        "from dataclasses import replace\nimport optimizers\n"
        "optimizers.register(replace(optimizers.get('sgd'), name='of-a-file'))\n"
    )
    plugins.load_file(path)
    assert plugins.only_here("rosenbrock", "of-a-notebook[learning_rate=0.1]") == "of-a-notebook"
    assert plugins.only_here("rosenbrock", "of-a-file") == plugins.only_here("quadratic[dimension=20]", "adam") == ""
