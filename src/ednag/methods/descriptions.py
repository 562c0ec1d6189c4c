"""What run files and tables say of themselves, read and compared without pyarrow.

Planning reads the description of every file that is there. The import of pyarrow would take a tenth
of its time.
"""

import json
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from ednag.errors import shown

RUN_FORMAT = "ednag runs 3"
#: Bytes of the longest description that is read.
_LONGEST = 1 << 20


def description_in(path: Path) -> dict[str, Any]:
    """What a Parquet file of this workflow says of itself; empty if it says nothing.

    It is in the file's last part, which Parquet does not compress.
    """
    if not path.is_file():  # a pipe would never end
        return {}
    try:
        with path.open("rb") as stream:
            stream.seek(-8, os.SEEK_END)
            size = min(_LONGEST, int.from_bytes(stream.read(4), "little"))
            stream.seek(-8 - size, os.SEEK_END)
            footer = stream.read(size)
        # Metadata is a list of keys and values, each with its length in one to three bytes.
        start = footer.index(b'{"', footer.index(b"ednag"))
        text = footer[start:].decode(errors="replace")
        described, _ = json.JSONDecoder().raw_decode(text)
    except (OSError, ValueError, RecursionError):
        return {}
    return described if isinstance(described, dict) else {}


def differences(
    described: Mapping[str, Any], expected: Mapping[str, Any], prefix: str = ""
) -> Iterator[str]:
    """What a file says of itself and should not, such as `hyperparameters.num_step is 20, not 30`.

    Args:
        described: What the file says.
        expected: What it should say; other keys of `described` are not compared.
        prefix: Of the names.
    """
    for name, value in expected.items():
        own = described.get(name)
        if isinstance(own, Mapping) and isinstance(value, Mapping):
            absent = {key: None for key in own if key not in value}
            yield from differences(own, {**value, **absent}, f"{prefix}{name}.")
        elif own != value:
            yield f"{prefix}{name} is {shown(own)}, not {shown(value)}"
