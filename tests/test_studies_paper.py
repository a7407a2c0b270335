"""The study of the paper's claims: what is measured, by whom it is judged, and what is written."""

import csv
import io

import numpy as np
import pytest
from click.testing import CliRunner
from paper_samples import HELD, NOT, OPEN, ladder, on, race, seed

from bench.commands import paper
from bench.errors import UserError
from bench.lookup.resolve import named_task
from bench.records.memo import digest, memo
from bench.records.record import Budget
from bench.studies.ablation import measure as ablation
from bench.studies.paper import ablations, answers, measure, pages, report, tables
from bench.studies.paper import plan as plans
from bench.studies.paper.analyze import causal, judged, removals
from bench.studies.paper.claims import CLAIMS, Claim
from bench.studies.paper.evidence import Seed
from bench.studies.paper.extract import quantity
from bench.studies.paper.plan import FULL, FURTHER, LINEAR, PLAIN, REPLICATION, ROSENBROCK
from bench.studies.paper.race_rules import Beats
from bench.studies.paper.rules import Everywhere
from optimizers.shipped import FOLDER

READ = quantity("number")


def claim(**settings):
    about = Claim("flat", LINEAR, "7.3", "flat | or not", "F", "flat", Everywhere("range", READ, 0.1, True), "schedule")
    return about._replace(**settings)


def test_ablations_stand_beside_the_claim():
    whole = seed(ablation=ladder(True)), seed(ablation=ladder(True, 1.02, "does not"))
    assert causal(whole, "schedule") == "×1.02 to ×1.4 [0.92, 1.5]; matters in 1, does not matter in 1 of 2"
    assert causal((seed(), seed()), "schedule") == ""
    one, pair = removals({LINEAR: on(whole[0])})
    assert one[:8] == (LINEAR, REPLICATION, "gru", "schedule", 1.4, pytest.approx(1.3), 1.5, "matters")
    assert (pair.removed, pair.ratio, pair.interaction) == ("clipping + schedule", 2.0, (1.2, 1.1, 1.3))


def test_the_chosen_ablations_are_enough_for_a_report(monkeypatch):
    """All scores 1 but 2 without a schedule: only that matters, alone and in pairs; pairs with a tuned step alone."""
    chosen = ablations.chosen()
    labels = [variant.label for variant in chosen]
    assert len(labels) == len(set(labels)) == 23
    assert {f"without {name}" for name in ablations.MECHANISMS} < set(labels)
    assert sum(variant.role == "pair" for variant in chosen) == 5  # momentum and adaptation are one

    def raced(shared, *, seeds, chosen, tuning, as_is):
        rows = [
            ablation.Outcome(one, one.spec, tuned, False, dict.fromkeys(ablation.METRICS, score(one.label, seeds)), 0.0)
            for one in chosen
            for tuned in (False, True)
            if tuned or one.role in as_is
        ]
        assert tuning == 64
        return ablation.Study("gru", shared.subject.name, shared.metric, shared.steps, seeds, rows, "stable", 1.0)

    def score(label, seeds):
        return np.full(seeds, 2.0 if "schedule" in label and "random" not in label else 1.0)

    monkeypatch.setattr(ablation, "study", raced)
    found = ablations.ablated(named_task("rosenbrock"), None, 8)
    words = {line["mechanism"]: line["verdict"] for line in found["mechanisms"]}
    assert words == dict.fromkeys(("momentum", "clipping", "adaptation"), "does not") | {"schedule": "matters"}
    assert found["metric"] == "mean_loss"
    assert {tuple(line["pair"]): line["ratio"][0] for line in found["interactions"]} == {
        ("momentum", "clipping"): 1.0,
        ("momentum", "schedule"): 2.0,
        ("clipping", "schedule"): 2.0,
        ("clipping", "adaptation"): 1.0,
        ("schedule", "adaptation"): 2.0,
    }
    assert causal((seed(ablation=found),), "schedule") == "×2 to ×2 [2, 2]; matters in 1 of 1"


def test_claims_are_told_apart_and_say_their_rule():
    assert len({(each.id, each.task) for each in CLAIMS}) == len(CLAIMS) > 150
    for each in CLAIMS:
        assert each.rule.text
        assert each.section in tables.TITLES
        assert each.mechanism in ("", "momentum", "clipping", "schedule", "adaptation")
        assert set(each.sure.replace("+", "").split(", ")) <= set("TSFMCNXI"), each.id


