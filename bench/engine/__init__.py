"""One race as one XLA program. Knows problems, configurations and steps; knows no files and no scores of suites."""

VERSION = "2"
"""Raised whenever a number can move for the same task, optimizer and budget."""
