"""The one exception that a user is meant to read."""


class EdnagError(Exception):
    """Something the user can mend: says what happened, where, and the next step.

    The command line prints its message without a traceback and exits with status 1.
    """
