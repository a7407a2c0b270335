"""The paper's claims: every rule on planted numbers, by hand; rows that do not break; parts measured once."""

import csv
import io
import math

import numpy as np
import pytest

from bench.lookup.resolve import named_task
from bench.probes.dynamics.subject import Subject, Visited
from bench.probes.dynamics.system import System
from bench.records.memo import digest, memo
from bench.records.record import Budget
from bench.studies.ablation import measure as ablation
from bench.studies.paper import ablations as ablations
from bench.studies.paper import extract, measure, quantities, report
from bench.studies.paper import plan as plans
from bench.studies.paper.analyze import causal, judged
from bench.studies.paper.claims import CLAIMS, LINEAR, ROSENBROCK, Claim
from bench.studies.paper.evidence import OnTask, Seed
from bench.studies.paper.extract import of, over_tuned_rate, quantity
from bench.studies.paper.race_rules import (
    LEARNED,
    Beats,
    Decomposable,
    EndsAbove,
    MeanCurve,
    OfProblems,
    Order,
    TunedRate,
)
from bench.studies.paper.rules import Everywhere, MoreThan, Near, Present, Somewhere
from bench.studies.targets.measure import weights_of
from optimizers.shipped import FOLDER

HELD, NOT, OPEN = "held", "not held", "not decidable"


def race(level=1.0, curve=None, spread=0.1):
    """16 problems whose scores are level × (1 ± spread), the same pattern for everybody."""
    pattern = 1 + spread * np.linspace(-1, 1, 16)
    curve = [level] * 201 if curve is None else curve
    scores = dict.fromkeys(("mean_loss", "mean_log", "final"), level * pattern)
    return {"scores": scores, "mean": level * pattern, "initial": 10 * pattern, "last": level * pattern, "curve": curve}


def seed(number=None, *, verdict="present", ablation=None, raced=None, **values):
    readings = {"schedule": {"verdict": verdict, "values": {n: {"value": v} for n, v in values.items()}}}
    return Seed("gru", raced or race(), readings, {"number": number}, ablation)


def on(*seeds, baselines=None, task=LINEAR):
    names = ("momentum", "rmsprop", "adam")
    return OnTask(task, seeds, baselines or {n: race(2.0) for n in names}, {"momentum": {"learning_rate": 0.5}}, 16)


def said(rule, *seeds, **settings):
    found = rule.judge({LINEAR: on(*seeds, **settings)}, LINEAR)
    return found.verdict


READ = quantity("number")


@pytest.mark.parametrize(
    ("numbers", "yes", "no", "word"),
    [
        ((0.9, 0.95, 1.0), 0.9, 0.7, HELD),
        ((0.7, 0.2, 0.1), 0.9, 0.7, NOT),
        ((0.9, 0.8, 1.0), 0.9, 0.7, OPEN),
        ((0.9, 0.1, 1.0), 0.9, 0.7, OPEN),
        ((0.01, 0.02, 0.05), 0.05, 0.2, HELD),
        ((0.2, 0.3, 0.4), 0.05, 0.2, NOT),
        ((0.01, 0.1, 0.02), 0.05, 0.2, OPEN),
        ((1.0, math.inf), 1, 2, OPEN),
        ((math.inf, math.inf), 1, 2, NOT),
        ((1.0,), 0.9, 0.7, OPEN),
        ((1.0, None, 1.0), 0.9, 0.7, OPEN),
        ((), 0.9, 0.7, OPEN),
    ],
)
def test_a_threshold_in_every_meta_seed(numbers, yes, no, word):
    assert said(Everywhere("it", READ, yes, no), *map(seed, numbers)) == word