def test_nothing_measured_nothing_decided():
    """Bare networks: every row is there, says why it is open, and no verdict is made up."""
    rows = judged({LINEAR: on(Seed("a", race(), {}, {}), Seed("b", race(), {}, {}))})
    assert len(rows) == len(CLAIMS)
    raced = ("start-", "share-", "order-", "curve-", "tuned-", "overtaken", "better-")
    for row in rows:
        one, found = row.claim, row.finding
        if one.task != LINEAR:
            assert (found.verdict, found.reason) == (OPEN, f"{one.task}: was not measured")
        elif not one.id.startswith(raced):
            assert found.verdict == OPEN, one.id
            assert found.reason.split(" ")[0] in ("not", "no", "ablations", f"{LINEAR}:", "rosenbrock")


def test_who_judges():
    """Replication networks first; those trained further where they are missing; one alone of three decides nothing."""
    few, more = (seed(0.05), seed(0.06)), (seed(0.2), seed(0.3))

    def judge(about, **groups):
        return judged({LINEAR: on()._replace(groups=groups)}, (about,))[0]

    both = judge(claim(), **{REPLICATION: few, FURTHER: more, FULL: (seed(0.01),)})
    assert (both.judge, both.finding.verdict) == (REPLICATION, HELD)
    assert [both.findings[group].verdict for group in (FURTHER, FULL)] == [NOT, HELD]
    assert judge(claim(), **{FURTHER: more}).judge == FURTHER
    alone = judge(claim(), **{REPLICATION: few[:1], FURTHER: more})
    assert (alone.finding.verdict, alone.finding.reason) == (OPEN, "one network of 3 is there")
    nobody = judge(claim(), **{FULL: few[:1]})
    assert (nobody.judge, nobody.finding.verdict) == ("", OPEN)
    plain = judge(claim(group=PLAIN), **{REPLICATION: few, PLAIN: more})
    assert (plain.judge, plain.finding.verdict) == (PLAIN, NOT)


def test_files_and_page_say_the_same(tmp_path):
    networks = tuple(seed(n, ablation=ladder(True))._replace(name=f"replica-{n}") for n in (0.01, 0.03))
    task = on(*networks, seconds={("races", "adam"): 1800.0, ("races", "gru"): 5400.0})
    measured = {LINEAR: task._replace(groups={REPLICATION: networks, FURTHER: (seed(0.4), seed(0.6))})}
    text = report.write(tmp_path, judged(measured, (claim(), claim(task=ROSENBROCK))), measured)
    assert (tmp_path / "claims.md").read_text() == text
    assert "| 0.02 [0.01, 0.03] | **held** | in all 2 | 0.5 [0.4, 0.6]: not held |" in text
    assert "| **all** | 1 | 1 | 0 | 0 |" in text
    assert "| the same rows on networks trained further | 0 (0 %) | 1 (100 %) | 0 (0 %) |" in text
    assert "2.0 hours in all" in text
    lines = list(csv.DictReader(io.StringIO((tmp_path / "claims.csv").read_text())))
    assert [line["verdict"] for line in lines] == [HELD, OPEN]
    assert (lines[0]["low"], lines[0]["high"], lines[0]["further_verdict"]) == ("0.01", "0.03", NOT)
    lost = list(csv.DictReader(io.StringIO((tmp_path / "ablations.csv").read_text())))
    assert [(line["network"], line["removed"]) for line in lost] == [
        (f"replica-{n}", name) for n in (0.01, 0.03) for name in ("schedule", "clipping + schedule")
    ]
    there = {line["network"]: line["there"] for line in tables.read(tmp_path).networks}
    assert (there["gru-linear-regression"], there["replica-linear-regression"]) == ("no", "no")


