"""Classic functions against their textbook formulas in complex arithmetic, and their published minima.

The oracle shares no code with `tasks`: formulas as printed, gradients by the complex step (Squire and Trapp, 1998),
which has no cancellation; everything in double precision.
"""

import cmath
import itertools
import math

import numpy as np
import pytest
import tensorflow as tf
from scipy.optimize import rosen, rosen_der

import tasks

cos, exp, pi, sin, sqrt = cmath.cos, cmath.exp, math.pi, cmath.sin, cmath.sqrt


def ackley(x):
    n = len(x)
    far, ripple = sqrt(sum(v**2 for v in x) / n), sum(cos(2 * pi * v) for v in x) / n
    return -20 * exp(-0.2 * far) - exp(ripple) + 20 + math.e


def griewank(x):
    product = np.prod([cos(v / math.sqrt(i)) for i, v in enumerate(x, 1)])
    return 1 + sum(v**2 for v in x) / 4000 - product


def levy(x):
    w = [1 + (v - 1) / 4 for v in x]
    middle = sum((v - 1) ** 2 * (1 + 10 * sin(pi * v + 1) ** 2) for v in w[:-1])
    return sin(pi * w[0]) ** 2 + middle + (w[-1] - 1) ** 2 * (1 + sin(2 * pi * w[-1]) ** 2)


def powell(x):
    total = 0
    for k in range(0, len(x), 4):
        a, b, c, d = x[k : k + 4]
        total += (a + 10 * b) ** 2 + 5 * (c - d) ** 2 + (b - 2 * c) ** 4 + 10 * (a - d) ** 4
    return total


def zakharov(x):
    s = sum(0.5 * i * v for i, v in enumerate(x, 1))
    return sum(v**2 for v in x) + s**2 + s**4


def goldstein_price(x):
    x, y = x
    first = 1 + (x + y + 1) ** 2 * (19 - 14 * x + 3 * x**2 - 14 * y + 6 * x * y + 3 * y**2)
    quadratic = 18 - 32 * x + 12 * x**2 + 48 * y - 36 * x * y + 27 * y**2
    return first * (30 + (2 * x - 3 * y) ** 2 * quadratic)


def branin(x):
    b, c, t = 5.1 / (4 * pi**2), 5 / pi, 1 / (8 * pi)
    return (x[1] - b * x[0] ** 2 + c * x[0] - 6) ** 2 + 10 * (1 - t) * cos(x[0]) + 10


def dixon_price(x):
    steps = range(1, len(x))
    return (x[0] - 1) ** 2 + sum((i + 1) * (2 * x[i] ** 2 - x[i - 1]) ** 2 for i in steps)


def michalewicz(x):
    return -sum(sin(v) * sin(i * v**2 / pi) ** 20 for i, v in enumerate(x, 1))


def rosenbrock(x):
    return sum(100 * (b - a**2) ** 2 + (1 - a) ** 2 for a, b in itertools.pairwise(x))


FORMULAS = {
    "rosenbrock": rosenbrock,
    "beale": lambda x: sum((c - x[0] + x[0] * x[1] ** k) ** 2 for k, c in enumerate((1.5, 2.25, 2.625), 1)),
    "booth": lambda x: (x[0] + 2 * x[1] - 7) ** 2 + (2 * x[0] + x[1] - 5) ** 2,
    "branin": branin,
    "goldstein-price": goldstein_price,
    "himmelblau": lambda x: (x[0] ** 2 + x[1] - 11) ** 2 + (x[0] + x[1] ** 2 - 7) ** 2,
    "matyas": lambda x: 0.26 * (x[0] ** 2 + x[1] ** 2) - 0.48 * x[0] * x[1],
    "six-hump-camel": lambda x: (
        (4 - 2.1 * x[0] ** 2 + x[0] ** 4 / 3) * x[0] ** 2 + x[0] * x[1] + (-4 + 4 * x[1] ** 2) * x[1] ** 2
    ),
    "three-hump-camel": lambda x: 2 * x[0] ** 2 - 1.05 * x[0] ** 4 + x[0] ** 6 / 6 + x[0] * x[1] + x[1] ** 2,
    "ackley": ackley,
    "dixon-price": dixon_price,
    "griewank": griewank,
    "levy": levy,
    "michalewicz": michalewicz,
    "powell": powell,
    "rastrigin": lambda x: 10 * len(x) + sum(v**2 - 10 * cos(2 * pi * v) for v in x),
    "rosenbrock-10": rosenbrock,
    "styblinski-tang": lambda x: 0.5 * sum(v**4 - 16 * v**2 + 5 * v for v in x),
    "zakharov": zakharov,
}

