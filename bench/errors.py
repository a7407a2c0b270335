"""What the command line prints as one line, without a traceback."""


class UserError(ValueError):
    """A mistake of the user's: one line that names the value and the remedy."""
