"""`python -m bench.speed`: the engine against a `tf.function` called once per step, in one run.

Prints, for 256 configurations × 32 seeds × 200 steps of Rosenbrock with Adam, optimizer steps per second of both and
their ratio; rounds are interleaved and the best of each counts, because machines are noisy.
"""

from __future__ import annotations

import time
from typing import Any

from bench import runtime

ROUNDS, CONFIGURATIONS, SEEDS, STEPS = 5, 256, 32, 200


def engine_rate() -> float:
    """Optimizer steps per second of one warm engine cell."""
    import optimizers
    from bench.engine import race
    from bench.names import named_task
    from bench.tuning import draw_trials

    entry = optimizers.get("adam")
    how: dict[str, Any] = {"purpose": "tune", "seeds": range(SEEDS), "steps": STEPS}
    raced = race(named_task("rosenbrock"), entry, draw_trials(entry, CONFIGURATIONS), **how)
    seconds = raced.seconds_run
    return CONFIGURATIONS * SEEDS * STEPS / seconds if seconds else 0.0


def per_step_rate(steps: int = 2000) -> float:
    """Steps per second of plain Keras Adam in a tf.function called per step, the loss fetched."""
    import keras
    import tensorflow as tf

    import tasks

    task, x = tasks.get("rosenbrock"), tf.Variable([0.5, 1.5])
    optimizer = keras.optimizers.Adam(1e-3)
    optimizer.build([x])

    @tf.function
    def step():
        with tf.GradientTape() as tape:
            loss = task.loss(tf.convert_to_tensor(x), (), None)
        optimizer.apply_gradients([(tape.gradient(loss, x), x)])
        return loss

    with tf.GradientTape() as tape:
        loss = task.loss(x, (), None)
    tape.gradient(loss, x)
    step()
    start = time.perf_counter()
    for _ in range(steps):
        float(step())
    return steps / (time.perf_counter() - start)


def main() -> None:
    runtime.load_tensorflow()
    engine_rate()
    rounds = [(engine_rate(), per_step_rate()) for _ in range(ROUNDS)]
    ours, theirs = (max(rates) for rates in zip(*rounds, strict=True))
    print(
        f"Rosenbrock, Adam, {CONFIGURATIONS} configurations × {SEEDS} seeds × {STEPS} steps; best of {ROUNDS} rounds"
    )
    print(f"engine                   {ours:12.4g} optimizer steps / s")
    print(f"tf.function per step     {theirs:12.4g} optimizer steps / s")
    print(f"ratio                    {ours / theirs:12.0f}   (at least 1000)")
    raise SystemExit(ours < 1000 * theirs)


if __name__ == "__main__":
    main()
