"""The paper's claims, one by one, against our own races, readings and ablations of the same three tasks.

`python -m bench paper` writes results/reference/paper. Every claim is a row of `bench.studies.paper.claims` that says,
before anything is measured, by which rule it is held, not held, or not decidable.
"""
