"""The README: its table is that of the reference, its counts are those of the registries, and its sequence works.

Here every command is read by the command line, options and values, without being carried out. `tox run -e docs` carries
them out, all in one folder and in this order, at sizes that take seconds (`tests/test_docs_commands.py`).
"""

import re
import tomllib
from pathlib import Path

import pytest
import yaml

import optimizers
import tasks
from bench.reports import tables
from bench.scores.leaderboard import board_by

ROOT = Path(__file__).parents[1]
TEXT = (ROOT / "README.md").read_text("utf-8")
