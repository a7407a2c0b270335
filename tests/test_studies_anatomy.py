"""The anatomy of a tuned heavy ball, every figure of which is known: what is drawn are the readings."""

import base64
import re
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

import bench.probes.read
import optimizers
from bench.commands.anatomy import command
from bench.engine.problems import Problems
from bench.engine.race import race
from bench.errors import UserError
from bench.lookup import resolve
from bench.lookup.appearance import look
from bench.probes.catalog import PROBES, Probe
from bench.probes.dynamics.subject import Subject, Visited
from bench.probes.dynamics.system import System
from bench.probes.figure_data import portrait, spread_out
from bench.records import sealed
from bench.records.record import Budget
from bench.scores.metrics import METRICS
from bench.studies.anatomy import FIGURES, anatomy, draw, formula, gather
from bench.studies.anatomy import arms as anatomy_arms
from bench.studies.anatomy import curves as anatomy_curves
from bench.studies.anatomy import states as anatomy_states
from bench.studies.anatomy.drawing import apart, canvas
from bench.studies.anatomy.figures import curves, figures
from bench.studies.anatomy.measure import _discloses
from bench.studies.anatomy.report import page, sentences
from bench.studies.anatomy.update import reach_of
from optimizers import OptimizerError
from tasks import TaskError

CONTROL = {"name": "planted", "passed": True, "expected": 1.0, "measured": 1.0}
SMALL = Budget(seeds=8, trials=2, tuning_seeds=2, steps=20, finalists=0)


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """The example of the page: what it measured, and the folder it wrote."""
    text = (Path(__file__).parents[1] / "docs" / "anatomy.md").read_text()
    (example,) = re.findall(r"```python\n(.*?)```", text, re.DOTALL)
    folder = tmp_path_factory.mktemp("anatomy")
    held = {}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(bench.probes.read, "run_controls", lambda name: (CONTROL,))
        patch.chdir(folder)
        exec(example, held)
    return held["found"], folder / "anatomy"


@pytest.fixture(scope="module")
def drawn(made):
    return figures(made[0])


@pytest.fixture(scope="module")
def ball(made):
    theta = made[0]["curves"][0]["theta"]
    return theta["learning_rate"], theta["momentum"]


def line(axis, label):
    """The points of the line whose label starts so: (x, y)."""
    (found,) = [each for each in axis.lines if str(each.get_label()).startswith(label)]
    return np.asarray(found.get_xdata(), float), np.asarray(found.get_ydata(), float)


def test_five_pictures_a_page_and_numbers(made):
    found, folder = made
    assert sorted(path.name for path in folder.iterdir()) == sorted(
        [*(f"{name}.png" for name in FIGURES), "anatomy.html", "anatomy.json", "tuned"]
    )
    for name in FIGURES:
        content = (folder / f"{name}.png").read_bytes()
        assert content[:8] == b"\x89PNG\r\n\x1a\n"
        width, height = np.frombuffer(content[16:24], ">u4")
        assert width == 1300
        assert height > 400
    kept = sealed.read(folder / "anatomy.json")
    assert kept["readings"]["momentum"] == found["readings"]["momentum"]
    assert np.allclose(kept["curves"][0]["median"], found["curves"][0]["median"], rtol=0, atol=0)


def test_pictures_come_from_the_kept_numbers_alone(made):
    _, folder = made
    again = draw(sealed.read(folder / "anatomy.json"))
    assert again == {name: (folder / f"{name}.png").read_bytes() for name in FIGURES}


class _Images(HTMLParser):
    def __init__(self):
        super().__init__()
        self.images, self.links, self.open = [], [], []

    def handle_starttag(self, tag, attrs):
        attrs = dict(attrs)
        if tag == "img":
            self.images.append(attrs)
        elif tag not in ("meta", "br"):
            self.open.append(tag)
        self.links += [v for k, v in attrs.items() if k in ("href", "src") and tag != "img"]

    def handle_endtag(self, tag):
        assert self.open.pop() == tag


def test_the_page_holds_five_images_and_needs_no_other_file(made):
    found, folder = made
    text = (folder / "anatomy.html").read_text()
    parser = _Images()
    parser.feed(text)
    assert (parser.open, parser.links) == ([], [])
    assert "http" not in text
    for name, image in zip(FIGURES, parser.images, strict=True):
        kind, data = image["src"].split(",")
        assert kind == "data:image/png;base64"
        assert base64.b64decode(data) == (folder / f"{name}.png").read_bytes()
        assert sentences(found)[name] in image["alt"]
    assert "f(x) = ½ (x − x*)ᵀ H (x − x*)" in text
    assert text.count("controls passed: 1 of 1 (planted)") == 5
    assert found["readings"]["momentum"]["sentence"] in text


