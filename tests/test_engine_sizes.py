"""How large problems and states are, by hand."""

import pytest

import optimizers
from bench.engine.sizes import sizes
from bench.lookup.resolve import named_task


@pytest.mark.parametrize(
    ("optimizer", "task", "parameters", "state"),
    [
        ("sgd", "rosenbrock", 2, 0),
        ("momentum", "rosenbrock", 2, 4),
        ("adam", "linear-regression", 5, 8),
        ("rmsprop-centered", "rosenbrock", 2, 12),
        ("gru-rosenbrock", "rosenbrock", 2, 32 * 4),
        ("adam-cosine", "rosenbrock", 2, 8),
    ],
)
def test_bytes_of_state(optimizer, task, parameters, state):
    found = sizes(optimizers.get(optimizer), named_task(task), 20)
    assert found == {"parameters": parameters, "state_bytes_per_parameter": state}


def test_an_oracle_has_no_state_of_its_own():
    assert sizes(optimizers.get("oracle-newton"), named_task("linear-regression"), 20) == {"parameters": 5}
