"""Weights kept on the way: which iterations, the bits they have, what stops and resumes, what is refused."""

import json

import numpy as np
import pytest

import bench
from bench.errors import UserError
from bench.metatraining import Settings, kept, metatrain, training
from bench.metatraining.seeds import Training, train_seeds
from bench.running.executor import Means
from optimizers import learned, shipped

SMALL = {"steps": 6, "loss": "log", "batch": 4, "unroll": 10, "progress": False}


def thetas(folder):
    return {path.name: dict(shipped.load_entry(path).defaults) for path in sorted(folder.glob("*.npz"))}


def equal(a, b):
    return set(a) == set(b) and all(np.array_equal(a[name], b[name]) for name in a)


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    out = tmp_path_factory.mktemp("weights") / "gru.npz"
    return out, metatrain("gru[units=2]", "rosenbrock", out=out, keep=4, **SMALL)


@pytest.mark.parametrize(
    ("steps", "count", "marks"),
    [
        (1000, 6, [0, 1, 6, 32, 178, 1000]),
        (1000, 8, [0, 1, 3, 10, 32, 100, 316, 1000]),
        (1000, 2, [0, 1000]),
        (6, 4, [0, 1, 2, 6]),
        (6, 7, [0, 1, 2, 3, 4, 5, 6]),
        (1, 2, [0, 1]),
    ],
)
def test_iterations_are_log_spaced_and_as_many_as_asked_for(steps, count, marks):
    found = kept.iterations(steps, count)
    assert len(found) == len(set(found)) == count
    assert (found[0], found[-1]) == (0, steps)
    assert sorted(found) == found
    assert found == marks


def test_the_start_is_untrained_and_what_is_kept_moves_no_bit(whole):
    out, theta = whole
    assert equal(theta, metatrain("gru[units=2]", "rosenbrock", **SMALL))
    found = thetas(kept.folder_of(out))
    assert list(found) == ["gru-at-0.npz", "gru-at-1.npz", "gru-at-2.npz", "gru-at-6.npz"]
    assert equal(found["gru-at-0.npz"], learned.get("gru[units=2]").initial(0))


def test_cards_say_the_iteration_and_the_command(whole):
    out, _ = whole
    cards = [json.loads(path.read_text()) for path in sorted(kept.folder_of(out).glob("*.json"))]
    assert [card["iterations"] for card in cards] == [0, 1, 2, 6]
    assert [card["gradients"] for card in cards] == [0, 44, 88, 264]  # 4 problems of 11 gradients an iteration
    assert {card["command"] for card in cards} == {json.loads(out.with_suffix(".json").read_text())["command"]}
    assert "--keep 4" in cards[0]["command"]
    assert all("meta_loss" not in card["validation"] for card in cards)


def test_any_verb_races_them(whole):
    out, _ = whole
    frame = bench.evaluate("rosenbrock", str(kept.folder_of(out) / "gru-at-2.npz"), seeds=2, steps=5)
    assert np.isfinite(frame["loss"]).all()


def test_stopped_and_run_again_the_kept_bits_are_the_same(whole, tmp_path, monkeypatch):
    """Ctrl-C before the file of the iteration just done is written."""
    out, theta = whole
    again, told = tmp_path / "gru.npz", training._tell

    def stop(bar, subjects, keeper, now):
        if now.iteration == 2:
            raise KeyboardInterrupt
        told(bar, subjects, keeper, now)

    monkeypatch.setattr(training, "_tell", stop)
    with pytest.raises(KeyboardInterrupt):
        metatrain("gru[units=2]", "rosenbrock", out=again, keep=4, **SMALL)
    monkeypatch.undo()
    folder = kept.folder_of(again)
    assert sorted(path.name for path in folder.glob("*.npz")) == ["gru-at-0.npz", "gru-at-1.npz"]
    with pytest.raises(UserError, match="other settings"):
        metatrain("gru[units=2]", "rosenbrock", out=again, keep=3, **SMALL)
    (folder / "gru-at-1.npz").rename(tmp_path / "away")
    with pytest.raises(
        UserError, match=r"gru-at-1.npz is gone, and the training is at iteration 2 already; delete gru"
    ):
        metatrain("gru[units=2]", "rosenbrock", out=again, keep=4, **SMALL)
    (tmp_path / "away").rename(folder / "gru-at-1.npz")
    assert equal(theta, metatrain("gru[units=2]", "rosenbrock", out=again, keep=4, **SMALL))
    was, now = thetas(kept.folder_of(out)), thetas(folder)
    assert list(was) == list(now)
    assert all(equal(was[name], now[name]) for name in was)


@pytest.mark.slow
def test_every_seed_has_its_folder(tmp_path):
    settings = {**SMALL, "steps": 1, "keep": 2}
    train_seeds(Training("gru[units=2]", ["rosenbrock"], settings), tmp_path / "pair.npz", (0, 5), Means(1))
    found = sorted(str(path.relative_to(tmp_path)) for path in tmp_path.glob("*.kept/*.npz"))
    assert found == [f"{name}.kept/{name}-at-{i}.npz" for name in ("pair-2", "pair") for i in (0, 1)]


@pytest.mark.parametrize(
    ("keep", "text"),
    [
        (1, "keep must be a whole number of at least 2, not 1"),
        (2.5, "keep must be a whole number of at least 2, not 2.5"),
        (8, "keep is 8, but 6 steps have 7 iterations to keep"),
    ],
)
def test_mistaken_numbers(keep, text):
    with pytest.raises(UserError, match=text):
        Settings(steps=6, keep=keep)


def test_keeping_without_a_file_or_beside_other_weights_is_refused(whole, tmp_path):
    with pytest.raises(UserError, match="keep is 4, but no file is written; give out as well"):
        metatrain("gru[units=2]", "rosenbrock", keep=4, **SMALL)
    folder = kept.folder_of(tmp_path / "gru.npz")
    folder.mkdir()
    (folder / "gru-at-3.npz").write_bytes(b"")
    with pytest.raises(
        UserError, match=r"gru-at-3.npz belongs to a training that kept other iterations; delete .*gru.kept"
    ):
        metatrain("gru[units=2]", "rosenbrock", out=tmp_path / "gru.npz", keep=4, **SMALL)