@pytest.mark.parametrize(
    ("numbers", "word"),
    [
        ((8.0, 10.0, 12.0), HELD),
        ((12.4, 12.4, 12.4), HELD),
        ((12.6, 13.0, 14.0), NOT),
        ((3.0, 5.0, 7.0), NOT),
        ((12.0, 14.0, 14.0), OPEN),  # the mean is outside, a meta-seed inside
        ((4.0, 10.0, 12.0), OPEN),  # the mean is inside, a meta-seed more than twice as far off
        ((4.0, 16.0), OPEN),
        ((math.inf, math.inf), NOT),
        ((10.0,), OPEN),
        ((10.0, math.nan), OPEN),
    ],
)
def test_a_number_near_the_papers(numbers, word):
    assert said(Near("it", READ, 10.0), *map(seed, numbers)) == word


def test_a_number_near_in_absolute_terms_and_its_interval():
    rule = Near("it", READ, 0.92, within=0.03, absolute=True)
    found = rule.judge({LINEAR: on(seed(0.9), seed(0.94))}, LINEAR)
    assert found[:3] == pytest.approx((0.92, 0.9, 0.94))
    assert (found.verdict, found.spread) == (HELD, "range over meta-seeds")
    assert said(rule, seed(0.88), seed(0.885)) == NOT


@pytest.mark.parametrize(
    ("verdicts", "word"),
    [
        (("present",) * 3, HELD),
        (("absent",) * 3, NOT),
        (("present", "present", "absent"), OPEN),
        (("present", "undecided", "present"), OPEN),
        (("undecided",) * 3, OPEN),
        (("present",), OPEN),
    ],
)
def test_a_probes_verdict(verdicts, word):
    assert said(Present("schedule"), *(seed(verdict=v) for v in verdicts)) == word
    assert said(Present("clipping"), *(seed(verdict=v) for v in verdicts)) == OPEN  # not read


def test_one_meta_seed_is_enough_for_what_the_paper_shows_once():
    rule = Somewhere("it", READ)
    assert [said(rule, *map(seed, numbers)) for numbers in ((0, 1, 0), (0, 0, 0), (0,), (1,))] == [
        HELD,
        NOT,
        OPEN,
        HELD,
    ]


def test_more_on_one_task_than_on_another():
    rule = MoreThan("it", READ, ROSENBROCK)

    def between(here, there):
        both = {LINEAR: on(*map(seed, here)), ROSENBROCK: on(*map(seed, there))}
        return rule.judge(both, LINEAR).verdict

    assert between((3, 4), (1, 2)) == HELD
    assert between((1, 2), (3, 4)) == NOT
    assert between((1, 3), (2, 4)) == OPEN
    assert between((5,), (1, 2)) == OPEN
    assert rule.judge({LINEAR: on(seed(1), seed(1))}, LINEAR).verdict == OPEN


def raced(*levels):
    return [seed(raced=race(level)) for level in levels]


def test_a_race_against_every_baseline():
    found = Beats().judge({LINEAR: on(*raced(1.0, 1.5))}, LINEAR)
    assert found[:3] == pytest.approx((0.625, 0.5, 0.75))  # same pattern: ratios without spread
    assert found.verdict == HELD
    mixed = {"momentum": race(2.0), "rmsprop": race(9.0), "adam": race(0.9)}
    lost = Beats().judge({LINEAR: on(*raced(1.0, 1.5), baselines=mixed)}, LINEAR)
    assert lost.verdict == NOT
    assert lost.value == pytest.approx((1 / 0.9 + 1.5 / 0.9) / 2)
    assert "closest: adam" in lost.reason
    assert said(Beats(), *raced(1.0, 3.0)) == OPEN


def test_who_ends_lower():
    baselines = {"momentum": race(1.0)}
    assert said(EndsAbove("momentum"), *raced(2.0, 3.0), baselines=baselines) == HELD
    assert said(EndsAbove("momentum"), *raced(0.5, 0.3), baselines=baselines) == NOT
    assert said(EndsAbove("momentum"), *raced(0.5, 3.0), baselines=baselines) == OPEN


