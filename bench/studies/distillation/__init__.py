"""Distillation: a closed form of few constants fitted to an optimizer, raced beside it, and what others can borrow.

Runs of the teacher → fits (fit), starting constants from the probes (starts) → the ladder (ladder, model) → scores
(measure) → a short refinement in closed loop (refine) → the formula in print (formula) → the report. The reverse gives
what was found to tuned momentum and Adam. No TensorFlow until something is distilled.
"""
