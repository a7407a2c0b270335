"""The picture of a training: what is plotted, and the tuned baselines beside it in their looks."""

import dataclasses

import numpy as np
import pytest

from bench.lookup import canvas
from bench.lookup.appearance import look
from bench.metatraining import curves, state

LEVELS = {"momentum": 0.06, "rmsprop": 0.09, "adam": 0.055}


def drawn(monkeypatch, tasks, baselines):
    held = []
    monkeypatch.setattr(canvas, "save", lambda figure, _: held.append(figure))
    curve = [[i, 0, 1.0 / (i + 1), 10.0 ** (-i % 5), 0] for i in range(20)]
    history = [[10, 0.5, 0.3, -1.0], [20, 0.25, 0.05, -2.0]]
    now = dataclasses.replace(state.start({"w": np.zeros(2, "float32")}), curve=curve, history=history)
    curves.plot(dataclasses.replace(now, baselines=baselines), None, tasks, "gru[units=2]")
    held[0].canvas.draw()
    return held[0]


def of(task, scale=1.0):
    return {task: {name: {"theta": {}, "mean": scale * mean} for name, mean in LEVELS.items()}}


def test_losses_norms_and_baselines_are_drawn(monkeypatch):
    above, beside, below = drawn(monkeypatch, ["rosenbrock"], of("rosenbrock")).axes
    assert above.lines[1].get_ydata().tolist() == [0.5, 0.25]
    held_out, *levels = beside.lines
    assert held_out.get_ydata().tolist() == [0.3, 0.05]
    assert [(line.get_ydata()[0], line.get_color()) for line in levels] == [
        (level, look(name).line()["color"]) for name, level in LEVELS.items()
    ]
    assert below.get_yscale() == "log"
    assert above.get_xlim() == beside.get_xlim() == below.get_xlim()


def test_of_a_mixture_a_level_is_the_mean_over_tasks(monkeypatch):
    beside = drawn(monkeypatch, ["one", "two"], of("one") | of("two", 3.0)).axes[1]
    assert [line.get_ydata()[0] for line in beside.lines[1:]] == pytest.approx([2 * level for level in LEVELS.values()])


def test_the_legend_names_baselines_with_their_numbers(monkeypatch):
    figure = drawn(monkeypatch, ["rosenbrock"], of("rosenbrock"))
    texts = [text.get_text() for text in figure.legends[0].get_texts()]
    assert texts[2:] == ["tuned momentum, 0.06", "tuned rmsprop, 0.09", "tuned adam, 0.055"]
    assert figure.get_suptitle() == "gru[units=2] trained on rosenbrock"


def test_without_baselines_the_picture_says_so(monkeypatch):
    figure = drawn(monkeypatch, ["digits-conv"], {})
    assert len(figure.axes[1].lines) == 1
    assert "no baselines were tuned" in figure.get_suptitle()
