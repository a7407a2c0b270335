"""From what a user names or holds to a task, an entry and what identifies them."""