def test_marked_parts_of_a_page_are_made_and_the_rest_is_kept(tmp_path):
    measured = {LINEAR: on(seed(0.01), seed(0.4))}
    report.write(tmp_path, judged(measured, (claim(),)), measured)
    marks = pages.BEGIN.format("not held"), pages.END.format("not held")
    page = tmp_path / "page.md"
    page.write_text(f"Before.\n\n{marks[0]}what was there\n{marks[1]}\nAfter.\n")
    pages.fill(page, tmp_path)
    text = page.read_text()
    assert text.startswith("Before.\n\n")
    assert text.endswith("\nAfter.\n")
    assert "what was there" not in text
    assert "| flat \\| or not | linear-regression | flat | 0.205 [0.01, 0.4] | not so in 1 of 2 |" in text
    assert pages.filled(text, tmp_path) == text


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


def test_networks_that_are_there_and_those_that_are_not(tmp_path):
    for name in ("replica-rosenbrock-2", "gru-rosenbrock", "replica-full-rosenbrock", "replica-rosenbrock-4"):
        (tmp_path / f"{name}.npz").touch()
    found = plans.plan(["rosenbrock"], ablations=True).networks("rosenbrock", tmp_path)
    assert [(network.group.name, network.path.stem, network.ablated) for network in found] == [
        (REPLICATION, "replica-rosenbrock-2", True),
        (FURTHER, "gru-rosenbrock", True),
        (FULL, "replica-full-rosenbrock", False),
    ]
    with pytest.raises(UserError, match="no claim about booth"):
        plans.plan(["booth"], ablations=True)


def test_a_task_is_measured_and_not_again(tmp_path, monkeypatch):
    """Races for real; readings, quantities and ablations planted."""
    budget = Budget(seeds=8, trials=6, tuning_seeds=2, finalists=2, recheck_seeds=2)
    planned = plans.plan(["rosenbrock"], ablations=True)
    networks = [n for n in planned.networks("rosenbrock", FOLDER) if n.group.name == FURTHER][:2]
    assert [network.path.stem for network in networks] == ["gru-rosenbrock", "gru-rosenbrock-2"]
    planted = seed(verdict="absent").readings["schedule"]
    reading = type("Planted", (), {"to_json": lambda self: planted})()
    monkeypatch.setattr(measure.run, "probe", lambda *a, **k: {"schedule": reading})
    monkeypatch.setattr(measure.run, "visited", lambda *a, **k: None)
    monkeypatch.setattr("bench.probes.dynamics.subject.Subject.of", lambda system, met: None)
    monkeypatch.setattr(measure.quantities, "quantities", lambda subject, task: {"number": 1.0})
    monkeypatch.setattr(measure.causal, "ablated", lambda *a: ladder(True))
    for module in (measure, plans):
        monkeypatch.setattr(module, "BASELINES", ("momentum",))
    done = []

    def lost():
        raise UserError("it diverges")

    def measured(**settings):
        given = {"ablations": True, "budget": budget, "progress": done.append, **settings}
        return measure.measure("rosenbrock", networks, tmp_path, tmp_path / "tuning", **given)

    with pytest.raises(measure.NotThere, match="not tuned yet"):
        measured(make=False)

    first = measured()
    assert len(done) == planned.parts({"rosenbrock": networks}) == 10
    seeds = first.groups[FURTHER]
    assert seeds[0].readings == {"schedule": planted}
    assert np.shape(first.baselines["momentum"]["scores"]["mean_loss"]) == (8,)
    raced = seeds[0].race
    assert len(raced["curve"]) == 201
    assert np.mean(raced["mean"]) == pytest.approx(np.mean(raced["curve"]))
    assert np.mean(raced["initial"]) == pytest.approx(raced["curve"][0])
    assert np.mean(raced["last"]) == pytest.approx(raced["curve"][-1])
    assert np.mean(raced["at"]["50"]) == pytest.approx(raced["curve"][50])
    assert first.rates["momentum"][0] <= first.thetas["momentum"]["learning_rate"] <= first.rates["momentum"][1]
    assert first.seconds["races", "gru-rosenbrock"] > 0
    assert first.seconds["tuning", "momentum"] > 0
    for module, name in ((measure.races, "raced"), (measure.causal, "ablated"), (measure.quantities, "quantities")):
        monkeypatch.setattr(module, name, None)
    again = measured()
    (tmp_path / "readings" / "gru-rosenbrock@rosenbrock.json").unlink()
    part = measured(make=False).groups[FURTHER][0]
    assert (part.readings, part.failed, part.quantities["number"]) == ({}, "readings: not measured yet", 1.0)
    monkeypatch.setattr(measure.run, "probe", lambda *a, **k: lost())
    hurt = measured().groups[FURTHER][0]
    assert (hurt.readings, hurt.failed) == ({}, "readings: it diverges")
    assert again.groups[FURTHER][1].race["curve"] == seeds[1].race["curve"]
    assert again.seconds == first.seconds
    view = {"rosenbrock": first._replace(seeds=seeds)}
    assert Beats("momentum").judge(view, "rosenbrock").value is not None


