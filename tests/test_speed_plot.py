"""The picture of the speed table: no two units share an axis, every axis has two labels, and every row its number."""

import pytest

from bench.errors import UserError
from bench.speed import plot
from bench.speed.rows import Limit, Ratio

ROWS = (
    Ratio("a race", "JAX", (1.9, 2.0, 2.2), Limit("at least", 1.5)),
    Ratio(
        "another race of a rather long name, in many pieces", "PyTorch, compiled", (0.8, 0.9), Limit("at least", 1.0)
    ),
    Ratio("a race", "the bound", (2.9, 3.0), unit="× bound"),
    Ratio("cost in seeds", "× 64", (0.8, 0.95), Limit("at most", 1.05), unit="exponent"),
    Ratio("start", "warm cache", (0.7, 0.8), Limit("at most", 1.0), unit="s"),
    Ratio("start", "cold cache", missing="not installed", unit="s"),
    Ratio("a lost race", "JAX", (float("nan"),)),
)


@pytest.fixture(scope="module")
def figure(tmp_path_factory):
    held = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(plot.canvas, "save", lambda figure, _: held.append(figure))
        plot.draw(ROWS, tmp_path_factory.mktemp("plot") / "x.png")
    held[0].canvas.draw()
    return held[0]


def test_every_unit_has_an_axis_of_its_own(figure):
    labels = [axes.get_xlabel() for axes in figure.axes]
    assert [label.split()[0] for label in labels] == ["times", "times", "exponent:", "seconds"]
    assert "right is better" in labels[0]
    assert all("left is better" in label for label in labels[1:])
    rows = [[text.get_text() for text in axes.get_yticklabels()] for axes in figure.axes]
    assert [len(names) for names in rows] == [3, 1, 1, 2]
    assert rows[3] == ["start, warm cache", "start, cold cache"]
    assert [text.get_text() for text in figure.axes[3].texts] == ["0.75 s", "not measured"]


def test_axes_have_two_labels_and_hold_what_is_drawn(figure):
    for axes in figure.axes:
        low, high = axes.get_xlim()
        ticks = [tick for tick in axes.get_xticks() if low <= tick <= high]
        assert len(ticks) >= 2
        for line in axes.lines:
            assert all(low <= float(x) <= high or x != x for x in line.get_xdata()), axes.get_xlabel()
    assert [axes.get_xscale() for axes in figure.axes] == ["log", "log", "linear", "log"]


def test_the_legend_says_what_a_mark_is_and_covers_nothing(figure):
    texts = [text.get_text() for text in figure.legends[0].get_texts()]
    assert texts == ["target met", "target missed", "no target", "target", "range of rounds"]
    box = figure.legends[0].get_window_extent()
    assert not any(box.overlaps(axes.get_window_extent()) for axes in figure.axes)


def test_a_picture_in_the_way_is_a_users_mistake(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(UserError, match="cannot write"):
        plot.draw(ROWS, tmp_path / "file" / "x.png")
