"""Readers of text, images and archives with small files of their kind, for tests and fuzzing."""

import bz2
import gzip
import io
import json
import lzma
import tarfile
import tempfile
import zipfile
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path

from ednag.evidence.claims import read_claims
from ednag.evidence.published import PRINTED
from ednag.sources.archives import extract
from ednag.sources.lock import load_lock
from ednag.sources.registry import load_registry
from ednag.sources.shape import KINDS, misshapen
from ednag.study.configuration import load_study
from ednag.study.published import read_listed_seeds
from ednag.tables.columns import read_csv
from ednag.tables.hardware_costs import CIFAR10 as HARDWARE
from ednag.tables.hardware_costs import read as read_hardware
from ednag.tables.nasbench101_vis import read as read_vis
from ednag.tables.naslib_nasbench301 import read_groups
from ednag.training.image_files import read_digits, read_folder

PROJECT = Path(__file__).resolve().parents[2]
_VIS = {
    "key": ["0" * 32, "1" * 32],
    **{f"{epochs}_final_validation_accuracy": [0.1, 0.9] for epochs in (4, 12, 36, 108)},
    "final_training_time": [1.0, 2.0],
    "trainable_parameters": [1, 2],
}
_PAIRS = "((0, 1), (1, 1), (0, 2), (1, 2))"
_FORMATS = ("PNG", "JPEG", "BMP", "GIF", "TIFF", "WEBP", "PPM", "JPEG2000")
#: Pieces that mean something in these formats.
TOKENS = (
    b"\0", b"\xff", b"\n", b'"', b",", b"{", b"[", b"&a ", b"*a", b"<<: ", b"1e999", b"NaN",
    b"9" * 5000, b"\xef\xbb\xbf", b"\xed\xa0\x80", b"[" * 600, b'{"a":' * 600, b"- " * 300,
    b"../", b"\x1b[2J", b"? ", b"| ", b"---\n", b"\xff\xff\xff\x7f", b"PK\x01\x02",
)  # fmt: skip


def _project(name: str, most: int = 4000, end: bytes = b"\n") -> bytes:
    """The beginning of a file of the project, to the last `end`."""
    return (PROJECT / name).read_bytes()[:most].rpartition(end)[0] + b"\n"


def _images() -> list[bytes]:
    from PIL import Image

    made = []
    for name in _FORMATS:
        stream = io.BytesIO()
        Image.linear_gradient("L").resize((16, 16)).convert("RGB").save(stream, name)
        made.append(stream.getvalue())
    return made


def _archives() -> list[bytes]:
    tar, packed = io.BytesIO(), io.BytesIO()
    with tarfile.open(fileobj=tar, mode="w") as archive:
        for name, size in {"a/b": 600, "c": 0, "d" * 120: 2}.items():
            entry = tarfile.TarInfo(name)
            entry.size = size
            archive.addfile(entry, io.BytesIO(bytes(size)))
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as zipped:
        zipped.writestr("a/b", b"x" * 600)
    plain = tar.getvalue()
    compressed = [pack(plain) for pack in (gzip.compress, bz2.compress, lzma.compress)]
    return [plain, *compressed, packed.getvalue()]


def _read_image(path: Path) -> None:
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "class").mkdir()
        (Path(folder) / "class" / "image.png").write_bytes(path.read_bytes())
        read_folder(Path(folder), 8)


def _unpack(path: Path) -> None:
    with tempfile.TemporaryDirectory() as folder:
        extract(path, Path(folder, "out"))


def _check_shapes(path: Path) -> None:
    for kind in {*KINDS} - {"torch"}:
        misshapen(path, kind, 1)


def _read_hardware(path: Path) -> object:
    return read_hardware({"source": path}, "source", "cifar10")


def _hardware() -> bytes:
    names = [metric.name for metric in HARDWARE.metrics]
    return f'net,{",".join(names)}\n"(4, 3, 3, 0, 0, 1)"{",1.5" * len(names)}\n'.encode()


def text_readers() -> Mapping[str, tuple[Callable[[Path], object], Sequence[bytes]]]:
    """Reader -> (function of the path of a file, contents of small files)."""
    columns = partial(read_csv, source="source", text=["key"], numbers=["acc"])
    groups = f'{{"cifar10": {{"({_PAIRS}, {_PAIRS})": {{"val_accuracy": 93.5}}}}}}'.encode()
    entry = b"a:\n  size: 3\n  sha256: " + b"ab" * 32 + b"\n"
    return {
        "csv": (columns, [b'key,acc\na,91.5\n"c,1",3e1\n']),
        "registry": (load_registry, [_project("sources.yaml", end=b"\n\n")]),
        "sources.lock": (load_lock, [entry]),
        "claims": (read_claims, [_project("published/claims.yaml", end=b"\n- ")]),
        "study": (load_study, [_project("config/smoke.yaml"), _project("config/tables.yaml")]),
        "authors' seeds": (read_listed_seeds, [_project("published/reference-seeds.csv", 600)]),
        "printed table": (PRINTED["nasbench201"], [_project("published/nasbench201.csv")]),
        "nasbench101-vis": (read_vis, [json.dumps(_VIS).encode()]),
        "nasbench301 groups": (partial(read_groups, source="source"), [groups]),
        "hardware costs": (_read_hardware, [_hardware()]),
        "image": (_read_image, _images()),
        "digits": (read_digits, [b"\n".join(b",".join([b"3"] * 65) for _ in range(3))]),
        "archive": (_unpack, _archives()),
        "shape": (_check_shapes, _archives()),
    }
