"""Time and memory of reading NAS-Bench-101's tfrecord, on a file of the real one's size and form.

    python benchmarks/tfrecord_memory.py [--cells N] [--keep FILE]

The real file (nasbench_only108.tfrecord, 522,767,376 bytes) holds three records for each of 423,624
cells. One with as many records is written: the cells that the space nasbench101 holds under their
true hashes, the others under invented ones, all with invented measurements. It is then read in a
process of its own, once as the table is built and once with all cells. Prints one JSON object;
exits 1 where memory passes 2 GB.
"""

import argparse
import base64
import hashlib
import json
import os
import struct
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np

from ednag.spaces import get_space
from ednag.spaces.nasbench101 import VERTEX_OPERATIONS
from ednag.spaces.nasbench101_cells import CELL_COUNT
from ednag.tables.tfrecord import masked_crc

LARGEST_MEMORY = 2e9
ADJACENCY = "0111111001111100111110001111000011100000100000000"
READINGS = {
    "table": (
        "from ednag.tables.nasbench101_tfrecord import CIFAR10 as table\n"
        "table.build({table.sources[0]: path}, {})"
    ),
    "all_cells": (
        "from ednag.tables.nasbench101_tfrecord import read_cells\n"
        "assert len(read_cells(path, 'generated')) == cells"
    ),
}


def varint(value: int) -> bytes:
    """An unsigned integer as a protocol buffer has it."""
    parts = bytearray()
    while value >= 0x80:
        parts.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*parts, value])


def doubles(values: Iterable[float]) -> bytes:
    """A message of doubles, whose fields are numbered from 1."""
    return b"".join(struct.pack("<Bd", n << 3 | 1, value) for n, value in enumerate(values, 1))


def frame(data: bytes) -> bytes:
    """A frame of a TensorFlow record file."""
    length = struct.pack("<Q", len(data))
    checksums = [struct.pack("<I", masked_crc(part)) for part in (length, data)]
    return length + checksums[0] + data + checksums[1]


def metrics(generator: np.random.Generator) -> str:
    """A ModelMetrics message in base64: three evaluations, parameters, total time."""
    evaluations = [doubles(values) for values in generator.random((3, 5))]
    message = b"".join(b"\x0a" + varint(len(each)) + each for each in evaluations)
    message += b"\x10" + varint(int(generator.integers(10**5, 10**8)))
    return base64.b64encode(message + struct.pack("<Bd", 3 << 3 | 1, generator.random())).decode()


def keys(cells: int) -> Iterator[str]:
    """Module hashes: those of the space, then invented ones."""
    space = get_space("nasbench101")
    for number in range(cells):
        known = number < space.size
        yield space.key(number) if known else hashlib.md5(str(number).encode()).hexdigest()


def write(path: Path, cells: int) -> None:
    """Write the file."""
    generator = np.random.default_rng(0)
    operations = ",".join(VERTEX_OPERATIONS)
    with path.open("wb") as stream:
        for key in keys(cells):
            for _ in range(3):
                record = [key, 108, ADJACENCY, operations, metrics(generator)]
                stream.write(frame(json.dumps(record).encode()))


def timed(reading: str, path: Path, cells: int) -> tuple[float, int]:
    """Seconds and largest resident memory (bytes) of one reading in a process of its own."""
    code = f"from pathlib import Path\npath, cells = Path({str(path)!r}), {cells}\n{reading}"
    begun = time.perf_counter()
    process = subprocess.Popen([sys.executable, "-c", code])
    _, status, usage = os.wait4(process.pid, 0)
    if status:
        raise SystemExit(f"reading failed with status {status}")
    return round(time.perf_counter() - begun, 1), usage.ru_maxrss * 1024


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cells", type=int, default=CELL_COUNT)
    parser.add_argument("--keep", type=Path, help="write the file here and keep it")
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        path = chosen.keep or Path(folder) / "generated.tfrecord"
        begun = time.perf_counter()
        write(path, chosen.cells)
        result = {
            "records": 3 * chosen.cells,
            "size_bytes": path.stat().st_size,
            "write_s": round(time.perf_counter() - begun, 1),
        }
        for name, reading in READINGS.items():
            result[f"{name}_s"], memory = timed(reading, path, chosen.cells)
            result[f"{name}_largest_memory_bytes"] = memory
    print(json.dumps(result, indent=2))
    sys.exit(any(v > LARGEST_MEMORY for k, v in result.items() if k.endswith("memory_bytes")))


if __name__ == "__main__":
    main()
