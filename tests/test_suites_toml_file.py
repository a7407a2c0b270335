"""TOML from anybody: within bounds and quickly refused beyond them, in one line that names the file."""

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bench.errors import UserError
from bench.suites import toml, toml_file

GOOD = 'tasks = ["rosenbrock"]\noptimizers = ["adam"]\n'
BAD = {
    "100,000 brackets": ("a = " + "[" * 30_000, "line 1: brackets are nested deeper than 6"),
    "closed brackets": (GOOD + "a = " + "[" * 500 + "]" * 500, "line 3: brackets are nested deeper than 6"),
    "braces": ("a = " + "{a = " * 5_000, "brackets are nested deeper than 6"),
    "over lines": ("a = " + "[\n" * 5_000, "line 7: brackets are nested deeper than 6"),
    "a dotted key": (".".join("a" * 30_000) + " = 1", "a key has more than 6 words"),
    "spaced dots": ("[" + "a . " * 1_000 + "a]", "a key has more than 6 words"),
    "quoted words": ('"a".' * 5_000 + "b = 1", "a key has more than 6 words"),
    "a long word": ("a" * 60_000, "the file must be TOML"),
    "quotes": ('"' * 60_000, "the file must be TOML"),
    "an open text": ('a = "' + '\\"' * 30_000, "Unterminated string"),
    "digits": ("a = " + "9" * 60_000, "line 1: Exceeds the limit"),
    "items": ("a = [" + "1," * 30_000 + "]", "30001 tables, keys and items of lists; 5000 are allowed"),
    "tables": ("\n".join(f"[a{i}]" for i in range(6_000)), "6000 tables, keys and items"),
    "size": (GOOD + "#" * 70_000, "it is larger than 64 KiB"),
    "nothing": ("\0", "the file must be TOML"),
    "a long name": (GOOD.replace("rosenbrock", "x" * 60_000), "is too long for a name"),
    "a long about": (GOOD + "about = [" + "1," * 3_000 + "]", "about must be text, not [1, 1"),
    "a long key": (GOOD + '"' + "k" * 60_000 + '" = 1', "unknown key 'kkk"),
    "a key of two lines": (GOOD + '"a\\nb" = 1', r"unknown key 'a\nb'"),
    "steps": (GOOD + "[budget]\nsteps = " + "9" * 4_000, "must be a whole number of at most"),
}


@pytest.mark.parametrize("name", BAD)
def test_what_is_out_of_bounds_is_refused_at_once(tmp_path, name):
    text, said = BAD[name]
    path = tmp_path / "my.toml"
    path.write_text(text)
    began = time.process_time()
    with pytest.raises(UserError) as caught:
        toml.read(path)
    assert time.process_time() - began < 20  # what grows with the square of a text takes minutes
    mistake = str(caught.value)
    assert str(path) in mistake
    assert said in mistake
    assert "\n" not in mistake
    assert len(mistake) < 1500


def test_texts_and_comments_may_hold_what_they_like(tmp_path):
    path = tmp_path / "my.toml"
    path.write_text(GOOD + 'about = """\n[[[[[[[[ a.b.c.d.e.f.g.h "\n"""  # [[[[[[[[[[ a.b.c.d.e.f.g.h\n')
    assert "[[[[[[[[" in toml.read(path).about
    path.write_text(GOOD + "about = '[[[[[[[[ a.b.c.d.e.f.g.h # \"'\n")
    assert toml.read(path).about.endswith('# "')


@pytest.mark.parametrize("path", ["/dev/null/x.toml", "\0.toml", "x" * 5_000 + ".toml"])
def test_a_path_that_cannot_be_one(path):
    with pytest.raises(UserError, match="cannot read suite"):
        toml.read(path)


def test_folders_and_devices_are_no_files(tmp_path):
    for path in (tmp_path, "/dev/zero"):
        with pytest.raises(UserError, match="it is not a file"):
            toml.read(path)


WORDS = ["tasks", "optimizers", "budget", "budgets", "metrics", "name", "steps", '"adam"', '"rosenbrock"']
WORDS += [
    "[",
    "]",
    "{",
    "}",
    "=",
    ",",
    ".",
    "\n",
    "1",
    "-1",
    "inf",
    "1e400",
    "true",
    "1979-05-27",
    '"',
    "'",
    "#",
    " ",
    "é",
]
WORDS += ["\\"]


@settings(deadline=None)
@given(st.lists(st.sampled_from(WORDS), max_size=40))
def test_nothing_but_a_user_error_comes_of_any_text(tmp_path_factory, words):
    path = tmp_path_factory.getbasetemp() / "any.toml"
    path.write_text("".join(words))
    for text in ("".join(words), GOOD + "".join(words)):
        path.write_text(text)
        try:
            assert toml.read(path).tasks
        except UserError as mistake:
            said = str(mistake)
        else:
            continue
        assert str(path) in said
        assert "\n" not in said


def test_the_bounds_leave_room_for_suites(tmp_path):
    path = tmp_path / "my.toml"
    names = ", ".join(f'"quadratic[dimension={n}]"' for n in range(1, 1_000))
    path.write_text(f'tasks = [{names}]\noptimizers = ["adam"]\n[budgets."cost:light"]\nsteps = 7\n')
    text, table = toml_file.load(path)
    assert text == path.read_text()
    assert len(table["tasks"]) == 999
