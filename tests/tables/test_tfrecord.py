"""TensorFlow record files: frames come back, and no damage goes unnoticed."""

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ednag.errors import EdnagError
from ednag.tables.tfrecord import masked_crc, read_frames
from tests.tables.official_files import frame

records = st.lists(st.binary(max_size=60), min_size=1, max_size=5)
#: Each example writes its own file over the last one's.
with_a_file = settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)


@pytest.mark.parametrize(
    ("data", "crc"),
    [
        # RFC 3720, B.4, and the check value of crc32c.
        (bytes(32), 0x8A9136AA),
        (b"\xff" * 32, 0x62A8AB43),
        (bytes(range(32)), 0x46DD794E),
        (b"123456789", 0xE3069283),
    ],
)
def test_known_checksums(data: bytes, crc: int) -> None:
    turned = crc >> 15 | (crc & 0x7FFF) << 17
    assert masked_crc(data) == (turned + 0xA282EAD8) % 2**32


@with_a_file
@given(records)
def test_frames_come_back(tmp_path: Path, contents: list[bytes]) -> None:
    path = tmp_path / "a.tfrecord"
    path.write_bytes(b"".join(map(frame, contents)))
    assert list(read_frames(path, "source")) == contents


@with_a_file
@given(records, st.data())
def test_a_truncated_file_names_the_record(
    tmp_path: Path, contents: list[bytes], data: st.DataObject
) -> None:
    path = tmp_path / "a.tfrecord"
    frames = [frame(content) for content in contents]
    starts = [sum(map(len, frames[:n])) for n in range(len(frames))]
    cut = data.draw(st.integers(0, sum(map(len, frames)) - 1))
    path.write_bytes(b"".join(frames)[:cut])
    if cut in starts:
        assert list(read_frames(path, "source")) == contents[: starts.index(cut)]
        return
    record = max(n for n, start in enumerate(starts) if start < cut)
    message = rf"source: record {record} \(at byte {starts[record]}\) is truncated"
    reading = read_frames(path, "source")
    assert [next(reading) for _ in range(record)] == contents[:record]
    with pytest.raises(EdnagError, match=message):
        next(reading)


@with_a_file
@given(records, st.data())
def test_any_changed_bit_is_noticed(
    tmp_path: Path, contents: list[bytes], data: st.DataObject
) -> None:
    path = tmp_path / "a.tfrecord"
    whole = bytearray(b"".join(map(frame, contents)))
    bit = data.draw(st.integers(0, 8 * len(whole) - 1))
    whole[bit // 8] ^= 1 << bit % 8
    path.write_bytes(whole)
    with pytest.raises(EdnagError, match=r"source: record \d+ \(at byte \d+\)"):
        list(read_frames(path, "source"))


def test_an_absurd_length_is_not_allocated(tmp_path: Path) -> None:
    path = tmp_path / "a.tfrecord"
    length = (2**62).to_bytes(8, "little")
    path.write_bytes(length + masked_crc(length).to_bytes(4, "little"))
    with pytest.raises(EdnagError, match=r"record 0 \(at byte 0\) claims 4611686018427387904"):
        list(read_frames(path, "source"))


def test_an_empty_file_has_no_records(tmp_path: Path) -> None:
    (tmp_path / "a.tfrecord").touch()
    assert list(read_frames(tmp_path / "a.tfrecord", "source")) == []