def test_numbers_of_the_problems_and_of_baselines():
    """Mean over the run 2, initial 10: a share of 0.2, and no spread of it."""
    of_share = [said(OfProblems("momentum", "share", paper)) for paper in (0.2, 0.24, 0.17, 0.3, 0.1)]
    assert of_share == [HELD, HELD, HELD, NOT, NOT]
    wide = {"momentum": {**race(), "initial": np.array([1.0, 2.0, 3.0, 40.0] * 4)}}
    assert said(OfProblems("momentum", "initial", 8.6), baselines=wide) == OPEN  # 11.5, low end 4
    assert said(OfProblems("momentum", "initial", 10.0), baselines=wide) == HELD


def test_curves_orders_and_rates():
    curve = [float(100 - i / 2) for i in range(201)]  # 75 at 50, 50 at 100, 0 at 200
    learned = [seed(raced=race(curve=curve))] * 2
    assert said(MeanCurve(LEARNED, {50: 100, 100: 30}), *learned) == HELD
    assert said(MeanCurve(LEARNED, {50: 100, 100: 10}), *learned) == OPEN
    assert said(MeanCurve(LEARNED, {50: 10, 100: 10}), *learned) == NOT
    assert said(MeanCurve("adam", {50: 3.9}), *learned) == HELD
    baselines = {"momentum": race(60.0), "rmsprop": race(90.0), "adam": race(40.0)}
    order = ("adam", LEARNED, "momentum", "rmsprop")
    assert said(Order(100, order), *learned, baselines=baselines) == HELD
    assert said(Order(50, order), *learned, baselines=baselines) == NOT
    assert [said(TunedRate(rate)) for rate in (0.5, 0.42, 0.3, 0.2)] == [HELD, HELD, OPEN, NOT]


def ladder(decomposable, ratio=1.4, verdict="matters"):
    line = {"mechanism": "schedule", "ratio": ratio, "effect": [ratio - 0.1, ratio + 0.1], "verdict": verdict}
    reason = "" if decomposable else "a rung diverges"
    return {"ladder": {"decomposable": decomposable, "reason": reason}, "mechanisms": [line]}


def test_ablations_stand_beside_the_claim():
    whole = [seed(ablation=ladder(True)), seed(ablation=ladder(True, 1.02, "does not"))]
    assert said(Decomposable(), *whole) == HELD
    assert said(Decomposable(), seed(ablation=ladder(False)), whole[0]) == OPEN
    assert said(Decomposable(), *[seed(ablation=ladder(False))] * 2) == NOT
    assert said(Decomposable(), seed(), whole[0]) == OPEN
    expected = "without it ×1.02 to ×1.4 [0.92, 1.5]; matters in 1, does not matter in 1 of 2"
    assert causal(on(*whole), "schedule") == expected
    assert causal(on(seed(), seed()), "schedule") == "not run"
    assert causal(on(*whole), "") == ""


def test_the_chosen_ablations_are_enough_for_a_report(monkeypatch):
    """Every variant twice, re-tuned or not, all scores 1 but 2 without a schedule: only that matters."""
    chosen = ablations.chosen()
    labels = [variant.label for variant in chosen]
    assert len(labels) == len(set(labels)) == 18
    assert {f"without {name}" for name in ablations.MECHANISMS} < set(labels)

    def raced(shared, *, seeds, chosen):
        rows = [
            ablation.Outcome(one, one.spec, tuned, False, dict.fromkeys(ablation.METRICS, score(one.label, seeds)), 0.0)
            for one in chosen
            for tuned in (False, True)
        ]
        return ablation.Study("gru", shared.subject.name, shared.metric, shared.steps, seeds, rows, "stable", 1.0)

    def score(label, seeds):
        return np.full(seeds, 2.0 if label == "without schedule" else 1.0)

    monkeypatch.setattr(ablation, "study", raced)
    report = ablations.ablated(named_task("rosenbrock"), None, 8)
    found = {line["mechanism"]: line["verdict"] for line in report["mechanisms"]}
    assert found == dict.fromkeys(("momentum", "clipping", "adaptation"), "does not") | {"schedule": "matters"}
    assert report["ladder"]["decomposable"] in (True, False)
    assert report["metric"] == "mean_log"
    found = causal(on(seed(ablation=report), seed(ablation=report)), "schedule")
    assert found == "without it ×10 to ×10 [10, 10]; matters in 2 of 2"


