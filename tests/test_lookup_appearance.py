"""One look per optimizer: from its name alone, told apart without color, the same in every process."""

import itertools
import subprocess
import sys

import pytest
from matplotlib.colors import to_rgb

import optimizers
from bench.lookup.appearance import COLORS, DASHES, FIRST, MARKERS, look

PLACED = sorted(name for name in optimizers.SHIPPED if not name.startswith(("replica-", "generalist")))


@pytest.mark.parametrize("pair", [("color", "dash"), ("color", "marker"), ("dash", "marker")])
def test_any_two_attributes_tell_the_shipped_optimizers_apart(pair):
    looks = [look(name) for name in PLACED]
    assert len({tuple(getattr(each, name) for name in pair) for each in looks}) == len(looks) <= 64
    others = [look(name) for name in optimizers.SHIPPED if name not in PLACED]
    assert all(each.hollow for each in others)
    assert len(set(others)) == len(others)


@pytest.mark.parametrize("attribute", ["color", "dash", "marker"])
def test_those_of_quick_differ_in_every_attribute(attribute):
    assert set(FIRST) <= optimizers.SHIPPED
    assert len({getattr(look(name), attribute) for name in FIRST}) == len(FIRST) == 8


@pytest.mark.parametrize("stem", ["mine-", "a-rather-long-name-of-an-sgd-variant-with-momentum-", "größe"])
def test_numbered_siblings_differ(stem):
    looks = [look(f"{stem}{i:02d}") for i in range(30)]
    assert len({(each.color, each.dash) for each in looks}) == 30
    assert len({(each.dash, each.marker) for each in looks}) == 30
    assert not set(looks) & {look(name) for name in PLACED}


def test_other_names_are_hollow_and_never_look_like_those_of_quick():
    of_quick = {(look(name).color, look(name).dash) for name in FIRST}
    for name in ("adam[beta_1=0.8]", "linearised[optimizer=gru-rosenbrock]", "", "7", "a\nb", *map(str, range(500))):
        assert look(name).hollow
        assert (look(name).color, look(name).dash) not in of_quick


def test_a_look_does_not_depend_on_what_is_registered_or_on_the_process():
    names = ["adam", "my-own", "my-own-2", "oracle-newton"]
    program = (
        "import optimizers, dataclasses; from bench.lookup.appearance import look\n"
        "optimizers.register(dataclasses.replace(optimizers.get('sgd'), name='my-own'))\n"
        f"print([tuple(look(name)) for name in {names}])"
    )
    ran = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == str([tuple(look(name)) for name in names])


def test_a_look_as_settings_of_a_line():
    assert look("gru-linear-regression").line() == {
        "color": "#0072B2",
        "linestyle": "-",
        "marker": "o",
        "markerfacecolor": "#0072B2",
    }
    assert look("mine").line()["markerfacecolor"] == "white"
    assert {len(COLORS), len(set(COLORS)), len(set(DASHES)), len(set(MARKERS))} == {8}


# Machado, Oliveira and Fernandes (2009), https://doi.org/10.1109/TVCG.2009.113, severity 1
BLINDNESS = {
    "protan": ((0.152, 1.053, -0.205), (0.115, 0.786, 0.099), (-0.004, -0.048, 1.052)),
    "deutan": ((0.367, 0.861, -0.228), (0.280, 0.673, 0.047), (-0.012, 0.043, 0.969)),
    "tritan": ((1.256, -0.077, -0.179), (-0.078, 0.931, 0.148), (0.005, 0.691, 0.304)),
}


@pytest.mark.parametrize("kind", BLINDNESS)
def test_colors_stay_apart_for_color_blind_readers(kind):
    seen = [
        [sum(a * b for a, b in zip(row, map(_linear, to_rgb(color)), strict=True)) for row in BLINDNESS[kind]]
        for color in COLORS
    ]
    gaps = [
        sum((_gamma(x) - _gamma(y)) ** 2 for x, y in zip(a, b, strict=True)) ** 0.5
        for a, b in itertools.combinations(seen, 2)
    ]
    assert min(gaps) > 0.05


def _linear(value):
    return value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4


def _gamma(value):
    value = min(max(value, 0.0), 1.0)
    return 12.92 * value if value <= 0.0031308 else 1.055 * value ** (1 / 2.4) - 0.055
