"""What stands in the place of NumPy's types in a pickle that is not trusted.

A pickle may set the state of any object. NumPy's own types accept states that corrupt memory:
`numpy.dtype` takes any flags, so that numbers are used as addresses of objects. The types here take
only what makes numbers, and no pickle can set their attributes.
"""

import math
from collections.abc import Mapping
from typing import Any, NoReturn

import numpy as np

from ednag.errors import shown

#: Data types of numbers, by the names in pickles, and the byte orders there.
_KINDS = frozenset(
    {"b1", "i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8", "f2", "f4", "f8"}
)  # fmt: skip
_ORDERS = frozenset("<>=|")
#: What follows the byte order in the state of such a data type.
_PLAIN = (None, None, None, -1, -1, 0)


class Sealed(type):
    """The type of a class whose attributes a pickle cannot set."""

    def __setattr__(cls, name: str, value: object) -> NoReturn:
        """Refuse."""
        raise TypeError(f"{cls.__name__}.{name} is set")


class DataType(metaclass=Sealed):
    """Replaces `numpy.dtype`: the name of a data type of numbers and its byte order."""

    __slots__ = ("_name",)

    def __init__(self, name: object, align: object = False, copy: object = True) -> None:
        if not isinstance(name, str) or name not in _KINDS:
            raise ValueError(f"a data type {shown(name)}, which is not one of numbers")
        self._name = name

    def __setstate__(self, state: object) -> None:
        """Take the byte order; raises ValueError for any other state."""
        if not isinstance(state, tuple) or state[2:8] != _PLAIN or state[1] not in _ORDERS:
            raise ValueError(f"a data type of numbers with the state {shown(state)}")
        self._name = state[1] + self._name.lstrip("<>=|")

    def values(self, data: object, count: int) -> np.ndarray:
        """A copy of bytes as array[count]; raises ValueError unless they are as many."""
        kind = np.dtype(self._name)
        if not isinstance(data, bytes) or len(data) != count * kind.itemsize:
            raise ValueError(f"not {count} numbers of {kind.itemsize} bytes")
        return np.frombuffer(data, kind).copy()


class Number(metaclass=Sealed):
    """Replaces `numpy.core.multiarray.scalar`: a number stored as data type and bytes."""

    def __new__(cls, kind: object, data: object) -> float:  # type: ignore[misc]
        """The number."""
        return float(_checked(kind).values(data, 1)[0])


class Array(metaclass=Sealed):
    """Replaces `numpy.core.multiarray._reconstruct`: an array of numbers for `numpy.asarray`."""

    __slots__ = ("_values",)

    def __init__(self, *ignored: object) -> None:
        self._values = np.empty(0)

    def __setstate__(self, state: Any) -> None:
        """Take shape, data type and bytes; raises ValueError unless they agree."""
        _, shape, kind, by_columns, data = state
        if not all(type(length) is int and length >= 0 for length in shape):
            raise ValueError(f"an array of shape {shown(shape)}")
        values = _checked(kind).values(data, math.prod(shape))
        self._values = values.reshape(shape, order="F" if by_columns else "C")

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray:
        """The numbers, as NumPy asks for them."""
        return np.array(self._values, dtype=dtype)

    def __len__(self) -> int:
        return len(self._values)

    def __getitem__(self, place: Any) -> Any:
        return self._values[place]


def _checked(kind: object) -> DataType:
    if not isinstance(kind, DataType):
        raise ValueError(f"a {type(kind).__name__} in the place of a data type")
    return kind


#: What a pickle with NumPy numbers asks for -> the type in its place; functions moved in NumPy 2.
NUMPY_NUMBERS: Mapping[str, type] = {
    "numpy.core.multiarray.scalar": Number,
    "numpy._core.multiarray.scalar": Number,
    "numpy.dtype": DataType,
}
#: The same with NumPy arrays.
NUMPY_ARRAYS: Mapping[str, type] = {
    **NUMPY_NUMBERS,
    "numpy.core.multiarray._reconstruct": Array,
    "numpy._core.multiarray._reconstruct": Array,
    "numpy.ndarray": Array,
}
#: The same arrays for `torch.serialization.safe_globals`.
SAFE_GLOBALS: list[Any] = [(kind, name) for name, kind in NUMPY_ARRAYS.items()]