def arms(plus, minus, rest, stability="stable"):
    rates = [*minus[::-1], rest, *plus]
    sizes = [0.01, 0.1, 1.0]
    gradients = [-1.0, -0.1, -0.01, 0.0, *sizes]
    return Seed("gru", {}, {}, {"arms": {"gradients": gradients, "rates": rates, "stability": [stability] * 7}})


def test_numbers_of_the_arms_by_hand():
    one = arms((10.0, 5.0, 1.0), (8.0, 5.0, 2.0), 4.0)
    task = on(one)
    assert extract.fall_of_rate()(task, one) == pytest.approx(0.25)
    assert extract.fall_of_rate(0.1)(task, one) == pytest.approx(0.4)
    assert extract.rise_over_tip()(task, one) == pytest.approx(6.0)
    assert extract.rise_over_tip(0.1)(task, one) == pytest.approx(10 / 3)
    assert extract.least_rate(task, one) == 1.0
    assert over_tuned_rate(extract.least_rate)(task, one) == 2.0
    assert extract.rate_at(0.1)(task, one) == pytest.approx(5.0)
    assert extract.rate_at(2.0)(task, one) is None
    assert extract.tip_rate(task, one) == 1.5
    assert extract.asymmetry(task, one) == pytest.approx(1 / 3)
    assert extract.attractors(task, one) == 1.0
    assert extract.peak_over_rest(task, one) == 2.5
    power = arms((100.0, 10.0, 1.0), (100.0, 10.0, 1.0), 1.0)
    assert extract.slope_of_rate(task, power) == pytest.approx(-1.0)
    nothing = seed()
    for read in (
        extract.fall_of_rate(),
        extract.least_rate,
        extract.asymmetry,
        extract.slope_of_rate,
        extract.attractors,
    ):
        assert read(task, nothing) is None


def test_numbers_of_the_modes_and_of_the_schedule_by_hand():
    modes = [{"alpha": 3.7, "momentum": 0.89}, {"alpha": -5.0, "momentum": 0.3}, {"alpha": None, "momentum": 0.9}]
    kernel = [{"decay": 0.6, "decay_imag": 0.6, "alpha": 1.0}]
    values = {"eigenmodes": modes, "modes": kernel, "modes_needed": {"value": 2}}
    readings = {
        "momentum": {"values": values},
        "schedule": {
            "values": {
                "initial": {"value": 2.0},
                "peak": {"value": 6.0},
                "final": {"value": 4.0},
                "peak_step": {"value": 1},
                "rates": [0.1, 6.0, 2.0, 0.4],
            }
        },
        "fixed_points": {"verdict": "present", "values": {"count": {"value": 1}}},
        "clipping": {"values": {"knee": {"value": 2.0, "low": 1.0, "high": 4.0}}},
    }
    one = Seed("gru", race(curve=[5.0, 4.0, 3.0]), readings, {})
    task = on(one, baselines={"momentum": race(curve=[5.0, 4.5, 2.0])})
    assert extract.leading_decay(task, one) == 0.3
    assert extract.mode_at_optimum(task, one) == 1.0
    assert extract.few_slow_modes(task, one) == 2.0
    assert extract.warm_up_and_decay(task, one) == 1.5
    assert extract.crosses_tuned_rate(task, one) == 3.0
    assert extract.unbounded_fixed_points(task, one) == 1.0
    assert extract.knee_spread(task, one) == 4.0
    assert extract.overtaken(task, one) == 2.0
    ahead = on(one, baselines={"momentum": race(curve=[5.0, 2.0, 3.5])})
    assert extract.overtaken(ahead, one) == math.inf
    assert of("momentum", "nothing")(task, one) is None


