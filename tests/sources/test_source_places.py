"""The order of places, and what becomes of files that are not what they are called."""

import dataclasses
import hashlib
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ednag.errors import EdnagError
from ednag.sources.obtain import Surroundings, deliver, obtain
from ednag.sources.places import cache_folder, in_package, mirror_folders, place
from ednag.sources.registry import Source
from ednag.sources.verification import WrongContentError

from . import loopback as behaviour
from .loopback import LoopbackServer

SourceOf = Callable[..., Source]


def put(path: Path, content: bytes) -> Path:
    """A file with its folders."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return path


def with_mirrors(around: Surroundings, *mirrors: Path) -> Surroundings:
    """The same with these mirrors."""
    return dataclasses.replace(around, mirrors=mirrors)


def test_order_is_cache_then_mirrors_then_addresses(
    server: LoopbackServer,
    payload: bytes,
    around: Surroundings,
    source_of: SourceOf,
    tmp_path: Path,
) -> None:
    source = source_of(server.serve("/table.csv", behaviour.whole(payload)))
    first, second = tmp_path / "first", tmp_path / "second"
    around = with_mirrors(around, first, second)
    fetched = obtain(source, around=around)
    assert len(server.requests) == 1
    in_second = put(second / "table.csv", payload)
    assert obtain(source, around=around) == fetched
    fetched.unlink()
    assert obtain(source, around=around) == in_second
    in_first = put(first / "table" / "table.csv", payload)
    assert obtain(source, around=around) == in_first
    assert len(server.requests) == 1


@pytest.mark.parametrize("inside", ["table.csv", "table/table.csv"])
def test_mirror_finds_by_name_alone_or_below_the_id(
    inside: str, payload: bytes, around: Surroundings, source_of: SourceOf, tmp_path: Path
) -> None:
    path = put(tmp_path / "mirror" / inside, payload)
    assert obtain(source_of(), around=with_mirrors(around, tmp_path / "mirror")) == path
    assert not (around.cache / "table" / "table.csv").exists()


def test_mirror_finds_files_in_folders(
    payload: bytes, around: Surroundings, source_of: SourceOf, tmp_path: Path
) -> None:
    path = put(tmp_path / "mirror" / "sample" / "000000.pickle", payload)
    source = source_of(file="sample/000000.pickle")
    assert obtain(source, around=with_mirrors(around, tmp_path / "mirror")) == path


def test_content_decides_in_a_mirror(
    server: LoopbackServer,
    payload: bytes,
    around: Surroundings,
    source_of: SourceOf,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
) -> None:
    wrong = put(tmp_path / "mirror" / "table.csv", bytes(len(payload)))
    source = source_of(server.serve("/table.csv", behaviour.whole(payload)))
    path = obtain(source, around=with_mirrors(around, tmp_path / "mirror"))
    assert path.read_bytes() == payload
    assert wrong.read_bytes() == bytes(len(payload))
    assert "passed over" in caplog.text


def test_file_placed_by_hand_is_verified_and_used(
    payload: bytes, around: Surroundings, source_of: SourceOf
) -> None:
    source = source_of()
    with pytest.raises(EdnagError) as caught:
        obtain(source, around=around)
    named = str(caught.value).split("place the file by hand as ")[1].split(" or name")[0]
    put(Path(named), payload)
    assert obtain(source, around=around) == Path(named)


def test_wrong_file_in_the_cache_loses_its_name(around: Surroundings, source_of: SourceOf) -> None:
    home = put(around.cache / "table" / "table.csv", b"<html>not found</html>")
    with pytest.raises(EdnagError, match=r"set aside as table\.csv\.wrong"):
        obtain(source_of(), around=around)
    assert not home.exists()
    assert home.with_name("table.csv.wrong").is_file()


def test_unpublished_file_names_its_stand_in(around: Surroundings) -> None:
    source = Source(id="lost", file="lost.pt", status="unpublished", stand_in="found")
    with pytest.raises(EdnagError, match=r"lost\.pt. is published nowhere; in its place: found;"):
        obtain(source, around=around)


def test_unpublished_file_is_used_where_somebody_has_it(around: Surroundings) -> None:
    source = Source(id="lost", file="lost.csv", status="unpublished")
    path = put(around.cache / "lost" / "lost.csv", b"found,again\n")
    assert obtain(source, around=around) == path


def test_package_file_is_found_without_an_import(around: Surroundings, tmp_path: Path) -> None:
    content = in_package("package:click/click/__init__.py").read_bytes()
    source = Source(
        id="click",
        file="init.py",
        addresses=("package:click/click/__init__.py",),
        sha256=hashlib.sha256(content).hexdigest(),
    )
    assert obtain(source, around=dataclasses.replace(around, offline=True)).read_bytes() == content


@pytest.mark.parametrize(
    ("address", "cause"),
    [
        ("package:no-such-thing/data.bin", "pip install no-such-thing"),
        ("package:click/click/data.bin", "installed without click/data.bin"),
        ("package:/data.bin", "not installed"),
    ],
)
def test_package_without_the_file_is_explained(
    address: str, cause: str, around: Surroundings, source_of: SourceOf
) -> None:
    with pytest.raises(EdnagError, match=cause):
        obtain(source_of(address), around=around)


@pytest.mark.parametrize("wrong", [{"sha256": "0" * 64}, {"size": 1}], ids=["bytes", "size"])
def test_package_with_another_file_is_explained(
    wrong: dict[str, Any], around: Surroundings, source_of: SourceOf
) -> None:
    """Its bytes are refused before anything reads them."""
    path = in_package("package:click/click/__init__.py")
    right = {"sha256": hashlib.sha256(path.read_bytes()).hexdigest(), "size": path.stat().st_size}
    with pytest.raises(EdnagError, match=r"; pip install --force-reinstall .*\.lock click;") as no:
        obtain(source_of("package:click/click/__init__.py", **(right | wrong)), around=around)
    assert f"{path} has " in str(no.value)


def test_delivery_links_what_the_cache_protects(
    server: LoopbackServer,
    payload: bytes,
    around: Surroundings,
    source_of: SourceOf,
    tmp_path: Path,
) -> None:
    source = source_of(server.serve("/table.csv", behaviour.whole(payload)))
    destination = tmp_path / "resources" / "table" / "table.csv"
    deliver(source, destination, around=around)
    cached = around.cache / "table" / "table.csv"
    assert destination.read_bytes() == payload
    assert destination.samefile(cached)
    assert not cached.stat().st_mode & 0o222
    deliver(source, destination, around=around)
    assert [each.name for each in destination.parent.iterdir()] == ["table.csv"]
    assert len(server.requests) == 1


def test_delivery_copies_what_is_not_its_own(
    payload: bytes, around: Surroundings, source_of: SourceOf, tmp_path: Path
) -> None:
    mirrored = put(tmp_path / "mirror" / "table.csv", payload)
    destination = tmp_path / "resources" / "table.csv"
    put(destination, b"an older file")
    deliver(source_of(), destination, around=with_mirrors(around, tmp_path / "mirror"))
    assert destination.read_bytes() == payload
    assert not destination.samefile(mirrored)


def test_copy_that_changed_on_the_way_is_not_delivered(tmp_path: Path) -> None:
    path = put(tmp_path / "here", b"bytes")
    with pytest.raises(WrongContentError, match="changed while it was copied"):
        place(path, tmp_path / "there", share=False, sha256="0" * 64)
    assert [each.name for each in tmp_path.iterdir()] == ["here"]


def test_nothing_is_delivered_when_nothing_is_obtained(
    around: Surroundings, source_of: SourceOf, tmp_path: Path
) -> None:
    with pytest.raises(EdnagError):
        deliver(source_of(), tmp_path / "out" / "table.csv", around=around)
    assert not (tmp_path / "out" / "table.csv").exists()


def test_environment_names_cache_and_mirrors(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("EDNAG_CACHE", str(tmp_path / "named"))
    monkeypatch.setenv("EDNAG_MIRROR", os.pathsep.join(["/one", "", "/two"]))
    assert cache_folder() == tmp_path / "named"
    assert mirror_folders() == (Path("/one"), Path("/two"))
    assert mirror_folders([]) == ()
    monkeypatch.delenv("EDNAG_CACHE")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "xdg"))
    assert cache_folder() == tmp_path / "xdg" / "ednag"


def test_read_only_cache_serves_what_it_holds(
    payload: bytes, around: Surroundings, source_of: SourceOf
) -> None:
    path = put(around.cache / "table" / "table.csv", payload)
    path.parent.chmod(0o555)
    try:
        assert obtain(source_of(), around=around) == path
    finally:
        path.parent.chmod(0o755)


def no_writing(path: object, mode: int) -> bool:
    """`os.access` as for somebody who may not write (the tests may run as root, who always may)."""
    return not mode & os.W_OK


def test_wrong_file_in_somebody_else_s_cache_is_passed_over(
    payload: bytes,
    around: Surroundings,
    source_of: SourceOf,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    home = put(around.cache / "table" / "table.csv", b"other bytes")
    mirrored = put(tmp_path / "mirror" / "table.csv", payload)
    monkeypatch.setattr(os, "access", no_writing)
    assert obtain(source_of(), around=with_mirrors(around, tmp_path / "mirror")) == mirrored
    assert home.read_bytes() == b"other bytes"


def test_cache_that_cannot_be_written_is_named(
    around: Surroundings, source_of: SourceOf, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise PermissionError

    monkeypatch.setattr(Path, "mkdir", refuse)
    with pytest.raises(EdnagError, match="name another folder with EDNAG_CACHE"):
        obtain(source_of(), around=around)
