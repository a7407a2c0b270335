"""Settings in names: a call's keywords and literals, nothing else, within bounds; what is refused is said in a line."""

import contextlib
import re
import string
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

import optimizers
import tasks
from bench.errors import UserError
from bench.lookup.syntax import names, settings
from bench.metatraining import estimators
from optimizers import OptimizerError, learned, syntax
from tasks import TaskError

ROOT = Path(__file__).parents[1]


def test_both_packages_have_the_same_parser():
    """They may not import each other."""
    assert (ROOT / "tasks" / "syntax.py").read_bytes() == (ROOT / "optimizers" / "syntax.py").read_bytes()


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("", {}),
        ("a=1, b=-2", {"a": 1, "b": -2}),
        ("a=.5,b=1e-3,c=-1.,d=1E5", {"a": 0.5, "b": 0.001, "c": -1.0, "d": 1e5}),
        ("a=(),b=(1,),c=(1),d=((1, 2), 'x')", {"a": (), "b": (1,), "c": 1, "d": ((1, 2), "x")}),
        ("a='x,y=[(',b=\"it's\"", {"a": "x,y=[(", "b": "it's"}),
        (r"a='x\'y,\\',b='\n'", {"a": "x'y,\\", "b": r"\n"}),
        ("a=None,b=True,c=False", {"a": None, "b": True, "c": False}),
    ],
)
def test_values(text, found):
    assert syntax.keywords(text) == found
    assert {key: type(value) for key, value in syntax.keywords(text).items()} == {k: type(v) for k, v in found.items()}


def test_words_are_texts_where_they_are_wanted():
    assert syntax.keywords("input=asinh,flag=True", words=True) == {"input": "asinh", "flag": True}
    with pytest.raises(ValueError, match="input is 'asinh', not a number"):
        syntax.keywords("input=asinh")


BAD = [
    ("64", "settings are name=value, each name once"),
    ("a=1,a=2", "each name once"),
    ("**{'a': 1}", "each name once"),
    ("a b=1", "each name once"),
    ("a=1,", "each name once"),
    ("a=", "a is '', not a number"),
    ("a=1+1", "a is '1+1', not a number"),
    ("a=[1]", "not a number"),
    ("a={}", "not a number"),
    ("a=b'x'", "not a number"),
    ("a=1if 1 else 2", "not a number"),
    ("a=inf", "not a number"),
    ("a=(1", "not a number"),
    ("a=(,)", "not a number"),
    ("a=__import__('os').getpid()", "not a number"),
    ("a=\u0663", "not a number"),
    ("a=9007199254740993", "too large a number"),
    (f"a={'9' * 1900}", "(1900 letters) is too large a number"),
    ("a=(((((1)))))", "in more than 4 brackets"),
    (f"a={'(' * 900}{')' * 900}", "in more than 4 brackets"),
    (",".join(f"a{i}=1" for i in range(51)), "51 settings, and 50 are allowed"),
    (f"a=({'1,' * 51})", "51 values, and 50 are allowed"),
    (f"a='{'x' * 2000}'", "is too long for settings; 2000 letters are allowed"),
]


@pytest.mark.parametrize(("text", "said"), BAD)
def test_what_is_no_setting_is_refused_in_a_short_line(text, said):
    with pytest.raises(ValueError, match=re.escape(said)) as caught:
        syntax.keywords(text)
    assert len(str(caught.value)) < 400


LOOKUPS = [
    (tasks.get, "rosenbrock", TaskError),
    (optimizers.get, "adam", OptimizerError),
    (learned.get, "gru", OptimizerError),
    (estimators.get, "pes", UserError),
]


@pytest.mark.parametrize(("look", "name", "error"), LOOKUPS, ids=[name for _, name, _ in LOOKUPS])
def test_every_name_goes_through_it(look, name, error):
    for bad in (f"{name}[{'x=1,' * 700}]", "x" * 100_000, f"{name}[{'(' * 100_000}]"):
        with pytest.raises(error, match="is too long for a name; 2000 letters are allowed") as caught:
            look(bad)
        assert len(str(caught.value)) < 400
    with pytest.raises(error, match="more than 4 brackets"):
        look(f"{name}[x={'(' * 500}1{')' * 500}]")


LITERALS = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(string.ascii_letters + " ,=[('\"\\", max_size=8),
    lambda inner: st.lists(inner, max_size=3).map(tuple),
    max_leaves=6,
)  # fmt: skip


def depth(value):
    return 1 + max(map(depth, value), default=0) if isinstance(value, tuple) else 0


@given(st.dictionaries(st.from_regex(r"[a-z_][a-z0-9_]{0,8}", fullmatch=True), LITERALS, max_size=5))
def test_what_python_writes_comes_back(values):
    text = ",".join(f"{key}={value!r}" for key, value in values.items())
    if all(depth(value) <= syntax.DEEPEST for value in values.values()) and len(text) <= syntax.LONGEST:
        assert syntax.keywords(text) == values


@given(st.text(alphabet="ab1=,()[]'\".-+e _é\n\x00", max_size=60))
@example("a=((1),(2,))")
def test_nothing_but_a_value_error_comes_of_any_text(text):
    with contextlib.suppress(ValueError):
        assert all(isinstance(key, str) for key in syntax.keywords(text, words=True))
    assert settings(text) is None or isinstance(settings(text), dict)
    assert "".join(syntax.at_commas(text)).count(",") <= text.count(",")


@pytest.mark.parametrize(
    ("word", "near"),
    [("adm", "adam"), ("sdg", "sgd"), ("gru", "gru-beale"), ("momentun", "momentum"), ("adabelief", ""), ("", "")],
)
def test_what_is_near_is_suggested_and_nothing_else(word, near):
    said = syntax.nearest(word, ["adam-linear", "adam", "sgd", "gru-beale", "momentum"])
    assert said == (f"; did you mean {near!r}?" if near else "")


def test_names_between_commas():
    assert names("adam, quadratic[dimension=2,log10_spectrum=(-3,0)] ,x['a,b']") == [
        "adam",
        "quadratic[dimension=2,log10_spectrum=(-3,0)]",
        "x['a,b']",
    ]
    assert names(None) == []
    with pytest.raises(UserError, match="no name in ' , '"):
        names(" , ")


def test_settings_that_are_names_stay_texts():
    assert settings("optimizer=x[c=2,d=3], without='a'") == {"optimizer": "x[c=2,d=3]", "without": "a"}
    assert settings("a") is None
