"""What `list` and `show` say of tasks and optimizers, against what they are."""

import re

import numpy as np
import pytest
import tensorflow as tf
from click.testing import CliRunner

import optimizers
import tasks
from bench.commands import group
from bench.errors import UserError
from bench.lookup import plugins
from bench.reports import about, reference
from bench.reports.listing import listing
from bench.reports.ranges import batch, ranges, span
from bench.suites import dimensions
from optimizers import Choice, Integer, LogUniform, Uniform


def parameters(task):
    """Scalars of a problem's parameters, from shapes alone where the task can be traced."""
    key = tf.constant([0, 1], tf.int32)
    sampled = task.sample(key) if task.eager else tf.function(task.sample).get_concrete_function(key).structured_outputs
    return sum(int(np.prod(leaf.shape)) for leaf in tf.nest.flatten(sampled[0]))


@pytest.mark.parametrize("name", sorted(tasks.SHIPPED))
def test_the_table_of_dimensions_is_that_of_the_tasks(name):
    task = tasks.get(name)
    assert dimensions.dimension(name, task) == parameters(task)


def test_what_is_in_no_table_is_unknown():
    assert dimensions.dimension("nobody", tasks.get("rosenbrock")) is None


def test_the_list_of_tasks_has_what_one_chooses_by():
    head, *rows = [re.split(r"\s{2,}", line) for line in listing("tasks").splitlines()]
    assert head == ["name", "dimension", "batch", "cost", "floor", "tags", "source"]
    found = {row[0]: row[1:6] for row in rows}
    assert found.keys() >= tasks.SHIPPED
    assert found["digits-conv"] == ["874", "32", "heavy", "0.008", "image, convolution, nonconvex, stochastic"]
    assert found["branin"] == ["2", "all", "light", "0.39788", "classic, nonconvex"]
    assert found["noisy"][1] == "noise"


def test_the_list_of_optimizers_has_their_ranges():
    rows = {line.split()[0]: line for line in listing("optimizers").splitlines()}
    assert "learning_rate 1e-05–10 log, momentum 0–0.997 log of 1−x; Polyak" in rows["momentum"]
    assert "nothing to tune; gru meta-trained on rosenbrock" in rows["gru-rosenbrock"]
    assert len(rows) > len(optimizers.SHIPPED)


def test_ranges_hold_what_is_drawn():
    space = {"a": LogUniform(1e-3, 0.5, complement=True), "b": Uniform(-1, 2), "c": Integer(1, 8, log=True)}
    assert ranges(space) == "a 0.5–0.999 log of 1−x, b -1–2, c 1–8 log"
    assert space["a"].quantile(0.0) == pytest.approx(0.999)
    assert space["a"].quantile(1.0) == pytest.approx(0.5)
    assert span(Choice((True, None, "fast"))) == "True|None|fast"


def test_batches_are_of_examples():
    assert batch(tasks.get("regression-huber")) == "all"  # its field says how many there are
    assert batch(tasks.get("digits-relu")) == "32"


class TestShow:
    def shown(self, *arguments):
        done = CliRunner().invoke(group.main, ["show", *map(str, arguments)])
        assert done.exit_code == 0, done.output
        return done.output

    def test_a_task(self):
        said = self.shown("quadratic[dimension=20]")
        for text in (
            "quadratic[dimension=20]",
            "tasks.quadratic.Conditioned, tasks/quadratic.py, line ",
            "dimension = 20",
            "20 parameters",
            "medium: a step of one run takes up to 20 microseconds",
        ):
            assert text in said

    def test_a_hand_designed_optimizer(self):
        said = self.shown("adam-cosine")
        assert "keras.src.optimizers.adam.Adam, " in said
        assert re.search(r"searched +initial_learning_rate  1e-05–30 log\n +beta_1  0–0.997", said)
        assert "horizon = 200.0" in said
        assert "told how many steps a run has" in said
        assert re.search(r"state +8 bytes for each parameter", said)  # two averages of float32

    def test_a_learned_one_with_its_card_and_scores(self):
        said = self.shown("gru-rosenbrock")
        assert "optimizers.learned.rnn.Gru, optimizers/learned/rnn.py, line " in said
        assert "128 bytes for each parameter" in said  # 32 units of float32
        assert "command = python -m bench metatrain gru --tasks rosenbrock" in said
        assert re.search(
            r"mean_log \[95 %\] in results/reference/quick\n.*linear-regression .*foreign\n +1  rosenb", said
        )

    def test_long_lines_are_folded_and_a_command_is_not(self):
        long = [line for line in self.shown("generalist").splitlines() if len(line) > 115]
        assert [line.split()[:2] for line in long] == [["command", "="]]

    def test_an_oracle_has_no_state_of_its_own(self):
        said = self.shown("oracle-newton")
        assert "tasks tagged quadratic, convex" in said
        assert "bytes for each" not in said

    def test_what_a_file_adds(self, tmp_path, monkeypatch):
        for module in (tasks.base, optimizers.registry):
            monkeypatch.setattr(module, "_registry", dict(module._registry))
        monkeypatch.setattr(plugins, "_loaded", {})
        path = tmp_path / "rule.py"
        path.write_text(
            "from optimizers import Entry, Optimizer, register\n\n\n"
            "def build(theta):\n    return Optimizer(lambda p: (), lambda g, s, p, t: (-g, s))\n\n\n"
            "register(Entry('shown-rule', 'hand-designed', build))\n"
        )
        said = self.shown("shown-rule", "--import", path)
        assert f"{path}, line 4" in said
        assert "nothing to tune" in said
        assert "0 bytes for each parameter" in said

    def test_what_there_is_not(self):
        with pytest.raises(UserError, match="no task or optimizer is called 'rosenbrok'; did you mean 'rosenbrock'"):
            about.describe("rosenbrok")

    def test_scores_are_there_only_with_the_results(self, tmp_path):
        assert reference.of_task("rosenbrock", tmp_path) == []
        assert reference.of_optimizer("adam", tmp_path) == []
        title, first, *_ = reference.of_task("rosenbrock")
        assert title == "rank and mean_log [95 %] in results/reference/quick"
        assert first.split()[:2] == ["1", "gru-rosenbrock"]