def planted_reading(verdict, **settings):
    numbers = {"change": {"value": 2.5}, "law": {"value": -0.7}, "shape": "falls", "bounded": False, "kind": "size"}
    whole = {"verdict": verdict, "values": numbers, "sentence": f"adaptation: {verdict}; why", **settings}
    return {"adaptation": {"controls": [{"passed": True}], **whole}}


def test_every_network_has_an_answer_or_what_keeps_it_from_one():
    falls = answers.answer("a", LINEAR, planted_reading("present", twins={"beyond": True}))
    assert falls == ("a", LINEAR, "present", "falls", "×2.5", "goes on as |g|^-0.70", "size", "yes", "")
    assert answers.answer("a", LINEAR, planted_reading("present")).discovered == "not compared"
    steady = answers.answer("b", LINEAR, planted_reading("absent"))
    assert steady[2:] == ("absent", "steady", "×2.5", "", "", "", "")
    open_ones = (
        (planted_reading("undecided", controls=[]), "", "why"),
        (planted_reading("present", controls=[]), "", "no controls were run"),
        ({}, "readings: it diverges", "readings: it diverges"),
        ({}, "", "not measured yet"),
    )
    for readings, failed, why in open_ones:
        assert answers.answer("c", LINEAR, readings, failed) == ("c", LINEAR, "undecided", *[""] * 5, why)


def test_networks_of_no_group_are_asked_where_they_were_trained(tmp_path, monkeypatch):
    everywhere = {other.path.stem: other.task for other in answers.others(plans.TASKS)}
    assert everywhere["gru-least-squares"] == "least-squares"
    assert everywhere["rnnprop-mixture"] == everywhere["lstm-linear-regression"] == LINEAR
    assert not any(name.startswith(("replica-", "gru-rosenbrock")) for name in everywhere)
    assert answers.others([ROSENBROCK]) == []
    one = [other for other in answers.others([LINEAR]) if other.path.stem == "lds-linear-regression"]
    assert answers.left(one, tmp_path) == [("readings", LINEAR)]
    assert answers.measure(one, tmp_path, make=False)[0][0].why == "answers: not measured yet"
    planted = planted_reading("absent")["adaptation"]
    reading = type("Planted", (), {"to_json": lambda self: planted})()
    monkeypatch.setattr(answers.run, "probe", lambda *a, **k: {name: reading for name in k["probes"]})
    (told,), seconds = answers.measure(one, tmp_path)
    assert (told.network, told.verdict, list(seconds)) == (
        "lds-linear-regression",
        "absent",
        [(LINEAR, "answers", "lds-linear-regression")],
    )
    monkeypatch.setattr(answers.run, "probe", None)
    assert answers.measure(one, tmp_path)[0] == [told]
    assert answers.left(one, tmp_path) == []
    report.write(tmp_path, [], {}, [told], seconds)
    found = tables.read(tmp_path)
    assert "| lds-linear-regression | linear-regression | absent | steady |" in "\n".join(
        pages.BLOCKS["answers"](found)
    )
    assert [row["part"] for row in found.seconds] == ["answers"]


def test_only_the_page_is_made_of_what_was_measured(tmp_path):
    measured = {LINEAR: on(seed(0.01), seed(0.4))}
    report.write(tmp_path / "paper", judged(measured, (claim(),)), measured)
    page = tmp_path / "page.md"
    wrong = CliRunner().invoke(paper.command, ["--only-page"])
    assert isinstance(wrong.exception, UserError)
    page.write_text("".join(mark.format(name) for name in ("not held", "along") for mark in (pages.BEGIN, pages.END)))
    done = CliRunner().invoke(paper.command, ["--only-page", "--page", str(page), "--out", str(tmp_path / "paper")])
    assert done.exit_code == 0
    assert "not so in 1 of 2" in page.read_text()
    assert "Not measured yet." in page.read_text()
