"""From cells to jobs to executors: what does the work, here or in processes."""
