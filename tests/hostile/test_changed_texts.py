"""Files changed at random are accepted or refused in one line (see benchmarks/fuzz_readers.py)."""

import random
from pathlib import Path

import pytest

from ednag.errors import EdnagError

from .texts import TOKENS, text_readers

READERS = text_readers()


def changed(content: bytes, draw: random.Random) -> bytes:
    """The content with a few bytes changed, cut out or repeated, and tokens put in."""
    made = bytearray(content)
    for _ in range(draw.choice([1, 2, 5])):
        at = draw.randrange(len(made) + 1)
        until = at + draw.choice([1, 4, 64])
        piece = draw.choice([b"", bytes([draw.randrange(256)]), draw.choice(TOKENS), made[at:] * 3])
        made[at : draw.choice([at, until])] = piece
    return bytes(made)


@pytest.mark.parametrize("reader", READERS)
def test_changed_files_are_read_or_refused(reader: str, tmp_path: Path) -> None:
    read, seeds = READERS[reader]
    draw, path = random.Random(reader), tmp_path / "file"
    for content in seeds:
        path.write_bytes(content)
        read(path)
    for _ in range(150):
        path.write_bytes(changed(draw.choice(seeds), draw))
        try:
            read(path)
        except EdnagError as error:
            assert "\n" not in str(error)
