"""Networks, races and tasks by hand, for the tests of the paper's claims."""

import numpy as np

from bench.studies.paper.evidence import OnTask, Seed
from bench.studies.paper.plan import LINEAR, REPLICATION

HELD, NOT, OPEN = "held", "not held", "not decidable"


def race(level=1.0, curve=None, spread=0.1):
    """16 problems whose scores are level × (1 ± spread), the same pattern for everybody."""
    pattern = 1 + spread * np.linspace(-1, 1, 16)
    curve = [level] * 201 if curve is None else curve
    scores = dict.fromkeys(("mean_loss", "mean_log", "final"), level * pattern)
    at = {str(step): curve[step] * pattern for step in (50, 100, 150, 200) if step < len(curve)}
    shown = {"mean": level * pattern, "initial": 10 * pattern, "last": level * pattern}
    return {"scores": scores, **shown, "curve": curve, "at": at, "seconds": 1.0}


def seed(number=None, *, verdict="present", ablation=None, raced=None, twins=None, **values):
    plain = {n: v if isinstance(v, (str, bool, list)) else {"value": v} for n, v in values.items()}
    readings = {"schedule": {"verdict": verdict, "values": plain}}
    if twins is not None:
        readings["schedule"]["twins"] = twins
    return Seed("gru", raced or race(), readings, {"number": number}, ablation)


def on(*seeds, baselines=None, task=LINEAR, group=REPLICATION, **settings):
    names = ("momentum", "rmsprop", "adam")
    baselines = baselines or {n: race(2.0) for n in names}
    thetas, rates = {"momentum": {"learning_rate": 0.5}}, {"momentum": (0.4, 0.8)}
    groups = {group: seeds} if seeds else {}
    return OnTask(task, seeds, baselines, thetas, 16, rates, groups=groups, **settings)


def said(rule, *seeds, **settings):
    return rule.judge({LINEAR: on(*seeds, **settings)}, LINEAR).verdict


def ladder(decomposable, ratio=1.4, verdict="matters"):
    effect = [ratio - 0.1, ratio + 0.1]
    line = {"mechanism": "schedule", "ratio": ratio, "effect": effect, "verdict": verdict, "control": [0.9, 1.1]}
    pair = {"pair": ["clipping", "schedule"], "ratio": [2.0, 1.9, 2.1], "interaction": [1.2, 1.1, 1.3]}
    reason = "" if decomposable else "a rung diverges"
    rungs = {"decomposable": decomposable, "reason": reason}
    return {"ladder": rungs, "mechanisms": [line], "interactions": [pair], "seconds": 5.0}