def test_a_probe_of_no_figure_has_a_section_of_its_own(made, monkeypatch):
    monkeypatch.setitem(PROBES, "half_life", Probe("half_life", "how long does it remember?", listed=("steps",)))
    found, folder = made
    reading = {
        "verdict": "found",
        "sentence": "half is gone in 7 steps",
        "controls": [],
        "values": {"steps": {"value": 7}},
    }
    found = {**found, "readings": {**found["readings"], "half_life": reading}}
    text = page(found, {name: (folder / f"{name}.png").read_bytes() for name in FIGURES})
    assert "<h2>6 · Half life</h2>\n<p>half is gone in 7 steps.</p>" in text
    assert "<tr><th>steps</th></tr>\n<tr><td>7</td></tr>" in text
    assert sentences(found)["half_life"] == "half is gone in 7 steps."


def test_what_is_not_claimed_is_not_written(made):
    found, _ = made
    failed = {**CONTROL, "passed": False}
    doubtful = {
        **found["readings"]["clipping"],
        "verdict": "undecided",
        "sentence": "clipping: no claim",
        "controls": [failed],
    }
    bare = {**found["readings"]["schedule"], "controls": []}
    other = {**found, "optimizer": "<b>", "readings": {**found["readings"], "clipping": doubtful, "schedule": bare}}
    text = page(other, dict.fromkeys(FIGURES, b""))
    assert "controls passed: 0 of 1 (planted); failed: planted" in text
    assert "no controls were run" in text
    assert "<h1>&lt;b&gt; on linear-regression</h1>" in text


def test_curves_are_quartiles_over_problems_in_the_look_of_each(made, drawn):
    found, _ = made
    axis = drawn["1-curves"].axes[0]
    for curve, shown in zip(found["curves"], axis.lines, strict=True):
        assert np.array_equal(shown.get_ydata(), curve["median"])
        its = look(curve["name"]).line()
        assert (shown.get_color(), shown.get_marker()) == (its["color"], its["marker"])
        assert all(np.array(curve["low"]) <= curve["median"])
        assert all(np.array(curve["median"]) <= curve["high"])
    assert [text.get_text() for text in axis.texts] == ["tuned momentum", "tuned rmsprop", "tuned adam"]
    assert axis.get_yscale() == "log"
    assert axis.get_ylabel() == "(loss − floor) / (initial loss − floor)"
    said = axis.get_title(loc="left").replace("\n", " ")
    theta = found["curves"][0]["theta"]
    assert "Median of 16 problems, band: 25–75 %" in said
    assert "by 8 trials on 4 tuning problems" in said
    assert f": momentum, learning_rate {theta['learning_rate']:.3g}" in said


def test_the_curve_of_a_race_is_that_of_the_suites_picture():
    subject, entry = resolve.named_task("styblinski-tang"), resolve.entry("sgd")
    budget = Budget(seeds=8, trials=2, tuning_seeds=2, steps=20)
    found = anatomy_curves.curve(subject, entry, dict(entry.defaults), METRICS["mean_loss"], budget)
    raced = race(entry, [dict(entry.defaults)], Problems(subject, "report", range(8), 20), record="all")
    gaps = np.asarray(raced.runs.losses[0], float) - subject.task.floor
    assert subject.task.floor < 0
    expected = np.quantile(gaps / gaps[:, :1], [0.25, 0.5, 0.75], axis=0, method="inverted_cdf")
    np.testing.assert_allclose([found.low, found.median, found.high], expected, rtol=1e-6)


def test_every_picture_names_optimizer_and_task(drawn):
    for figure in drawn.values():
        assert figure.get_suptitle() == "momentum on linear-regression"


def test_legends_cover_no_data_and_scales_are_shared(drawn):
    for name, figure in drawn.items():
        figure.canvas.draw()
        renderer = figure.canvas.get_renderer()
        legends = [axis.get_legend() for axis in figure.axes if axis.get_legend()] + list(figure.legends)
        assert legends or name == "1-curves"
        for legend in legends:
            box = legend.get_window_extent(renderer)
            assert box.x1 <= figure.bbox.x1 + 1
            assert not any(box.padded(-1).overlaps(axis.get_window_extent(renderer)) for axis in figure.axes), name
    *_, left, right = drawn["5-adaptation"].axes
    assert (left.get_ylim(), left.get_xlim()) == (right.get_ylim(), right.get_xlim())
    assert "same scale" in left.get_title(loc="left")


