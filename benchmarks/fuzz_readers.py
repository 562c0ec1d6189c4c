"""Damaged and harmful files for every reader of files that others made.

    python benchmarks/fuzz_readers.py [--seconds N] [--seed N] [--only NAME]... [--keep FOLDER]

Each reader is given small files of its kind, changed at random: bits, bytes, cuts, pieces of other
files, opcodes of pickles. Each file is read in a process of its own. It may be accepted, or refused
by one line (EdnagError). Anything else is a failure: another exception, a crash, more than 12 s of
processor, 2 GB of memory or no end. `--keep` keeps the files that failed. Prints one line of counts
for each reader; exits 1 if there is a failure.
"""

import argparse
import os
import pickle
import pickletools
import random
import resource
import signal
import sys
import tempfile
import time
import traceback
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(PROJECT))

from ednag.errors import EdnagError  # noqa: E402
from tests.hostile.pickles import HARMFUL, READERS, as_pickle  # noqa: E402
from tests.hostile.texts import text_readers  # noqa: E402

MOST_SECONDS, MOST_MEMORY, NO_END = 12.0, 2_000_000_000, 300
OUTCOMES = ("refused", "accepted", "traceback", "crash", "slow", "memory", "no end")


@dataclass(frozen=True)
class Reader:
    """A reader and what it is tried with.

    Attributes:
        seeds: Contents of small files of its kind.
        read: Reads a file.
        write: Writes a file that holds a content, where that is not the file itself.
    """

    seeds: Sequence[bytes]
    read: Callable[[Path], object]
    write: Callable[[bytes, Path], Path] = as_pickle


def _build(place: tuple[str, str, str | None, str], path: Path) -> object:
    from ednag.tables import choose_definition

    space, dataset, official, source = place
    return choose_definition(space, dataset, official).build({source: path}, {source: ""})


def _pickles() -> list[bytes]:
    """Pickles of what the files of benchmarks hold, in several protocols."""
    import numpy as np

    cell = {"perf": np.float64(0.9), "valid_perf": 0.8, "latency": np.float32(1), "para": 0.1}
    values = {10_000: cell, "meta_archs": ["|a~0|"], "arch2infos": {0: {"full": cell}}}
    values |= {"data": {"micro": {"64-1": {"jigsaw": {"metrics": {"x": np.arange(3.0)}}}}}}
    return [pickle.dumps(values, protocol) for protocol in (0, 2, 4, 5)]


def _parquet(folder: Path) -> list[bytes]:
    """A table, a database and a run file are all Parquet files of numbers, texts and lists."""
    import pandas as pd

    from ednag.predictor.database import make_database, write_database
    from ednag.tables import get_definition
    from ednag.tables.interface import BenchmarkTable
    from ednag.tables.parquet import write_benchmark

    definition = get_definition("transnas-micro", "jigsaw")
    import numpy as np

    from ednag.spaces import get_space

    space = get_space("transnas-micro")
    metrics = {metric.name: metric for metric in definition.metrics}
    values = {name: np.linspace(0, 1, space.size) for name in metrics}
    write_benchmark(BenchmarkTable(space.name, "jigsaw", values, metrics, {}), folder / "table")
    cells = get_space("nasbench201")
    keys = [cells.key(code) for code in range(3)]
    database = make_database("nasbench201", keys, ["a"] * 3, {"a": (1, 2)}, [1.0, 2, 3], [0] * 3)
    write_database(database, folder / "database")
    pd.DataFrame({"key": keys, "seed": [0, 1, 2]}).to_parquet(folder / "rows")
    return [(folder / name).read_bytes() for name in ("table", "database", "rows")]


def _tensors(folder: Path) -> list[bytes]:
    import torch

    path, files = folder / "tensors", []
    for legacy in (False, True):
        content = {0: [torch.ones(2, 512)], 1: torch.zeros(3, 512)}
        torch.save(content, path, _use_new_zipfile_serialization=not legacy)
        files.append(path.read_bytes())
    return files


def readers(folder: Path) -> Mapping[str, Reader]:
    """Every reader by its name."""
    from ednag.files import read_rows
    from ednag.methods.storage import read_runs
    from ednag.predictor.database import read_database
    from ednag.predictor.features import read_features
    from ednag.tables.parquet import read_benchmark
    from ednag.training.checkpoints import load_checkpoint
    from tests.tables.official_files import metrics_message, training_record, write_tfrecord

    pickles = [*_pickles(), *HARMFUL.values()]
    parquet, tensors = _parquet(folder), _tensors(folder)
    write_tfrecord(folder / "records", [training_record("0" * 32, metrics_message(0.9, 0.9))] * 3)
    known = {
        f"{place[3]} ({place[1]})": Reader(pickles, partial(_build, place), write)
        for place, write in READERS.items()
    }
    records = ("nasbench101", "cifar10", None, "nasbench101-only108")
    predictor = ("mobilenetv3", "imagenet", None, "ofa-acc-predictor")
    return known | {
        "nasbench101-only108": Reader(
            [(folder / "records").read_bytes()], partial(_build, records)
        ),
        "ofa-acc-predictor": Reader([*tensors, *pickles], partial(_build, predictor)),
        "features": Reader([*tensors, *pickles], read_features),
        "checkpoints": Reader([*tensors, *pickles], load_checkpoint),
        "tables in Parquet": Reader(parquet, read_benchmark),
        "run files": Reader(parquet, read_runs),
        "databases": Reader(parquet, read_database),
        "rows in Parquet": Reader(parquet, read_rows),
        **{name: Reader(seeds, read) for name, (read, seeds) in text_readers().items()},
    }


