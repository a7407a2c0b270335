"""Probes: look inside any component-wise optimizer and say which mechanisms it has, with numbers.

`read.read` takes an optimizer and the gradients it met, runs each probe's controls once, then the probe; `run.probe`
gets the gradients by replaying a task's runs. What there is to probe is in `catalog`.
"""