def test_claims_are_told_apart_and_say_their_rule():
    assert len({(claim.id, claim.task) for claim in CLAIMS}) == len(CLAIMS) > 100
    for claim in CLAIMS:
        assert "against it" in claim.rule.text
        assert claim.mechanism in ("", "momentum", "clipping", "schedule", "adaptation")
        assert set(claim.sure.replace("+", "").split(", ")) <= set("TSFMCNXI"), claim.id


def test_nothing_measured_nothing_decided():
    """Bare meta-seeds: every row is there, says why it is open, and no verdict is made up."""
    rows = judged({LINEAR: on(Seed("a", race(), {}, {}), Seed("b", race(), {}, {}))})
    assert len(rows) == len(CLAIMS)
    raced = ("start-", "share-", "order-", "curve-", "tuned-", "overtaken", "abstract-better")
    for claim, found, *_ in rows:
        if claim.task != LINEAR:
            assert (found.verdict, found.reason) == (OPEN, f"{claim.task} was not measured")
        elif not claim.id.startswith(raced):
            assert found.verdict == OPEN, claim.id
            assert found.reason in ("not read", "ablations were not run")


def test_tables_say_the_same(tmp_path):
    claim = Claim("flat", LINEAR, "7.3", "flat | or not", "F", "flat", Everywhere("range", READ, 0.1, 0.25), "schedule")
    measured = {LINEAR: on(seed(0.01, ablation=ladder(True)), seed(0.03, ablation=ladder(True)))}
    away = claim._replace(task=ROSENBROCK)
    text = report.write(tmp_path, judged(measured, (claim, away)), measured)
    assert "| 0.02 [0.01, 0.03] | range ≤ 0.1; against it: ≥ 0.25 | **held** | in all 2 meta-seeds |" in text
    assert "**Of 1 rows, a claim on a task each: 1 held, 0 not held, 0 not decidable.**" in text
    assert "1 further rows about rosenbrock were not measured" in text
    assert (tmp_path / "claims.md").read_text() == text
    lines = list(csv.DictReader(io.StringIO((tmp_path / "claims.csv").read_text())))
    assert [line["verdict"] for line in lines] == [HELD, OPEN]
    assert lines[0]["rule"] == "range ≤ 0.1; against it: ≥ 0.25"
    assert (lines[0]["low"], lines[0]["high"]) == ("0.01", "0.03")


def test_a_part_is_made_once_per_identity(tmp_path):
    made = []

    def make():
        made.append(1)
        return {"number": np.float64(0.1), "array": np.arange(3.0)}

    path = tmp_path / "deep" / "part.json"
    first = memo(path, digest(("a", 1)), make)
    assert first["number"] == 0.1
    np.testing.assert_array_equal(memo(path, digest(("a", 1)), make)["array"], [0, 1, 2])
    assert len(made) == 1
    memo(path, digest(("a", 2)), make)
    assert len(made) == 2
    path.write_text("{")
    memo(path, digest(("a", 2)), make)
    assert len(made) == 3


