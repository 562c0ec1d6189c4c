"""Protocol buffer messages on the wire."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ednag.tables.protobuf import read_fields, read_varint
from tests.tables.official_files import message_field, varint

unsigned = st.integers(0, 2**64 - 1)
values = st.one_of(unsigned, st.floats(allow_nan=False), st.binary(max_size=300))


@pytest.mark.parametrize(
    ("wire", "fields"),
    [
        # Examples of the encoding's own documentation.
        ("089601", [(1, 150)]),
        ("120774657374696e67", [(2, b"testing")]),
        ("1a03089601", [(3, b"\x08\x96\x01")]),
        ("", []),
        # A double.
        ("29000000000000e03f", [(5, 0.5)]),
    ],
)
def test_known_messages(wire: str, fields: list[tuple[int, object]]) -> None:
    assert list(read_fields(bytes.fromhex(wire))) == fields


@given(unsigned, st.binary(max_size=5))
def test_integers_come_back(value: int, after: bytes) -> None:
    wire = varint(value)
    assert len(wire) <= 10
    assert read_varint(b"\xff" + wire + after, 1) == (value, 1 + len(wire))


@given(st.lists(st.tuples(st.integers(1, 2**29 - 1), values), max_size=8))
def test_fields_come_back(fields: list[tuple[int, int | float | bytes]]) -> None:
    message = b"".join(message_field(number, value) for number, value in fields)
    assert list(read_fields(message)) == fields


@given(st.lists(st.tuples(st.integers(1, 100), values), min_size=1, max_size=4), st.data())
def test_a_message_that_is_cut_off_is_refused_or_shorter(
    fields: list[tuple[int, int | float | bytes]], data: st.DataObject
) -> None:
    parts = [message_field(number, value) for number, value in fields]
    message = b"".join(parts)
    cut = data.draw(st.integers(0, len(message) - 1))
    ends = [sum(map(len, parts[:n])) for n in range(len(parts))]
    if cut in ends:
        assert list(read_fields(message[:cut])) == fields[: ends.index(cut)]
    else:
        with pytest.raises(ValueError, match="cut off"):
            list(read_fields(message[:cut]))


@given(st.binary(max_size=200))
def test_any_bytes_are_a_message_or_refused(data: bytes) -> None:
    try:
        for number, _ in read_fields(data):
            assert number >= 0
    except ValueError:
        pass


@pytest.mark.parametrize("wire", ["80" * 10 + "01", "ff" * 9 + "02", "80"])
def test_a_broken_integer_is_refused(wire: str) -> None:
    with pytest.raises(ValueError, match=r"64 bits|cut off"):
        read_varint(bytes.fromhex(wire), 0)


@pytest.mark.parametrize("wire_type", [3, 4, 5, 6, 7])
def test_an_unknown_wire_type_is_refused(wire_type: int) -> None:
    with pytest.raises(ValueError, match=f"wire type {wire_type}"):
        list(read_fields(bytes([8 | wire_type]) + bytes(20)))
