"""What a user can get wrong."""


class UserError(ValueError):
    """A mistake of the user's: one line that names the value and the remedy."""
