"""Reading of TensorFlow record files without TensorFlow; checks all checksums.

A frame is the length of its data (8 bytes, little-endian), the masked crc32c of those 8 bytes (4),
the data, and the masked crc32c of the data (4).
Source: search-spaces specification, Official files; RFC 3720 for the crc.
"""

import struct
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

import google_crc32c

from ednag.errors import EdnagError

_HEAD = struct.Struct("<QI")
_TAIL = struct.Struct("<I")
_MASK = 0xA282EAD8
#: Largest length of a record.
_LONGEST = 1 << 30
#: Bytes read at a time.
_BUFFER = 1 << 20


def masked_crc(data: bytes) -> int:
    """The crc32c of bytes, rotated right by 15 bits and shifted."""
    crc = int(google_crc32c.value(data))
    return ((crc >> 15 | crc << 17) + _MASK) & 0xFFFFFFFF


def read_frames(path: Path, place: str) -> Iterator[bytes]:
    """The data of each frame in a file, in order; memory does not grow with the file.

    Raises EdnagError if the file ends inside a frame or a checksum is wrong; the message names
    `place`, the record (from 0) and the byte it begins at.
    """
    with path.open("rb", buffering=_BUFFER) as stream:
        record, start = 0, 0
        while head := stream.read(_HEAD.size):
            try:
                data = _read_rest(stream, head)
            except ValueError as reason:
                raise EdnagError(
                    f"{place}: record {record} (at byte {start}) {reason}; fetch the file again"
                ) from None
            yield data
            record, start = record + 1, start + _HEAD.size + len(data) + _TAIL.size


def _read_rest(stream: BinaryIO, head: bytes) -> bytes:
    """The data of the frame after its head; raises ValueError if the frame is broken."""
    if len(head) < _HEAD.size:
        raise ValueError("is truncated in its length")
    length, crc_of_length = _HEAD.unpack(head)
    if masked_crc(head[:8]) != crc_of_length:
        raise ValueError("has a length that its checksum contradicts")
    if length > _LONGEST:
        raise ValueError(f"claims {length} bytes")
    data, tail = stream.read(length), stream.read(_TAIL.size)
    if len(data) < length:
        raise ValueError(f"is truncated: {len(data)} of {length} bytes")
    if len(tail) < _TAIL.size:
        raise ValueError("is truncated in its checksum")
    if masked_crc(data) != _TAIL.unpack(tail)[0]:
        raise ValueError("is corrupt: its checksum contradicts it")
    return data
