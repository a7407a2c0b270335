"""What will run: which tasks, entries and budgets, in what order, and how long it will take."""

from bench.suites.suite import Suite as Suite
