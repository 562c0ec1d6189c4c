"""The fields of a protocol buffer message, read without its schema.

A message is a sequence of fields. A field is a varint, number * 8 + wire type, followed by a varint
(type 0), a double of 8 bytes (1), or a length and as many bytes (2). Other types are refused.
Source: https://protobuf.dev/programming-guides/encoding
"""

import struct
from collections.abc import Iterator

_VARINT, _DOUBLE, _BYTES = 0, 1, 2
#: A varint holds at most 64 bits, 7 in each byte.
_LONGEST = 10


def read_varint(data: bytes, position: int) -> tuple[int, int]:
    """The unsigned integer below 2^64 at a position, and the position after it; or ValueError."""
    value = 0
    for at in range(position, position + _LONGEST):
        if at >= len(data):
            raise ValueError(f"an integer at byte {position} is cut off")
        value |= (data[at] & 0x7F) << 7 * (at - position)
        if data[at] < 0x80 and value < 1 << 64:
            return value, at + 1
    raise ValueError(f"an integer at byte {position} has more than 64 bits")


def read_fields(data: bytes) -> Iterator[tuple[int, int | float | bytes]]:
    """(number, value) of each field; raises ValueError if the bytes are no message."""
    position = 0
    while position < len(data):
        tag, position = read_varint(data, position)
        number, wire = tag >> 3, tag & 7
        value: int | float | bytes
        if wire == _DOUBLE and position + 8 <= len(data):
            (value,), end = struct.unpack_from("<d", data, position), position + 8
        elif wire == _VARINT:
            value, end = read_varint(data, position)
        elif wire == _BYTES:
            length, begin = read_varint(data, position)
            value, end = data[begin : begin + length], begin + length
        else:
            raise ValueError(f"field {number} at byte {position} is cut off or of wire type {wire}")
        if end > len(data):
            raise ValueError(f"field {number} at byte {position} is cut off")
        yield number, value
        position = end