def test_few_kernels_are_points_and_no_curve(drawn):
    (points,) = [each for each in drawn["4-schedule"].axes[1].lines if each.get_label().startswith("no gradients")]
    assert (points.get_linestyle(), points.get_marker()) == ("None", "o")


def test_crowded_eigenvalues_are_drawn_again_enlarged():
    axis = canvas(4).subplots()
    real, imaginary = np.array([0.9, 0.91, 0.89]), np.array([0.0, 0.02, -0.02])
    anatomy_states.spectrum(axis, {"real": real.tolist(), "imaginary": imaginary.tolist(), "rates": [1.0, 0.5, 0.5]})
    (inset,) = axis.child_axes
    assert np.ptp(inset.get_xlim()) < 0.1
    for low, high, values in ((*inset.get_xlim(), real), (*inset.get_ylim(), imaginary)):
        assert low < values.min() < values.max() < high
    axis = canvas(4).subplots()
    anatomy_states.spectrum(axis, {"real": [0.9, -0.9], "imaginary": [0.0, 0.0], "rates": [1.0, 0.5]})
    assert not axis.child_axes


def test_no_marker_of_an_arm_is_cut_at_the_edge(planar):
    shown, _ = planar
    axis = canvas(4).subplots()
    anatomy_states.state_space(axis, shown)
    arms = np.array(shown["space"]["arms"])[:, :2]
    (low, high), (under, over) = axis.get_xlim(), axis.get_ylim()
    inside = [low < x < high and under < y < over for x, y in arms]
    marks = sum(each.get_marker() in ("s", "^") for each in axis.lines)
    gradients = np.array(shown["arms"]["gradients"])
    assert marks == sum(np.array(inside) & (gradients != 0))
    left_out = int(np.sum(~np.array(inside)))
    assert (f"{left_out} points of the arms lie outside" in axis.get_title(loc="left")) == (left_out > 0)


def test_the_comparison_is_paired(made):
    found, _ = made
    first, rest = found["curves"][0], found["curves"][1:]
    best = min(rest, key=lambda curve: curve["score"])
    outcome = found["comparison"]
    assert outcome["baseline"] == best["name"]
    assert (outcome["kind"], outcome["mean"]) == ("ratio", "geometric mean")
    assert outcome["effect"] == pytest.approx(first["score"] / best["score"], rel=1e-12)
    assert outcome["low"] < outcome["effect"] < outcome["high"]
    assert f"{outcome['word']} tuned {best['name']}" in sentences(found)["1-curves"]


def test_scores_are_means_as_leaderboards_have_them():
    """Geometric of mean_loss, which has no upper bound; arithmetic of mean_log."""
    ratios = np.array([0.01, 1.0, 0.1, 0.1])
    assert anatomy_curves.mean_of(ratios, METRICS["mean_loss"]).value == pytest.approx(0.1, rel=1e-6)
    found = anatomy_curves.mean_of(np.log10(ratios), METRICS["mean_log"])
    assert found.value == pytest.approx(-1.0)
    assert -2.0 <= found.low < -1.0 < found.high <= 0.0


def test_what_an_optimizer_discloses_is_said_in_words(made):
    found, _ = made
    learned = {**found, "optimizer": "gru-rosenbrock", "kind": "learned"}
    learned["discloses"] = _discloses(optimizers.get("gru-rosenbrock"))
    pictures = dict.fromkeys(FIGURES, b"")
    assert "gru-rosenbrock is learned; meta-trained on rosenbrock.</p>" in page(learned, pictures)


def test_the_kernel_drawn_is_the_heavy_ball(drawn, ball, made):
    rate, momentum = ball
    axis = drawn["2-dynamics"].axes[-1]
    lags, kernel = line(axis, "at rest")
    assert np.allclose(kernel, rate * momentum**lags, rtol=1e-4)
    assert kernel.tolist() == made[0]["readings"]["momentum"]["values"]["kernel"]
    assert np.allclose(line(axis, "fit")[1], kernel, rtol=1e-3)
    assert any("as at rest" in each.get_label() for each in axis.lines)


def test_the_eigenvalue_drawn_is_its_momentum(drawn, ball, made):
    rate, momentum = ball
    modes = made[0]["portrait"]["modes"]
    assert (modes["real"], modes["imaginary"]) == ([pytest.approx(momentum, rel=1e-6)], [0.0])
    assert modes["rates"] == [pytest.approx(rate, rel=1e-4)]
    (points,) = drawn["2-dynamics"].axes[1].collections
    assert points.get_offsets()[0].tolist() == [modes["real"][0], 0.0]