DIXON = [2 ** -(1 - 2 ** (1 - i)) for i in range(1, 11)]
MINIMA = {
    "rosenbrock": (0, [1, 1]),
    "beale": (0, [3, 0.5]),
    "booth": (0, [1, 3]),
    "branin": (0.39788735772973816, [pi, 2.275]),
    "goldstein-price": (3, [0, -1]),
    "himmelblau": (0, [3, 2]),
    "matyas": (0, [0, 0]),
    "six-hump-camel": (-1.031628453489877, [0.08984201368301331, -0.7126564032704135]),
    "three-hump-camel": (0, [0, 0]),
    "ackley": (0, [0] * 10),
    "dixon-price": (0, DIXON),
    "griewank": (0, [0] * 10),
    "levy": (0, [1] * 10),
    "michalewicz": (-4.687658179, [2.202906, 1.570796, 1.284992, 1.923058, 1.720470]),
    "powell": (0, [0] * 8),
    "rastrigin": (0, [0] * 10),
    "rosenbrock-10": (0, [1] * 10),
    "styblinski-tang": (-391.6616570377142, [-2.903534027771178] * 10),
    "zakharov": (0, [0] * 5),
}
BOXES = {
    "rosenbrock": ([-2, -1], [2, 3]),
    "beale": (-4.5, 4.5),
    "booth": (-10, 10),
    "branin": ([-5, 0], [10, 15]),
    "goldstein-price": (-2, 2),
    "himmelblau": (-5, 5),
    "matyas": (-10, 10),
    "six-hump-camel": ([-3, -2], [3, 2]),
    "three-hump-camel": (-5, 5),
    "ackley": (-32.768, 32.768),
    "dixon-price": (-10, 10),
    "griewank": (-600, 600),
    "levy": (-10, 10),
    "michalewicz": (0, pi),
    "powell": (-4, 5),
    "rastrigin": (-5.12, 5.12),
    "rosenbrock-10": (-2.048, 2.048),
    "styblinski-tang": (-5, 5),
    "zakharov": (-5, 10),
}


PLACED = [name for name in FORMULAS if name != "rosenbrock"]


def textbook(name):
    """The function of textbook coordinates."""
    task = tasks.get(name)
    return task.value if name in PLACED else lambda x: task.loss(x, (), None)


def value_and_gradient(name, point):
    x = tf.constant(point, tf.float64)
    with tf.GradientTape() as tape:
        tape.watch(x)
        value = textbook(name)(x)
    return value.numpy(), tape.gradient(value, x).numpy()


def complex_step(formula, point):
    turned = [[v + 1e-30j * (i == k) for i, v in enumerate(point)] for k in range(len(point))]
    return np.array([complex(formula(x)).imag / 1e-30 for x in turned])


def points(name, count=5):
    low, high = BOXES[name]
    return np.random.default_rng(0).uniform(low, high, (count, len(MINIMA[name][1])))


def test_every_classic_function_is_here():
    classic = [n for n in tasks.names() if tasks.get(n).tags[:1] == ("classic",)]
    assert {n for n in classic if "wrapped" not in tasks.get(n).tags} == set(FORMULAS)
    assert set(FORMULAS) == set(MINIMA) == set(BOXES)


@pytest.mark.parametrize("name", FORMULAS)
def test_value_and_gradient_are_the_textbooks(name):
    for point in points(name):
        value, gradient = value_and_gradient(name, point)
        np.testing.assert_allclose(value, complex(FORMULAS[name](list(point))).real, rtol=1e-6)
        expected = complex_step(FORMULAS[name], point)
        np.testing.assert_allclose(gradient, expected, rtol=1e-6, atol=1e-6 * abs(expected).max())


@pytest.mark.parametrize("name", MINIMA)
def test_minimum_is_the_published_one_and_the_floor_just_below(name):
    minimum, minimizer = MINIMA[name]
    value, gradient = value_and_gradient(name, np.array(minimizer, float))
    np.testing.assert_allclose(value, minimum, atol=1e-6)
    np.testing.assert_allclose(gradient, 0, atol=1e-3)  # minimizers are printed to six digits
    assert 0 <= minimum - tasks.get(name).floor < 5e-4


