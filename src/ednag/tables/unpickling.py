"""Reading of pickles that are not trusted: only named types are admitted.

A pickle names the type or function that makes each of its objects, and may set the state of any
object. Sealed types stand in the place of others; those for NumPy's are in `ednag.pickled_numbers`.
"""

import io
import pickle
from collections.abc import Mapping
from typing import Any

from ednag import pickled_numbers
from ednag.errors import EdnagError, one_line, shown
from ednag.pickled_numbers import Sealed


class EncodedBytes(metaclass=Sealed):
    """Replaces `_codecs.encode`: bytes in the pickle protocols of Python 2."""

    def __new__(cls, text: str, encoding: str) -> bytes:  # type: ignore[misc]
        """The bytes."""
        if encoding != "latin1":
            raise ValueError(f"bytes encoded as {shown(encoding)}")
        return text.encode("latin1")


class Ordered(dict, metaclass=Sealed):
    """Replaces `collections.OrderedDict`, as every dictionary is ordered."""

    __slots__ = ()

    def __setstate__(self, state: object) -> None:
        """Ignore attributes, for example the versions of a network's parts."""


class Attributes(metaclass=Sealed):
    """Replaces a class of a package: its attributes without its code."""


#: What a pickle with NumPy numbers asks for.
NUMPY_NUMBERS: Mapping[str, type] = {
    **pickled_numbers.NUMPY_NUMBERS,
    "_codecs.encode": EncodedBytes,
}
#: What a pickle with NumPy arrays asks for.
NUMPY_ARRAYS: Mapping[str, type] = {**NUMPY_NUMBERS, **pickled_numbers.NUMPY_ARRAYS}
#: What a pickle with the containers of Python's library asks for.
CONTAINERS: Mapping[str, type] = {
    "collections.OrderedDict": Ordered,
    "builtins.set": set,
    "__builtin__.set": set,
}


class _RestrictedUnpickler(pickle.Unpickler):
    """An unpickler that resolves names only in a mapping."""

    def __init__(self, stream: io.BytesIO, allowed: Mapping[str, type], place: str) -> None:
        super().__init__(stream)
        self._allowed = allowed
        self._place = place

    def find_class(self, module: str, name: str) -> type:
        """The type allowed for `module.name`; raises EdnagError for other names."""
        full_name = f"{module}.{name}"
        if full_name not in self._allowed:
            raise EdnagError(
                f"{self._place}: the pickle asks for {full_name}, which is not one of the types it "
                f"may hold ({', '.join(sorted(self._allowed)) or 'none'}); it was not loaded. "
                "Fetch the file again from a registered address"
            )
        return self._allowed[full_name]


def load_restricted(data: bytes, allowed: Mapping[str, type], place: str) -> Any:
    """The object in a pickle of containers, numbers, strings and `allowed`.

    A pickle can ask for any amount of memory and time, so call it where `ednag.confined` limits
    both. `allowed`: "module.name" -> the type to use in its place, one whose attributes cannot be
    set: built-in or `Sealed`. Raises EdnagError, which names `place`, if the pickle is broken or
    asks for a type that is not allowed.
    """
    try:
        return _RestrictedUnpickler(io.BytesIO(data), allowed, place).load()
    except (EdnagError, MemoryError):
        raise
    except Exception as error:
        reason = one_line(error)
        raise EdnagError(f"{place}: not a readable pickle ({reason})") from error
