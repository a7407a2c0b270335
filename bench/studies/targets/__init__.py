"""Whether the shipped specialists win by as much as they are meant to: every target measured, held or not.

`python -m bench targets` writes results/reference/targets. Baselines are tuned for each metric on its own, at far more
trials than in a suite, and the choice is made again on fresh problems.
"""
