"""Reading pickles of strangers: only named types are let in, everything else is refused."""

import io
import pickle
from collections.abc import Mapping
from typing import Any

from ednag.errors import EdnagError


class _RestrictedUnpickler(pickle.Unpickler):
    """An unpickler that resolves a name only through an explicit table of types."""

    def __init__(self, stream: io.BytesIO, allowed: Mapping[str, type], place: str) -> None:
        super().__init__(stream)
        self._allowed = allowed
        self._place = place

    def find_class(self, module: str, name: str) -> type:
        """The type allowed under `module.name`; anything else is refused."""
        wanted = f"{module}.{name}"
        if wanted not in self._allowed:
            raise EdnagError(
                f"{self._place}: the pickle asks for {wanted}, which is not one of the types it "
                f"may hold ({', '.join(sorted(self._allowed)) or 'none'}); it was not loaded. "
                "Fetch the file again from a registered address"
            )
        return self._allowed[wanted]


def load_restricted(data: bytes, allowed: Mapping[str, type], place: str) -> Any:
    """The object in a pickle that may only hold plain containers, numbers, strings and `allowed`.

    Args:
        data: The pickle's bytes, already verified by checksum.
        allowed: "module.name" -> the type to build in its place.
        place: What is being read, for the error message.

    Raises:
        EdnagError: The pickle is broken or asks for a type that is not allowed.
    """
    try:
        return _RestrictedUnpickler(io.BytesIO(data), allowed, place).load()
    except EdnagError:
        raise
    except Exception as error:
        raise EdnagError(f"{place}: not a readable pickle ({error})") from error
