"""Reading of pickles that are not trusted: only named types are admitted.

A pickle names the function that makes each of its objects. The functions of NumPy are replaced by
the functions here, which make numbers and empty arrays only.
"""

import io
import pickle
from collections.abc import Mapping
from typing import Any

import numpy as np

from ednag.errors import EdnagError


def _number(dtype: np.dtype, data: bytes) -> float:
    """Replaces `numpy.core.multiarray.scalar`: a number stored as data type and bytes."""
    return float(np.frombuffer(data, dtype, count=1)[0])


def _encoded_bytes(text: str, encoding: str) -> bytes:
    """Replaces `_codecs.encode`: bytes in the pickle protocols of Python 2."""
    if encoding != "latin1":
        raise ValueError(f"bytes encoded as {encoding!r}")
    return text.encode("latin1")


def _empty_array(kind: object, shape: object, code: object) -> np.ndarray:
    """Replaces `numpy.core.multiarray._reconstruct`: an empty array, filled by the pickle."""
    return np.empty(0)


class _ArrayType:
    """Replaces `numpy.ndarray`, which a pickle may name but not call."""


#: What a pickle with NumPy numbers asks for; the functions moved in NumPy 2.
NUMPY_NUMBERS: Mapping[str, Any] = {
    "numpy.core.multiarray.scalar": _number,
    "numpy._core.multiarray.scalar": _number,
    "numpy.dtype": np.dtype,
    "_codecs.encode": _encoded_bytes,
}
#: What a pickle with NumPy arrays asks for.
NUMPY_ARRAYS: Mapping[str, Any] = {
    **NUMPY_NUMBERS,
    "numpy.core.multiarray._reconstruct": _empty_array,
    "numpy._core.multiarray._reconstruct": _empty_array,
    "numpy.ndarray": _ArrayType,
}


class _RestrictedUnpickler(pickle.Unpickler):
    """An unpickler that resolves names only in a mapping."""

    def __init__(self, stream: io.BytesIO, allowed: Mapping[str, Any], place: str) -> None:
        super().__init__(stream)
        self._allowed = allowed
        self._place = place

    def find_class(self, module: str, name: str) -> Any:
        """The object allowed for `module.name`; raises EdnagError for other names."""
        full_name = f"{module}.{name}"
        if full_name not in self._allowed:
            raise EdnagError(
                f"{self._place}: the pickle asks for {full_name}, which is not one of the types it "
                f"may hold ({', '.join(sorted(self._allowed)) or 'none'}); it was not loaded. "
                "Fetch the file again from a registered address"
            )
        return self._allowed[full_name]


def load_restricted(data: bytes, allowed: Mapping[str, Any], place: str) -> Any:
    """The object in a pickle, verified by checksum, of containers, numbers, strings and `allowed`.

    `allowed`: "module.name" -> the type or function to use in its place. Raises EdnagError, which
    names `place`, if the pickle is broken or asks for a type that is not allowed.
    """
    try:
        return _RestrictedUnpickler(io.BytesIO(data), allowed, place).load()
    except EdnagError:
        raise
    except Exception as error:
        raise EdnagError(f"{place}: not a readable pickle ({error})") from error
