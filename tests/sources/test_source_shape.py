"""What has no checksum is trusted only in the shape that the registry says, and can be accepted."""

import dataclasses
import gzip
import io
import json
import pickle
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from ednag.errors import EdnagError
from ednag.sources.inventory import lock_present
from ednag.sources.lock import load_lock
from ednag.sources.obtain import Surroundings, obtain
from ednag.sources.registry import Source
from ednag.sources.shape import KINDS, kind_of, misshapen

from . import loopback as behaviour
from .loopback import LoopbackServer

POINTER = b"version https://git-lfs.github.com/spec/v1\noid sha256:ab\nsize 2600000000\n"
ERROR = b'{"error": {"code": 404, "message": "File not found"}}'


def saved(content: object, old: bool = False) -> bytes:
    """What torch.save writes, in its present or its former format."""
    stream = io.BytesIO()
    torch.save(content, stream, _use_new_zipfile_serialization=not old)
    return stream.getvalue()


def zipped(name: str = "a.txt") -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        archive.writestr(name, "content")
    return stream.getvalue()


def tarred() -> bytes:
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w") as archive:
        archive.addfile(tarfile.TarInfo("a.txt"))
    return stream.getvalue()


FEATURES = saved({0: [torch.ones(40, 512)]})
RIGHT = [
    ("torch", FEATURES),
    ("torch", saved({0: [torch.ones(3)]}, old=True)),
    ("zip", zipped()),
    ("gzip", gzip.compress(b"x" * 100_000)),
    ("tar", tarred()),
    ("json", b'{"a": [1]}\n'),
    ("csv", b"a,b\n1,2\n"),
    ("text", "\u00e4".encode() * 100_000),
    ("pickle", pickle.dumps([1])),
    ("parquet", b"PAR1 PAR1"),
    ("hdf5", b"\x89HDF\r\n\x1a\n..."),
    ("binary", b"\0"),
]


@pytest.mark.parametrize(("kind", "content"), RIGHT)
def test_a_right_file_has_its_shape(kind: str, content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(content)
    assert misshapen(path, kind, len(content)) is None
    assert "at least" in str(misshapen(path, kind, len(content) + 1))


WRONG = [
    ("torch", zipped(), "not loaded by torch"),
    ("torch", FEATURES[:-50], "its end is missing"),
    ("torch", pickle.dumps({"a": 1}), "not written by torch.save"),
    ("torch", b"\x89PNG", "not written by torch.save"),
    ("torch", saved({}, old=True)[:15] + bytes(3_000_000), "not loaded by torch"),
    ("torch", saved(Path("a")), "not loaded by torch: it asks for pathlib"),
    ("zip", zipped()[:-1], "its end is missing"),
    ("gzip", b"\x1f\x8b\x08broken", "not compressed by gzip"),
    ("gzip", zipped(), "not compressed by gzip"),
    ("tar", zipped(), "no tar archive"),
    ("json", b'{"a": [1}', "not JSON"),
    ("json", b"[" + b"1," * 100, "its end is missing"),
    ("csv", b"only one column\n1\n", "one column"),
    ("csv", b"a,\0\n", "zero bytes"),
    ("text", "\u00e4".encode("latin-1"), "not UTF-8"),
    ("pickle", b"\x80\x04no end", "its end is missing"),
    ("parquet", b"PAR1 without an end", "its end is missing"),
    ("hdf5", b"CDF\x01", "no HDF5 file"),
]


@pytest.mark.parametrize(("kind", "content", "words"), WRONG)
def test_another_file_has_not(kind: str, content: bytes, words: str, tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(content)
    assert words in str(misshapen(path, kind, 1))


def test_every_kind_is_tried() -> None:
    assert {kind for kind, _ in RIGHT} == set(KINDS)
    assert kind_of("a.PTH") == "torch" and kind_of("a.tar.gz") == "gzip" and kind_of("a") is None


@pytest.fixture
def source() -> Callable[..., Source]:
    """A source that no checksum holds: features, at the given addresses."""

    def make(*addresses: str) -> Source:
        named = addresses or ("http://127.0.0.1:9/none",)
        return Source(id="features", file="features.pt", addresses=named, least_size=1000)

    return make


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "is empty"),
        (POINTER, "a git-lfs pointer instead of the file"),
        (ERROR, "an error answered by a server: "),
        (b"<!DOCTYPE html><title>Sorry</title>", "a web page instead of the file"),
        (saved([1], old=True), "bytes, at least 1,000 are expected"),
        (zipped("x" * 2000), "not loaded by torch"),
    ],
    ids=["empty", "pointer", "error", "page", "small", "another kind"],
)
def test_nothing_else_is_trusted_on_first_use(
    content: bytes,
    words: str,
    source: Callable[..., Source],
    server: LoopbackServer,
    around: Surroundings,
    tmp_path: Path,
) -> None:
    mirror = tmp_path / "mirror"
    mirror.mkdir()
    (mirror / "features.pt").write_bytes(content)
    offline = dataclasses.replace(around, mirrors=(mirror,), offline=True)
    with pytest.raises(EdnagError) as caught:
        obtain(source(), around=offline)
    assert words in str(caught.value)
    with pytest.raises(EdnagError, match="features"):
        lock_present({"features": source()}, offline)
    with pytest.raises(EdnagError, match="features not accepted"):
        lock_present({"features": source()}, offline, accept=True)
    address = server.serve("/f", behaviour.whole(content))
    with pytest.raises(EdnagError):
        obtain(source(address), around=around)
    assert not around.lock.exists()
    assert not (around.cache / "features" / "features.pt").exists()