def test_update_curves_are_lines_of_that_slope(drawn, ball):
    rate, _ = ball
    signed, below, sizes, _ = drawn["3-update"].axes
    for label in ("at rest", "initial", "tangent"):
        g, dx = line(signed, label)
        assert np.allclose(dx, -rate * g, rtol=1e-5, atol=1e-9)
    g, size = line(sizes, "at rest")
    assert np.allclose(size, rate * g, rtol=1e-5)
    bars = [patch for axis in (below,) for patch in axis.patches]
    shares = bars[0].get_data().values
    assert shares.sum() == pytest.approx(100, abs=0.2)


def test_the_rate_drawn_is_the_reading_beside_tuned_momentum(drawn, ball, made):
    rate, momentum = ball
    left, right = drawn["4-schedule"].axes
    assert line(left, "no gradients")[1].tolist() == made[0]["readings"]["schedule"]["values"]["rates"]
    assert line(left, "tuned momentum")[1].tolist() == [rate, rate]
    assert np.allclose(line(right, "no gradients")[1], rate * (1 - momentum**60) / (1 - momentum), rtol=1e-4)
    assert line(right, "tuned momentum")[1][0] == pytest.approx(rate / (1 - momentum))


def test_fixed_points_and_rates_under_constant_gradients(drawn, ball, made):
    rate, momentum = ball
    space, rates, _, _ = drawn["5-adaptation"].axes
    for sign, label in ((-1, "h*(g), g < 0"), (1, "h*(g), g > 0")):
        g, state = line(space, label)
        mean = made[0]["portrait"]["space"]["rest"][0]
        assert np.all(np.sign(g) == sign)
        assert np.allclose(np.abs(state - mean), rate * np.abs(g) / (1 - momentum), rtol=1e-5)
    sizes, local = line(rates, "local rate, g > 0")
    assert np.allclose(local, rate, rtol=1e-4)
    assert np.log10(sizes[-1] / sizes[0]) == pytest.approx(5)
    assert np.allclose(line(rates, "−update / g, g < 0")[1], rate / (1 - momentum), rtol=1e-4)
    assert (rates.get_xscale(), rates.get_yscale()) == ("log", "log")


def test_no_text_is_clipped_or_overlaps(drawn):
    for name, figure in drawn.items():
        figure.canvas.draw()
        width, height = figure.bbox.size
        renderer = figure.canvas.get_renderer()
        for axis in figure.axes:
            labels = [axis.title, axis.xaxis.label, axis.yaxis.label, axis._left_title, *axis.texts]
            boxes = [t.get_window_extent(renderer) for t in labels if t.get_visible() and t.get_text()]
            for box in boxes:
                assert box.x0 >= -1, name
                assert box.y0 >= -1, name
                assert box.x1 <= width + 1, name
                assert box.y1 <= height + 1, name
            for i, box in enumerate(boxes):
                assert not any(box.overlaps(other) for other in boxes[:i]), name


def test_labels_move_apart_and_keep_their_order():
    assert apart([0.5, 0.1, 0.5], 0.2).tolist() == pytest.approx([0.4, 0.1, 0.6])
    crowded = apart([1.0, 1.0, 0.99], 0.1)
    assert np.sort(crowded).tolist() == pytest.approx([0.8, 0.9, 1.0])
    assert apart([0.3], 0.1).tolist() == [0.3]


def saturating():
    """h' = A h + b g, dx = −2 tanh(h₁): two numbers of state, a soft clip behind the memory."""
    turn = 0.9 * np.array([[np.cos(0.3), -np.sin(0.3)], [np.sin(0.3), np.cos(0.3)]])

    def function(h, g, t):
        after = h @ turn.T + g[:, None] * np.array([1.0, 0.5])
        return after, -2 * np.tanh(after[:, 0])

    return System(function, h0=np.array([1.0, 0.0])), turn


@pytest.fixture(scope="module")
def planar():
    system, turn = saturating()
    gradients = np.random.default_rng(0).standard_normal(400)
    return portrait(Subject.of(system, Visited(gradients, None, 40))), turn


