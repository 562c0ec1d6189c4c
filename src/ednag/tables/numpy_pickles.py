"""What stands for NumPy numbers and arrays inside pickles that the restricted unpickler reads.

A pickle names the function that makes each of its objects. None of NumPy's own is let in: these do
what NumPy's pickles ask of them and no more.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np


def number(dtype: np.dtype, data: bytes) -> float:
    """For `numpy.core.multiarray.scalar`: a number stored as data type and bytes.

    Raises:
        TypeError, ValueError: It is none; the unpickler reports it.
    """
    return float(np.frombuffer(data, dtype, count=1)[0])


def encoded_bytes(text: str, encoding: str) -> bytes:
    """For `_codecs.encode`: bytes, as the protocols that Python 2 understood write them.

    Raises:
        ValueError: The encoding is not that one; the unpickler reports it.
    """
    if encoding != "latin1":
        raise ValueError(f"bytes encoded as {encoding!r}")
    return text.encode("latin1")


def empty_array(kind: object, shape: object, code: object) -> np.ndarray:
    """For `numpy.core.multiarray._reconstruct`: the empty array that a pickle then fills."""
    return np.empty(0)


class ArrayType:
    """For `numpy.ndarray`, which a pickle may name but not call."""


#: What a pickle asks for that holds NumPy numbers (its functions moved in NumPy 2).
NUMPY_NUMBERS: Mapping[str, Any] = {
    "numpy.core.multiarray.scalar": number,
    "numpy._core.multiarray.scalar": number,
    "numpy.dtype": np.dtype,
    "_codecs.encode": encoded_bytes,
}
#: What a pickle asks for that holds NumPy arrays as well.
NUMPY_ARRAYS: Mapping[str, Any] = {
    **NUMPY_NUMBERS,
    "numpy.core.multiarray._reconstruct": empty_array,
    "numpy._core.multiarray._reconstruct": empty_array,
    "numpy.ndarray": ArrayType,
}
