"""Pickles that do harm to a reader without limits, and files that hold a pickle."""

import bz2
import io
import pickle
import struct
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path

HEAD = b"\x80\x04"
_OLD = b"\x80\x02"


def _bytes(data: bytes) -> bytes:
    return b"B" + struct.pack("<I", len(data)) + data


def _number(kind: bytes, state: bytes, data: bytes) -> bytes:
    """A NumPy number whose data type gets a state."""
    made = b"cnumpy\ndtype\n(V" + kind + b"\nI00\nI01\ntR" + state + b"b"
    return _OLD + b"cnumpy.core.multiarray\nscalar\n" + made + _bytes(data) + b"\x86R."


#: The flags of references are cleared, so that bytes would become addresses of objects.
_STATE = b"(I3\nV|\nNNNI-1\nI-1\nI%d\nt"
#: 40 doublings of a tuple: 2^40 hashes.
_DOUBLED = HEAD + b"}N\x85" + b"2\x86" * 40 + b"K\x01s."

#: What it does -> pickle.
HARMFUL = {
    "a data type of references without its flags": _number(b"O8", _STATE % 0, b"\x41" * 8),
    "a data type of references": _number(b"O8", _STATE % 63, b"\x41" * 8),
    "a data type with fields": _number(
        b"i8",
        b"(I3\nV<\nN(Va\nt}Va\n(cnumpy\ndtype\n(Vi8\nI00\nI01\ntRI0\ntsI8\nI1\nI0\nt",
        b"A" * 8,
    ),
    "another itemsize": _number(b"i8", b"(I3\nV<\nNNNI1000000\nI-1\nI0\nt", b"A" * 8),
    "too few bytes": _number(b"i8", b"(I3\nV<\nNNNI-1\nI-1\nI0\nt", b"A" * 7),
    "an array of references": _OLD
    + b"cnumpy.core.multiarray\n_reconstruct\n(cnumpy\nndarray\n(I0\ntB\x01\0\0\0btR"
    + b"(I1\n(I1\ntcnumpy\ndtype\n(VO8\nI00\nI01\ntR"
    + _STATE % 63
    + b"bI00\n](Ntetb.",
    "an attribute of a type": HEAD + b"cnumpy\ndtype\nN}V__setstate__\ncnumpy\ndtype\ns\x86b.",
    "an attribute of a function": HEAD + b"c_codecs\nencode\nN}V__defaults__\n)s\x86b.",
    "an unknown extension": HEAD + b"\x82\x01.",
    "a persistent id": HEAD + b"K\x01Q.",
    "a buffer out of band": b"\x80\x05\x97.",
    "items of a number": HEAD + b"K\x01(K\x02K\x03u.",
    "bytes of 2.5 GB": HEAD + b"B" + struct.pack("<I", 2_500_000_000) + b"x.",
    "bytes of 2^62": HEAD + b"\x8e" + struct.pack("<Q", 1 << 62) + b"x.",
    "an integer of 2 GB": HEAD + b"\x8b" + struct.pack("<i", (1 << 31) - 1) + b"x.",
    "a memo of 2^31": HEAD + b"Nr" + struct.pack("<I", (1 << 31) - 1) + b".",
    "a memo of 2^30": HEAD + b"Nr" + struct.pack("<I", 1 << 30) + b".",
    "a frame of 2^60": HEAD + b"\x95" + struct.pack("<Q", 1 << 60) + b"N.",
    "a tuple 10^6 deep as a key": HEAD + b"}N" + b"\x85" * 10**6 + b"K\x01s.",
    "a list 10^6 deep": HEAD + b"]" * 10**6 + b"a" * (10**6 - 1) + b".",
    "a doubled tuple as a key": _DOUBLED,
    "a doubled tuple in a set": HEAD + b"c__builtin__\nset\n(]N\x85" + b"2\x86" * 40 + b"atR.",
    "an integer of many digits": HEAD + b"I" + b"9" * 10**6 + b"\n.",
    "a stack that is never taken": HEAD + b"(" * 10**6 + b".",
    "a name of two lines": HEAD + b"\x8c\x03a\nb\x8c\x01c\x93.",
    "nothing": b"",
}


def as_pickle(data: bytes, path: Path) -> Path:
    """A file that is the pickle."""
    path.write_bytes(data)
    return path


def as_zip(data: bytes, path: Path) -> Path:
    """A file as torch.save has written since version 1.6."""
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("archive/data.pkl", data)
    return path


def as_legacy(data: bytes, path: Path) -> Path:
    """A file as torch.save wrote before version 1.6."""
    head = (0x1950A86A20F9469CFC6C, 1001, {"little_endian": True})
    path.write_bytes(b"".join(pickle.dumps(each, 2) for each in head) + data)
    return path


def as_archive(data: bytes, path: Path) -> Path:
    """A tar archive as that of NATS-Bench."""
    content = bz2.compress(data)
    with tarfile.open(path, "w") as archive:
        member = tarfile.TarInfo("NATS/meta.pickle.pbz2")
        member.size = len(content)
        archive.addfile(member, io.BytesIO(content))
    return path


#: (space, dataset, id of the official file or None, source id) -> how its file holds a pickle.
READERS: dict[tuple[str, str, str | None, str], Callable[[bytes, Path], Path]] = {
    ("nasbench201", "cifar10-analog", None, "analog-nasbench"): as_pickle,
    ("nasbench-graph", "cora", None, "nas-bench-graph-cora"): as_pickle,
    ("nasbench201", "cifar10", "nasbench201-v1_1", "nasbench201-v1_1"): as_zip,
    ("nasbench201", "cifar100", "nasbench201-v1_0", "nasbench201-v1_0"): as_legacy,
    ("nasbench201", "cifar10", "nats-tss-simple", "nats-tss-simple"): as_archive,
    ("transnas-micro", "jigsaw", "transnas-v10141024", "transnas-v10141024"): as_zip,
}
