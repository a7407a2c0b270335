"""From what a user names or holds to a task, an entry, what identifies them and how they are drawn."""