@pytest.mark.parametrize("name", MINIMA)
def test_float32_does_not_fall_below_the_floor(name):
    """A thousand neighbors of the minimizer, in the precision of the engine, where a problem has placed it."""
    minimizer = np.array(MINIMA[name][1], float)
    near = np.random.default_rng(1).normal(size=(1000, len(minimizer)))
    size = 10.0 ** np.random.default_rng(2).uniform(-7, -2, (1000, 1))
    neighbors, data = minimizer + size * near, ()
    if name in PLACED:
        _, data = tasks.get(name).sample(tf.constant([3, 4]))
        neighbors = neighbors @ data["rotation"].numpy() + data["shift"].numpy()
    values = tf.vectorized_map(lambda x: tasks.get(name).loss(x, data, None), neighbors.astype("float32"))
    assert values.numpy().min() >= tasks.get(name).floor
    best, size = values.numpy().min(), abs(MINIMA[name][0])
    assert best <= MINIMA[name][0] + 1e-3 * max(1.0, size), "the problem's minimum is the textbook's"


def test_rosenbrock_is_scipys():
    for point in points("rosenbrock-10"):
        value, gradient = value_and_gradient("rosenbrock-10", point)
        np.testing.assert_allclose(value, rosen(point), rtol=1e-12)
        np.testing.assert_allclose(gradient, rosen_der(point), rtol=1e-10)


def problems(name, count):
    """(parameters at the start, data) of `count` problems, NumPy arrays."""
    draw = tf.function(tasks.get(name).sample, autograph=False)
    drawn = [draw(tf.constant([5, 7]) + i) for i in range(0, 10 * count, 10)]
    return [tf.nest.map_structure(lambda leaf: leaf.numpy(), problem) for problem in drawn]


@pytest.mark.parametrize("name", BOXES)
def test_starts_fill_the_published_box(name):
    drawn = problems(name, 200)
    if name in PLACED:
        drawn = [((params - data["shift"]) @ data["rotation"].T, data) for params, data in drawn]
    starts = np.stack([params for params, _ in drawn])
    low, high = (np.broadcast_to(side, starts.shape[1]) for side in BOXES[name])
    rounding = 2e-6 * np.abs(high - low).max()
    assert np.all((starts >= low - rounding) & (starts <= high + rounding))
    np.testing.assert_allclose(starts.min(0), low, atol=0.08 * (high - low).max())
    np.testing.assert_allclose(starts.max(0), high, atol=0.08 * (high - low).max())


@pytest.mark.parametrize("name", PLACED)
def test_every_problem_is_placed_anew(name):
    """Shifts fill half the box's width to either side of 0, rotations are orthogonal and turn every way."""
    drawn = problems(name, 100)
    low, high = (np.broadcast_to(side, len(drawn[0][0])) for side in BOXES[name])
    reach = (high - low) / 2
    shifts = np.stack([data["shift"] for _, data in drawn]) / reach
    assert np.abs(shifts).max() <= 1
    np.testing.assert_allclose(shifts.mean(axis=0), 0, atol=0.25)  # deviation 1/√300 = 0.06
    np.testing.assert_allclose((shifts**2).mean(axis=0), 1 / 3, atol=0.13)
    rotations = np.stack([data["rotation"] for _, data in drawn])
    np.testing.assert_allclose(rotations @ rotations.transpose(0, 2, 1), [np.eye(len(low))] * 100, atol=1e-5)
    np.testing.assert_allclose(rotations.mean(axis=0), 0, atol=0.3)


@pytest.mark.parametrize("name", ["ackley", "beale", "zakharov"])
def test_a_loss_is_the_function_at_the_textbooks_coordinates(name):
    """θ = xR + s in double precision, by hand; the gradient turns with it."""
    task, x = tasks.get(name), points(name, 1)[0]
    _, data = problems(name, 1)[0]
    data = {key: value.astype("float64") for key, value in data.items()}
    theta = tf.constant(x @ data["rotation"] + data["shift"])
    with tf.GradientTape() as tape:
        tape.watch(theta)
        loss = task.loss(theta, data, None)
    np.testing.assert_allclose(loss.numpy(), complex(FORMULAS[name](list(x))).real, rtol=1e-5)
    expected = complex_step(FORMULAS[name], x) @ data["rotation"]
    np.testing.assert_allclose(tape.gradient(loss, theta).numpy(), expected, rtol=1e-4, atol=1e-4 * abs(expected).max())


def test_the_papers_rosenbrock_stays_where_it_was():
    assert tasks.get("rosenbrock").version == 1
    assert {tasks.get(name).version for name in PLACED} == {2}


def test_michalewicz_floors_of_other_dimensions():
    assert tasks.get("michalewicz[dimension=2]").floor == -1.801305
    assert tasks.get("michalewicz[dimension=3]").floor == -3
