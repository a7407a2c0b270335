"""Weights files that are not what they seem: each is refused in one line that says what is wrong with which file."""

import hashlib
import io
import json
import shutil
import zipfile

import numpy as np
import pytest
from click.testing import CliRunner

import optimizers.registry
from bench.commands.group import main
from optimizers import OptimizerError, learned, shipped
from optimizers.shipped import FOLDER, load_entry
from optimizers.weights_file import card_bytes, read_card

SHIPPED = FOLDER / "lds-linear-regression.npz"


@pytest.fixture
def copied(tmp_path):
    for path in (SHIPPED, SHIPPED.with_suffix(".json")):
        shutil.copy(path, tmp_path)
    return tmp_path / SHIPPED.name


def packed(**arrays):
    buffer = io.BytesIO()
    np.savez(buffer, **arrays)
    return buffer.getvalue()


def vouched(path, content):
    """Put `content` at `path` with a card that vouches for it."""
    path.write_bytes(content)
    changed(path, sha256=hashlib.sha256(content).hexdigest())


def changed(path, **keys):
    card = json.loads(path.with_suffix(".json").read_text())
    path.with_suffix(".json").write_bytes(card_bytes({**card, **keys}))


def refusal(path):
    with pytest.raises(OptimizerError) as caught:
        dict(load_entry(path).defaults)
    said = str(caught.value)
    assert str(path) in said or str(path.with_suffix(".json")) in said
    assert "\n" not in said
    return said


def test_the_shipped_file_is_what_its_architecture_has(copied):
    theta = dict(load_entry(copied).defaults)
    fresh = learned.get(json.loads(copied.with_suffix(".json").read_text())["architecture"]).initial(0)
    assert {name: (a.shape, a.dtype) for name, a in theta.items()} == {n: (a.shape, a.dtype) for n, a in fresh.items()}


def theta():
    with np.load(SHIPPED) as arrays:
        return dict(arrays)


def first(value):
    """θ with `value` made of its first array."""
    name, array = next(iter(theta().items()))
    return {**theta(), name: value(array)}


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "no archive of plain arrays"),
        (b"a,b\n1,2\n", "no archive of plain arrays"),
        (SHIPPED.read_bytes()[:-40], "no archive of plain arrays"),
        (packed(**first(lambda a: np.array([{}], dtype=object))), "no archive of plain arrays"),
        (packed(**first(lambda a: a.astype("float64"))), "is float64"),
        (packed(**first(lambda a: np.full_like(a, np.nan))), "not finite"),
        (packed(**first(lambda a: a[None])), "and not"),
        (packed(extra=np.zeros(2, "float32"), **theta()), "the file"),
        (packed(), "the file nothing"),
        (packed(**first(lambda a: np.zeros(10**6, "float32"))), "hold more than their architecture"),
    ],
    ids=["empty", "csv", "truncated", "objects", "float64", "nan", "shape", "more", "nothing", "large"],
)
def test_content_that_is_not_theta(copied, content, words):
    vouched(copied, content)
    assert words in refusal(copied)


def test_a_compressed_giant_is_not_unpacked(copied):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a.npy", b"\0" * 10**7)
    assert len(buffer.getvalue()) < 10**5
    vouched(copied, buffer.getvalue())
    assert "hold more than their architecture" in refusal(copied)