def changed(seeds: Sequence[bytes], draw: random.Random) -> bytes:
    """One of some contents, changed one to four times."""
    data = bytearray(draw.choice(seeds))
    for _ in range(draw.randint(1, 4)):
        at = draw.randrange(len(data) + 1)
        match draw.randrange(6):
            case 0 if at < len(data):
                data[at] ^= 1 << draw.randrange(8)
            case 1:
                data[at : at + draw.choice((1, 2, 4, 8))] = draw.randbytes(draw.choice((1, 4, 8)))
            case 2:
                del data[at:]
            case 3:
                other = draw.choice(seeds)
                begin = draw.randrange(len(other) + 1)
                data[at:at] = other[begin : begin + draw.choice((4, 64, 4096))]
            case 4:
                data[at : at + 8] = draw.choice((b"\xff" * 8, b"\0" * 8, b"\xff\xff\xff\x7f"))
            case _:
                data = _other_opcodes(data, draw)
    return bytes(data)


def _other_opcodes(data: bytearray, draw: random.Random) -> bytearray:
    """A pickle with an opcode put in, taken out or done many times; other bytes as they are."""
    places = []
    try:
        for _, _, position in pickletools.genops(bytes(data[:100_000])):
            places.append(position or 0)
    except Exception:
        pass
    if len(places) < 2:
        return data
    first = draw.randrange(len(places) - 1)
    begin, end = places[first], places[first + 1]
    opcode = draw.choice(pickletools.opcodes).code.encode("latin1")
    inserted = draw.choice((opcode, opcode * 1000, bytes(data[begin:end]) * 30, b""))
    data[begin : draw.choice((begin, end))] = inserted
    return data


def outcome(read: Callable[[Path], object], path: Path) -> str:
    """What reading a file in a process of its own ends in, one of OUTCOMES."""
    child = os.fork()
    if child == 0:
        signal.alarm(NO_END)
        os._exit(_tried(read, path))
    _, status, used = os.wait4(child, 0)
    code = os.waitstatus_to_exitcode(status)
    if code == -signal.SIGALRM:
        return "no end"
    if used.ru_utime + used.ru_stime > MOST_SECONDS:
        return "slow"
    if used.ru_maxrss * 1024 > MOST_MEMORY:
        return "memory"
    return "crash" if code < 0 or code > 2 else OUTCOMES[code]


def _tried(read: Callable[[Path], object], path: Path) -> int:
    """The place in OUTCOMES of what reading a file here ends in."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    try:
        read(path)
    except EdnagError as error:
        return 0 if len(str(error).splitlines()) == 1 else 2
    except OSError as error:
        return 0 if error.errno else 2
    except BaseException:
        traceback.print_exc()
        return 2
    return 1


def main() -> int:
    """Fuzz the readers; 1 if one failed."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--seconds", type=float, default=60, help="for each reader")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--only", action="append", help="name of a reader; repeatable")
    parser.add_argument("--keep", type=Path, help="folder for the files that failed")
    options = parser.parse_args()
    failures = 0
    with tempfile.TemporaryDirectory() as name:
        path = Path(name) / "file"
        for reader, tried in readers(Path(name)).items():
            if options.only and reader not in options.only:
                continue
            draw, counts = random.Random(options.seed), Counter[str]()
            end = time.monotonic() + options.seconds
            while time.monotonic() < end:
                tried.write(changed(tried.seeds, draw), path)
                if draw.random() < 0.2:  # the file around the content too
                    path.write_bytes(changed([path.read_bytes()], draw))
                ended = outcome(tried.read, path)
                counts[ended] += 1
                if ended not in ("refused", "accepted") and options.keep:
                    options.keep.mkdir(parents=True, exist_ok=True)
                    kept = f"{reader.split()[0]}-{ended.replace(' ', '-')}-{counts.total()}"
                    (options.keep / kept).write_bytes(path.read_bytes())
            shown = ", ".join(f"{counts[each]} {each}" for each in OUTCOMES)
            print(f"{reader}: {counts.total()} tried: {shown}", flush=True)
            failures += counts.total() - counts["refused"] - counts["accepted"]
    return int(failures > 0)


if __name__ == "__main__":
    sys.exit(main())
