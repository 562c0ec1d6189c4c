"""Names and values in messages: suggestions for invalid ones, and short forms."""

import difflib
from collections.abc import Iterable

#: Characters of a value in a message.
_LONGEST = 60


def suggestion(name: str, valid: Iterable[str]) -> str:
    """`; did you mean 'x'? allowed: a, b, x`: the closest valid name and all valid names."""
    names = list(valid)
    if not names:
        return "; there are none to choose from"
    close = difflib.get_close_matches(str(name), names, n=1, cutoff=0.5)
    meant = f"; did you mean {close[0]!r}?" if close else ";"
    return f"{meant} allowed: {', '.join(names)}"


def shortened(value: object) -> str:
    """A value as Python writes it, cut where it is long."""
    text = repr(value)
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}..."