@pytest.mark.parametrize("at", range(0, SHIPPED.stat().st_size, SHIPPED.stat().st_size // 12))
def test_a_flipped_bit_is_noticed(copied, at):
    content = bytearray(copied.read_bytes())
    content[at] ^= 1
    copied.write_bytes(content)
    assert "not those of their card" in refusal(copied)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "it is not JSON"),
        ("[" * 100_000, "it is not JSON"),
        ('{"a": 1', "it is not JSON"),
        ("[1, 2]", "it is no JSON object"),
        ("{}", "architecture is missing"),
        ("\udcff", "it is not JSON"),
    ],
    ids=["empty", "deep", "open", "list", "nothing", "not UTF-8"],
)
def test_a_card_that_is_none(copied, text, words):
    copied.with_suffix(".json").write_bytes(text.encode("utf-8", "surrogateescape"))
    assert words in refusal(copied)


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("tasks", 5),
        ("tasks", [["rosenbrock"]]),
        ("architecture", None),
        ("architecture", {"gru": 1}),
        ("sha256", 7),
        ("gradients", "many"),
        ("gradients", -1),
        ("seconds", float("nan")),
        ("seconds", True),
    ],
)
def test_a_card_with_a_value_of_another_kind(copied, key, value):
    changed(copied, **{key: value})
    assert f"({key} is {value!r})" in refusal(copied)


def test_no_flipped_bit_of_a_card_is_believed(copied):
    card, known = copied.with_suffix(".json"), read_card(copied)
    content, refused = card.read_bytes(), 0
    for at in range(len(content)):
        bit = at % 7  # the eighth makes no UTF-8
        card.write_bytes(content[:at] + bytes([content[at] ^ 1 << bit]) + content[at + 1 :])
        try:
            found = read_card(copied)
        except OptimizerError:
            refused += 1
            continue
        assert found == known, f"bit {bit} of byte {at}"
    assert refused > 0.8 * len(content)  # the others are blanks


def test_a_card_set_otherwise_is_the_same_card(copied):
    card, known = copied.with_suffix(".json"), read_card(copied)
    card.write_text(json.dumps(dict(reversed(json.loads(card.read_text()).items()))))
    assert read_card(copied) == known


def test_a_card_without_a_digest_says_how_to_give_it_one(copied):
    card, known = copied.with_suffix(".json"), read_card(copied)
    card.write_text(json.dumps(known))
    assert refusal(copied).endswith(f"then give it one: python -m bench maintain cards {copied}")
    assert "digest now" in give_digest(copied).output
    assert read_card(copied) == known
    assert "as it was written" in give_digest(copied).output


def test_a_damaged_card_or_one_of_other_weights_is_given_no_digest(copied):
    card, known = copied.with_suffix(".json"), read_card(copied)
    card.write_bytes(card.read_bytes().replace(b'"seed": 0', b'"seed": 1'))
    assert "damaged card" in str(give_digest(copied).exception)
    card.write_text(json.dumps({**known, "sha256": "0" * 64}))
    assert "are not those of their card" in str(give_digest(copied).exception)
    assert "digest" not in card.read_text()


def give_digest(path):
    return CliRunner().invoke(main, ["maintain", "cards", str(path)])


def test_an_architecture_that_is_not_known(copied):
    changed(copied, architecture="gpt[units=3]")
    with pytest.raises(OptimizerError, match=r"unknown architecture 'gpt\[units=3\]'"):
        dict(load_entry(copied).defaults)


def test_files_that_cannot_be_read(copied):
    card = copied.with_suffix(".json")
    card.unlink()
    assert "no readable card lds-linear-regression.json (No such file" in refusal(copied)
    card.mkdir()
    assert "(Is a directory)" in refusal(copied)


def test_a_damaged_card_among_the_shipped_leaves_out_its_entry_and_no_other(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(optimizers.registry, "_registry", {})
    monkeypatch.setattr(shipped, "FOLDER", tmp_path)
    for name in ("gru-rosenbrock", "gru-rosenbrock-2"):
        for suffix in (".npz", ".json"):
            (tmp_path / (name + suffix)).write_bytes((FOLDER / (name + suffix)).read_bytes())
    card = tmp_path / "gru-rosenbrock.json"
    card.write_text(card.read_text().replace('"iterations": 3000', '"iterations": 3001'))
    shipped.register_shipped()
    assert list(optimizers.registry._registry) == ["gru-rosenbrock-2"]
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("note: gru-rosenbrock is left out: ")