def test_a_portrait_of_two_numbers(planar):
    shown, turn = planar
    assert sorted(shown["modes"]["imaginary"]) == pytest.approx([-0.9 * np.sin(0.3), 0.9 * np.sin(0.3)])
    g = np.array(shown["arms"]["gradients"])
    fixed = np.linalg.solve(np.eye(2) - turn, [1.0, 0.5])
    slope = 2 / np.cosh((turn @ fixed)[0] * g) ** 2
    assert np.allclose(shown["arms"]["rates"], slope, rtol=1e-4, atol=1e-9)
    arms = np.array(shown["space"]["arms"]) - shown["space"]["rest"]
    assert np.allclose(np.linalg.norm(arms, axis=1), np.linalg.norm(fixed) * np.abs(g), rtol=1e-6)
    density = shown["density"]
    assert sum(density["positive"]) + sum(density["negative"]) + density["below"] == 400
    middle = len(shown["update"]["gradients"]) // 2
    assert shown["update"]["initial"][middle] == pytest.approx(-2 * np.tanh(0.9 * np.cos(0.3)))
    for changes in shown["arm_curves"]["changes"]:
        assert changes[len(changes) // 2] == 0


def test_a_plane_shows_drift_rest_and_both_arms(planar):
    shown, _ = planar
    axis = canvas(4).subplots()
    anatomy_states.state_space(axis, shown)
    assert np.allclose(np.transpose(line(axis, "drift")), np.array(shown["space"]["drift"])[:, :2])
    assert np.allclose(np.transpose(line(axis, "h*, stable"))[0], shown["space"]["rest"][:2])
    texts = [text.get_text() for text in axis.get_legend().get_texts()]
    assert {"visited states", "initial state h₀", "h*(g), g < 0", "h*(g), g > 0"} <= set(texts)
    assert anatomy_arms.widest(np.array([[0, 5, 1.0], [1, 0, 9.0]])) == (1, 2)


def test_states_are_spread_out():
    states = np.array([[0.1], [3.0], [2.95], [-1.0]])
    assert spread_out(states, np.zeros(1), 3).tolist() == [[3.0], [-1.0], [0.1]]
    assert len(spread_out(states, np.zeros(1), 9)) == 4


def test_the_signed_panel_reaches_four_knees():
    assert reach_of({"largest": 100.0}, 2.0) == 8.0
    assert reach_of({"largest": 5.0}, 2.0) == 5.0
    assert reach_of({"largest": 5.0}, None) == 5.0


def test_what_cannot_be_probed_says_why_and_is_raced(monkeypatch, tmp_path):
    monkeypatch.setattr(anatomy_curves, "BASELINES", ("momentum",))
    budget = "--seeds 4 --trials 2 --tuning-seeds 2 --steps 10"
    given = f"adafactor --task rosenbrock --out {tmp_path} {budget}"
    ended = CliRunner().invoke(command, given.split())
    assert ended.exit_code == 0, ended.output
    found = sealed.read(tmp_path / "anatomy.json")
    assert found["portrait"] is None
    assert found["reason"] in sentences(found)["3-update"]
    assert "not probed" in ended.output
    assert len(list(tmp_path.glob("*.png"))) == 5
    assert len(curves(found).axes[0].lines) == 2


@pytest.mark.parametrize(
    ("optimizer", "task", "budget", "error", "said"),
    [
        ("no-such", "rosenbrock", {}, OptimizerError, "no-such"),
        ("momentum", "rosenbrok", {}, TaskError, "did you mean 'rosenbrock'"),
        ("momentum", "rosenbrock", {"seeds": 0}, UserError, "seeds"),
        ("momentum", "rosenbrock", {"trails": 3}, UserError, "unknown setting 'trails'; known: seeds, trials"),
        ("oracle-newton", "linear-regression", {}, UserError, "'oracle-newton' knows the loss"),
    ],
)
def test_mistakes_are_named(tmp_path, optimizer, task, budget, error, said):
    with pytest.raises(error, match=re.escape(said)) as caught:
        anatomy(optimizer, task, tmp_path / "out", **budget)
    assert "\n" not in str(caught.value)
    assert not (tmp_path / "out").exists()


def test_the_formula_is_the_first_paragraph_of_the_task():
    assert formula(resolve.named_task("rosenbrock").task).startswith("f(x, y) = (1 − x)² + 100 (y − x²)²")


def test_an_optimizer_that_diverges_everywhere_keeps_its_curves(monkeypatch, tmp_path):
    from bench.probes import run

    def lost(*_, **__):
        raise UserError("optimizer 'sgd' diverges on every replayed problem")

    monkeypatch.setattr(run, "visited", lost)
    monkeypatch.setattr(anatomy_curves, "BASELINES", ("momentum",))
    subject, entry = resolve.named_task("rosenbrock"), resolve.entry("sgd")
    found = gather(subject, entry, dict(entry.defaults), SMALL, tmp_path)
    assert (found["readings"], found["portrait"]) == ({}, None)
    shown = figures(found)["4-schedule"].axes[0].texts[0].get_text()
    assert " ".join(shown.split()) == f"sgd cannot be probed: {found['reason']}"
