"""The engine against its peers, as ratios measured side by side: `python -m bench speed`.

Every contender lives in a process of its own, pinned to the same core, one thread, float32, and the processes take
turns. Nothing else in `bench` imports this package; what it needs beyond the project is the extra `benchmarks`.
"""
