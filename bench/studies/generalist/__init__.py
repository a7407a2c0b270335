"""The generalist against tuning: how many trials a hand-designed optimizer takes to catch up, and where it breaks.

`python -m bench generalist` writes results/reference/generalist and docs/generalist.md.
"""
