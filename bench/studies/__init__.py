"""Whole experiments on top of the harness, each of one shape: plan, measure, analyze, report, figures."""
