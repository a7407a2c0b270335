"""Where learned optimizers hold and where they fail: on other tasks, and on their own once something is changed."""
