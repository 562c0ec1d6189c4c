"""Suggestions for invalid names."""

import difflib
from collections.abc import Iterable


def suggestion(name: str, valid: Iterable[str]) -> str:
    """`; did you mean 'x'? allowed: a, b, x`: the closest valid name and all valid names."""
    names = list(valid)
    if not names:
        return "; there are none to choose from"
    close = difflib.get_close_matches(str(name), names, n=1, cutoff=0.5)
    meant = f"; did you mean {close[0]!r}?" if close else ";"
    return f"{meant} allowed: {', '.join(names)}"
