"""Settings chosen after training: the card says what was trained, what is raced, and how to make it again."""

import json
import shlex
import shutil

import numpy as np
import pytest
import tensorflow as tf

from bench.commands.group import main
from bench.errors import UserError
from bench.maintain import retrain
from bench.maintain.respell import respell
from optimizers.shipped import FOLDER, load_entry
from optimizers.weights_file import card_bytes, read_card

CHOSEN = "stride[up=0.1,start=0.1]"


@pytest.fixture
def copied(tmp_path):
    for suffix in (".npz", ".json"):
        shutil.copy(FOLDER / f"generalist{suffix}", tmp_path / f"mine{suffix}")
    return tmp_path / "mine.npz"


def first_move(path):
    entry = load_entry(path)
    optimizer, params = entry.build(dict(entry.defaults)), [tf.constant([3.0, 4.0])]
    return optimizer.update([tf.constant([1.0, -2.0])], optimizer.init(params), params, tf.constant(0))[0][0].numpy()


def test_weights_are_kept_and_raced_as_they_are_spelled(copied):
    content = copied.read_bytes()
    respell(copied, "stride")
    plain = first_move(copied)
    assert respell(copied, CHOSEN) == f"{copied}: trained as stride, raced as {CHOSEN}"
    assert copied.read_bytes() == content
    moved = first_move(copied)
    assert np.all(np.abs(moved) < 0.2 * np.abs(plain))  # a tenth of the first step, and a bound of its growth
    assert np.all(np.sign(moved) == np.sign(plain))


def test_the_command_of_the_card_trains_then_respells(copied, tmp_path, monkeypatch):
    trained = read_card(copied)["command"].split(" && ")[0]
    respell(copied, "stride[start=0.5]")
    respell(copied, CHOSEN)
    card = read_card(copied)
    assert card["trained_as"] == "stride"
    assert card["command"] == f"{trained} && python -m bench maintain respell {copied} {shlex.quote(CHOSEN)}"
    monkeypatch.setattr(retrain, "FOLDER", tmp_path)
    first, second = retrain.commands(["mine"], tmp_path / "again")["mine"]
    assert first[first.index("--out") + 1] == str(tmp_path / "again/mine.npz")
    assert second[2:] == ["bench", "maintain", "respell", str(tmp_path / "again/mine.npz"), CHOSEN]


@pytest.mark.parametrize(
    ("spelled", "text"),
    [
        ("rnnprop", "and rnnprop is another architecture; change settings only"),
        ("stride[units=7]", "do not fit stride[units=7]; change settings that no weights depend on"),
    ],
)
def test_another_architecture_is_refused_and_nothing_written(copied, spelled, text):
    before = copied.with_suffix(".json").read_bytes()
    with pytest.raises(UserError) as caught:
        respell(copied, spelled)
    assert text in str(caught.value)
    assert copied.with_suffix(".json").read_bytes() == before


def test_a_card_without_a_command_gets_this_one(copied):
    card = json.loads(copied.with_suffix(".json").read_text())
    copied.with_suffix(".json").write_bytes(card_bytes({k: v for k, v in card.items() if k != "command"}))
    respell(copied, CHOSEN)
    assert read_card(copied)["command"] == f"python -m bench maintain respell {copied} {shlex.quote(CHOSEN)}"


def test_the_verb(copied, capsys):
    main(["maintain", "respell", str(copied), "stride[start=0.25]"], standalone_mode=False)
    assert capsys.readouterr().out == f"{copied}: trained as stride, raced as stride[start=0.25]\n"
    assert json.loads(copied.with_suffix(".json").read_text())["architecture"] == "stride[start=0.25]"
