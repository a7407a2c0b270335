"""The names that ship, family by family.

The floors given here are what a search found. Those of tasks on fixed data are its lowest loss, rounded down:
`python -m bench maintain floors diabetes breast-cancer wine digits-softmax --problems 4`, and `python -m bench maintain
floors circles spirals moons-relu moons-deep-narrow digits-tanh digits-relu digits-conv digits-autoencoder --problems 24
--iterations 3000`. That of two-moons-small, which has other data in every problem, is a bound below all: the lowest of
96 problems was 0.0469 (`python -m bench maintain floors two-moons-small --problems 96 --iterations 1500`).
"""

from __future__ import annotations

from tasks.base import register
from tasks.classic import (
    Beale,
    Booth,
    Branin,
    GoldsteinPrice,
    Himmelblau,
    Matyas,
    Rosenbrock,
    SixHumpCamel,
    ThreeHumpCamel,
)
from tasks.functions import (
    Ackley,
    DixonPrice,
    Griewank,
    Levy,
    Michalewicz,
    Powell,
    Rastrigin,
    RosenbrockN,
    StyblinskiTang,
    Zakharov,
)
from tasks.image import DigitsAutoencoder, DigitsConvolution
from tasks.logistic import LinearClassifier
from tasks.matrix import DeepLinear, Factorization, SymmetricFactorization
from tasks.moons import FreshTwoMoons, TwoMoons
from tasks.network import DigitsNetwork, PlanarNetwork
from tasks.quadratic import Conditioned, Diagonal, Quadratic, Saddle
from tasks.random_scales import RandomlyScaled
from tasks.regression import Diabetes, LeastSquares, Regression
from tasks.sequence import Adding, Reversing
from tasks.wrappers import Delayed, Noisy, Rescaled, Rotated, ScaledLoss

register("linear-regression", Quadratic(dimension=5, log10_spectrum=(-3.0, 0.0)))
register("rosenbrock", Rosenbrock())
register("two-moons", TwoMoons())
register("two-moons-small", FreshTwoMoons(), floor=0.03)

register("quadratic", Conditioned())
register("quadratic-easy", Conditioned(dimension=10, condition=5.0))
register("quadratic-ill", Conditioned(dimension=10, condition=1e4))
register("quadratic-100", Conditioned(dimension=100, condition=1e3))
register("quadratic-noisy", Conditioned(dimension=10, condition=10.0, noise=0.1))
register("quadratic-diagonal", Diagonal())
register("saddle", Saddle())

register("least-squares", LeastSquares())
register("regression-batches", Regression(batch=8))
register("regression-huber", Regression("huber", outliers=0.1))
register("regression-absolute", Regression("absolute", outliers=0.1))
register("regression-cauchy", Regression("cauchy", outliers=0.1))
register("diabetes", Diabetes(), floor=0.24112)

register("beale", Beale())
register("booth", Booth())
register("branin", Branin())
register("goldstein-price", GoldsteinPrice())
register("himmelblau", Himmelblau())
register("matyas", Matyas())
register("six-hump-camel", SixHumpCamel())
register("three-hump-camel", ThreeHumpCamel())
register("ackley", Ackley())
register("dixon-price", DixonPrice())
register("griewank", Griewank())
register("levy", Levy())
register("michalewicz", Michalewicz())
register("powell", Powell())
register("rastrigin", Rastrigin())
register("rosenbrock-10", RosenbrockN())
register("styblinski-tang", StyblinskiTang())
register("zakharov", Zakharov())

register("breast-cancer", LinearClassifier("breast_cancer"), floor=0.05982)
register("breast-cancer-batches", LinearClassifier("breast_cancer", batch=16), floor=0.05982)
register("wine", LinearClassifier("wine"), floor=0.02584)
register("digits-softmax", LinearClassifier("digits", batch=32), floor=0.23428)

register("matrix-factorization", Factorization())
register("matrix-completion", Factorization(seen=0.6))
register("matrix-symmetric", SymmetricFactorization())
register("deep-linear", DeepLinear())

register("circles", PlanarNetwork("circles"), floor=0.0145)
register("spirals", PlanarNetwork("spirals", noise=0.0), floor=0.0149)
register("spirals-batches", PlanarNetwork("spirals", noise=0.0, batch=16), floor=0.0149)
register("moons-relu", PlanarNetwork("moons", activation="relu"), floor=0.0085)
register("moons-deep-narrow", PlanarNetwork("moons", hidden=(4, 4, 4, 4, 4, 4)), floor=0.0050)
register("digits-tanh", DigitsNetwork(), floor=0.026)
register("digits-relu", DigitsNetwork(activation="relu"), floor=0.020)

register("digits-conv", DigitsConvolution(), floor=0.0080)
register("digits-autoencoder", DigitsAutoencoder(), floor=0.0090)

register("adding-rnn", Adding())
register("adding-gru", Adding(cell="gru"))
register("reversing-transformer", Reversing())

register("rescaled", Rescaled("rosenbrock"))
register("scaled-loss", ScaledLoss("rosenbrock"))
register("noisy", Noisy("rosenbrock"))
register("delayed", Delayed("quadratic"))
register("rotated", Rotated("quadratic-diagonal"))
register("randomly-scaled", RandomlyScaled("rosenbrock"))