def test_a_task_is_measured_and_not_again(tmp_path, monkeypatch):
    """Races for real; readings, quantities and ablations planted."""
    budget = Budget(seeds=8, trials=6, tuning_seeds=2, finalists=2, recheck_seeds=2)
    weights = weights_of("rosenbrock", FOLDER)[:2]
    assert [entry.name for entry in weights] == ["gru-rosenbrock", "gru-rosenbrock-2"]
    planted = seed(verdict="absent").readings["schedule"]
    reading = type("Planted", (), {"to_json": lambda self: planted})()
    monkeypatch.setattr(measure.run, "probe", lambda *a, **k: {"schedule": reading})
    monkeypatch.setattr(measure.run, "visited", lambda *a, **k: None)
    monkeypatch.setattr("bench.probes.dynamics.subject.Subject.of", lambda system, met: None)
    monkeypatch.setattr(measure.quantities, "quantities", lambda subject: {"number": 1.0})
    monkeypatch.setattr(measure.causal, "ablated", lambda *a: ladder(True))
    for module in (measure, plans):
        monkeypatch.setattr(module, "BASELINES", ("momentum",))
    done = []

    def measured():
        return measure.measure(
            "rosenbrock", weights, tmp_path, tmp_path / "tuning", ablations=True, budget=budget, progress=done.append
        )

    first = measured()
    assert len(done) == plans.plan(["rosenbrock"], ablations=True).parts({"rosenbrock": weights}) == 10
    assert first.seeds[0].readings == {"schedule": planted}
    assert np.shape(first.baselines["momentum"]["scores"]["mean_loss"]) == (8,)
    race = first.seeds[0].race
    assert len(race["curve"]) == 201
    assert np.mean(race["mean"]) == pytest.approx(np.mean(race["curve"]))
    assert np.mean(race["initial"]) == pytest.approx(race["curve"][0])
    assert np.mean(race["last"]) == pytest.approx(race["curve"][-1])
    for module, name in ((measure.races, "raced"), (measure.causal, "ablated"), (measure.quantities, "quantities")):
        monkeypatch.setattr(module, name, None)
    again = measured()
    assert again.seeds[1].race["curve"] == first.seeds[1].race["curve"]
    assert Beats().judge({"rosenbrock": again}, "rosenbrock") == Beats().judge({"rosenbrock": first}, "rosenbrock")


def heavy_ball(h, g, t):
    v = 0.9 * h - 0.05 * g[:, None]
    return v, v[:, 0]


def test_quantities_of_a_heavy_ball_are_exact():
    gradients = np.random.default_rng(0).standard_normal((8, 50)) * 0.9 ** np.arange(50)
    found = quantities_of(heavy_ball, gradients)
    assert found["linearity"] == pytest.approx({"late": 1.0, "all": 1.0})
    assert found["shift"] == pytest.approx(1.0)
    largest = np.abs(gradients).max()
    expected = {"slope": 0.05, "asymptote": 0.05 * largest, "knee": largest, "share_beyond": 0.0}
    assert found["initial"] == pytest.approx(expected)
    assert found["arms"]["rates"] == pytest.approx([0.05] * 33)
    assert found["arms"]["stability"] == ["stable"] * 33
    assert found["arms"]["cosine"] == pytest.approx(-1.0)
    assert found["axes"] == pytest.approx([1.0])
    assert 0 < found["variance"]["peak_step"] < 20
    assert found["variance"]["left"] < 0.05


def test_quantities_of_a_clip_that_scales_the_next_update():
    """dx = −(1 + h) tanh(2 g): moving h changes the slope and nothing else; saturation from |g| = 1/2."""

    def function(h, g, t):
        return 0.9 * h + 0.01 * g[:, None], -(1 + h[:, 0]) * np.tanh(2 * g)

    gradients = np.linspace(-1, 1, 400).reshape(4, 100)
    found = quantities_of(function, gradients)
    assert found["shift"] < 1e-6
    assert found["initial"]["slope"] == pytest.approx(2.0, rel=1e-6)
    assert found["initial"]["knee"] == pytest.approx(np.tanh(2) / 2)
    assert found["initial"]["share_beyond"] == pytest.approx(1 - np.tanh(2) / 2, abs=0.01)


def quantities_of(function, gradients):
    met = Visited(gradients.reshape(-1), None, horizon=gradients.shape[1])
    return quantities.quantities(Subject.of(System(function, h0=np.zeros(1)), met))
