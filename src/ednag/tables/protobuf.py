"""The fields of a protocol buffer message, read without its schema.

A message is a sequence of fields. A field is a varint, number * 8 + wire type, followed by a varint
(type 0), 8 bytes (1), a length and as many bytes (2), or 4 bytes (5).
Source: https://protobuf.dev/programming-guides/encoding
"""

import struct
from collections.abc import Iterator

_VARINT, _FIXED64, _BYTES, _FIXED32 = 0, 1, 2, 5
_DOUBLE, _FLOAT = struct.Struct("<d"), struct.Struct("<f")
#: A varint holds at most 64 bits, 7 in each byte.
_LONGEST = 10


def read_varint(data: bytes, position: int) -> tuple[int, int]:
    """The unsigned integer below 2^64 at a position, and the position after it.

    Raises:
        ValueError: It is cut off or longer than 64 bits.
    """
    value = 0
    for at in range(position, position + _LONGEST):
        if at >= len(data):
            raise ValueError(f"an integer at byte {position} is cut off")
        value |= (data[at] & 0x7F) << 7 * (at - position)
        if data[at] < 0x80 and value < 1 << 64:
            return value, at + 1
    raise ValueError(f"an integer at byte {position} has more than 64 bits")


def read_fields(data: bytes) -> Iterator[tuple[int, int | float | bytes]]:
    """(number, value) of each field: int, float (double or single precision) or bytes.

    Raises:
        ValueError: The bytes are no message.
    """
    position = 0
    while position < len(data):
        tag, position = read_varint(data, position)
        number, wire = tag >> 3, tag & 7
        value: int | float | bytes
        if wire == _FIXED64 and position + 8 <= len(data):
            (value,), end = _DOUBLE.unpack_from(data, position), position + 8
        elif wire == _VARINT:
            value, end = read_varint(data, position)
        elif wire == _BYTES:
            length, begin = read_varint(data, position)
            value, end = data[begin : begin + length], begin + length
        elif wire == _FIXED32 and position + 4 <= len(data):
            (value,), end = _FLOAT.unpack_from(data, position), position + 4
        else:
            raise ValueError(f"field {number} at byte {position} is cut off or of wire type {wire}")
        if end > len(data):
            raise ValueError(f"field {number} at byte {position} is cut off")
        yield number, value
        position = end