def test_the_refusal_says_how_to_accept_and_that_works(
    source: Callable[..., Source], server: LoopbackServer, around: Surroundings
) -> None:
    longer = saved({0: [torch.ones(50, 512)]})
    address = server.serve(
        "/f", behaviour.whole(FEATURES), behaviour.whole(longer), behaviour.whole(longer)
    )
    path = obtain(source(address), around=around)
    path.unlink()
    with pytest.raises(EdnagError) as caught:
        obtain(source(address), around=around)
    assert f"offers {len(longer):,} bytes" in str(caught.value)
    assert f"as recorded in {around.lock} at its first use" in str(caught.value)
    assert "ednag sources lock --accept features" in str(caught.value)
    accepted = lock_present({"features": source(address)}, around, accept=True)
    assert load_lock(around.lock)["features"].sha256 == accepted["features"]
    assert obtain(source(address), around=around).read_bytes() == longer


def test_a_file_placed_by_hand_stays_for_the_user_to_accept(
    source: Callable[..., Source], around: Surroundings
) -> None:
    home = around.cache / "features" / "features.pt"
    home.parent.mkdir(parents=True)
    home.write_bytes(FEATURES)
    offline = dataclasses.replace(around, offline=True)
    obtain(source(), around=offline)
    home.write_bytes(saved({0: [torch.zeros(40, 512)]}))
    with pytest.raises(EdnagError, match="ednag sources lock --accept features"):
        obtain(source(), around=offline)
    assert home.is_file()
    lock_present({"features": source()}, offline, accept=True)
    assert obtain(source(), around=offline) == home


def test_accepting_takes_the_bytes_that_differ(
    source: Callable[..., Source], around: Surroundings, tmp_path: Path
) -> None:
    mirror = tmp_path / "mirror"
    mirror.mkdir()
    right = saved({0: [torch.zeros(40, 512)]})
    home = around.cache / "features" / "features.pt"
    home.parent.mkdir(parents=True)
    home.write_bytes(FEATURES)
    here = dataclasses.replace(around, mirrors=(mirror,), offline=True)
    obtain(source(), around=here)
    (mirror / "features.pt").write_bytes(right)
    lock_present({"features": source()}, here, accept=True)
    assert obtain(source(), around=here).read_bytes() == right


def test_a_published_sha256_is_not_accepted_away(around: Surroundings) -> None:
    held = Source(id="a", file="a.csv", addresses=("https://e/a",), sha256="0" * 64)
    with pytest.raises(EdnagError, match="a has a published sha256, which decides"):
        lock_present({"a": held}, around, accept=True)


def test_a_prefix_in_the_name_holds_the_file(tmp_path: Path, around: Surroundings) -> None:
    weights = Source(
        id="w", file="w-0123abcd.pth", addresses=("https://e/w",), sha256_prefix="0123abcd"
    )
    (tmp_path / "w-0123abcd.pth").write_bytes(FEATURES)
    here = dataclasses.replace(around, mirrors=(tmp_path,), offline=True)
    with pytest.raises(EdnagError, match=r"has a sha256 beginning with .*, expected 0123abcd"):
        obtain(weights, around=here)


def test_json_that_is_data_is_no_error(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    path.write_text(json.dumps([{"error": 0.1}]))
    assert misshapen(path, "json", 1) is None
