"""A batch in parts: the mean of what each gives, the same bits however many are computed at once."""

import numpy as np
import pytest

import bench
import tasks
from bench.engine.keys import digest
from bench.errors import UserError
from bench.lookup.named import NamedTask
from bench.metatraining import Settings, loop
from bench.metatraining.estimators.memory import BASE
from bench.metatraining.loop import Loop
from bench.metatraining.state import start
from optimizers import learned

QUICK = {"batch": 4, "unroll": 6, "validation": 2}


def gradients(workers=1, estimator="backprop", **settings):
    """[first moment of Adam after one iteration / (1 − β₁)]: the meta-gradient, its norm not bounded."""
    chosen = Settings(steps=1, estimator=estimator, **QUICK, beta_1=0.5, clip_each=np.inf, **settings)
    architecture = learned.get("gru[units=4]")
    made = Loop(architecture, [NamedTask("rosenbrock", tasks.get("rosenbrock"))], chosen, workers)
    state = made.iterate(start(architecture.initial(0)))
    return state.curve[0][2], {name: np.asarray(value) / 0.5 for name, value in state.first.items()}


@pytest.mark.parametrize("estimator", ["backprop", "truncated[length=3]"])
def test_parts_give_the_mean_over_the_batch_where_nothing_is_clipped(estimator):
    whole, split = (gradients(estimator=estimator, clip=np.inf, parts=parts) for parts in (None, 2))
    assert split[0] == pytest.approx(whole[0], rel=1e-6)
    for name, value in whole[1].items():
        np.testing.assert_allclose(split[1][name], value, rtol=1e-4, atol=1e-5 * np.abs(value).max())


def test_each_part_is_clipped_by_its_own_median():
    whole, split = (gradients(clip=0.5, parts=parts)[1] for parts in (None, 2))  # no median of two problems
    assert any(np.abs(split[name] - value).max() > 0.01 * np.abs(value).max() for name, value in whole.items())


@pytest.mark.parametrize("estimator", ["backprop", "pes[length=3]"])
def test_workers_move_no_bit(estimator):
    one, two = (
        bench.metatrain(
            "gru[units=4]",
            "rosenbrock",
            steps=3,
            parts=2,
            workers=workers,
            estimator=estimator,
            progress=False,
            **QUICK,
        )
        for workers in (1, 2)
    )
    assert all(np.array_equal(one[name], two[name]) for name in one)
    other = bench.metatrain("gru[units=4]", "rosenbrock", steps=3, estimator=estimator, progress=False, **QUICK)
    assert not all(np.array_equal(one[name], other[name]) for name in one)


def test_parts_draw_perturbations_of_their_own():
    keys = [tuple(loop._key(seed, number, part).numpy()) for seed in (0, 1) for number in (0, 1) for part in (0, 1, 2)]
    assert len(set(keys)) == 12
    assert keys[0][0] == digest("estimator/0")  # the first part's are those of a whole batch


def test_memory_is_that_of_the_parts_at_once():
    def taken(workers, **settings):
        chosen = Settings(steps=1, **{**QUICK, "batch": 4096, "unroll": 200}, **settings)
        made = Loop(learned.get("gru"), [NamedTask("rosenbrock", tasks.get("rosenbrock"))], chosen, workers)
        return made.memory_bytes() - BASE

    whole = taken(1)
    assert taken(1, parts=4) == whole / 4
    assert taken(2, parts=4) == whole / 2
    assert taken(4, parts=4) == whole


def test_what_nobody_can_share_is_refused():
    with pytest.raises(UserError, match=r"workers is 2, but a batch of one training has 1 part; give parts=2"):
        bench.metatrain("gru", "rosenbrock", steps=1, workers=2, progress=False)
    with pytest.raises(UserError, match="a batch of 4 problems does not divide into 3 parts"):
        Settings(steps=1, batch=4, parts=3)
