"""The exception for errors that a user can correct."""

from collections.abc import Sequence


class EdnagError(Exception):
    """An error that the user can correct; its message has the cause, the place and the next step.

    The command line prints its message without a traceback and exits with status 1.
    """


#: Largest number of characters of a message, which may hold bytes of a file.
_LONGEST = 4000
#: Largest number of characters of a value in a message.
_SHOWN = 200


def shown(value: object) -> str:
    """A value of any type as one short line for a message; text is in quotes."""
    try:
        text = " ".join(repr(value).split())
    except Exception:  # a `__repr__` may raise anything, and an integer may be too long for one
        return f"a value of type {type(value).__name__}"
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}... ({len(text)} characters)"


def one_line(error: BaseException) -> str:
    """What an exception says, as one short line for a message; its type if it says nothing."""
    return " ".join(str(error).split())[:_SHOWN] or type(error).__name__


def listed(names: Sequence[str], most: int = 4) -> str:
    """Names in a sentence; only the first few if there are many."""
    rest = len(names) - most
    return ", ".join(names[:most]) + (f" and {rest} more" if rest > 0 else "")


def printable(message: str) -> str:
    """A message for a terminal: cut, and with control characters, as `\\x1b`, spelled out."""
    cut = message if len(message) <= _LONGEST else f"{message[:_LONGEST]}..."
    return "".join(sign if sign.isprintable() or sign == "\n" else repr(sign)[1:-1] for sign in cut)
