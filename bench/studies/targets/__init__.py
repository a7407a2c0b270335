"""Whether the shipped specialists win by as much as they are meant to: every target measured, held or not.

`python -m bench targets` writes results/reference/targets. Baselines are tuned for each metric on its own by the one
protocol (bench.suites.protocol); cells that a run has are read from there.
"""
