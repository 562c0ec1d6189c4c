"""What is hashed while a file is being written is what the file holds in the end."""

import hashlib
import os
import random
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ednag.errors import EdnagError
from ednag.sources import obtain as obtaining
from ednag.sources import tail as tailing
from ednag.sources import verification
from ednag.sources.obtain import Surroundings, deliver, find
from ednag.sources.registry import Source
from ednag.sources.tail import Tail
from ednag.sources.verification import BLOCK, Digests, Hasher, digest

from . import loopback as behaviour
from .conftest import LIMIT, wait_until
from .loopback import LoopbackServer

SourceOf = Callable[..., Source]
ALL_KINDS = {"md5": "0" * 32, "git_blob_sha1": "0" * 40}


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where the file will be."""
    return tmp_path / "a.part"


@pytest.fixture
def hashed(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, bytes]]:
    """(thread, block) of all that is hashed."""
    record: list[tuple[str, bytes]] = []
    update = Hasher.update

    def recorded(hasher: Hasher, block: bytes) -> None:
        if block:
            record.append((threading.current_thread().name, block))
        update(hasher, block)

    monkeypatch.setattr(Hasher, "update", recorded)
    return record


@pytest.fixture
def one_reading(monkeypatch: pytest.MonkeyPatch) -> None:
    """To read a file from its beginning once more fails the test."""

    def again(path: Path, source: Source | None = None) -> Digests:
        raise AssertionError(f"{path} was hashed a second time")

    monkeypatch.setattr(tailing, "digest", again)
    monkeypatch.setattr(verification, "digest", again)


@pytest.fixture(autouse=True)
def no_thread_is_left() -> Iterator[None]:
    """However a test ends, nobody follows a file any more."""
    yield
    assert not [each for each in threading.enumerate() if each.name.startswith("tail")]


def source(**fields: Any) -> Source:
    return Source(id="a", file="a.bin", addresses=("https://example.org/a",), **fields)


def append(path: Path, content: bytes) -> None:
    with path.open("ab") as stream:
        stream.write(content)


def test_bytes_are_hashed_as_they_come(path: Path, hashed: list[tuple[str, bytes]]) -> None:
    content = random.Random(1).randbytes(3 * BLOCK + 17)
    with Tail(path, source(**ALL_KINDS), len(content)) as tail:
        for start in range(0, len(content), BLOCK):
            append(path, content[start : start + BLOCK])
            wait_until(lambda: sum(len(block) for _, block in hashed) == path.stat().st_size)
        before = len(hashed)
        measured = tail.digests()
        assert len(hashed) == before
    assert all(name.startswith("tail") for name, _ in hashed)
    assert measured == digest(path, source(**ALL_KINDS))
    assert measured.git_blob_sha1 is not None


ACTIONS = st.one_of(
    st.tuples(st.just("append"), st.binary(min_size=1, max_size=50)),
    st.tuples(st.just("begin anew"), st.binary(max_size=50)),
    st.tuples(st.just("discard"), st.just(b"")),
    st.tuples(st.just("pause"), st.just(b"")),
)


@given(st.lists(ACTIONS, max_size=12), st.binary(max_size=20))
@settings(max_examples=60)
def test_whatever_the_writer_does(actions: list[tuple[str, bytes]], last: bytes) -> None:
    with tempfile.TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        patch.setattr(tailing, "PAUSE", 1e-4)
        path = Path(folder, "part")
        with Tail(path, source(md5="0" * 32), None) as tail:
            for action, content in actions:
                if action == "pause":
                    time.sleep(0.001)
                    continue
                if action != "append":
                    path.unlink(missing_ok=True)
                if action != "discard":
                    append(path, content)
            append(path, last)
            measured = tail.digests()
        assert measured == digest(path, source(md5="0" * 32))


def test_replaced_file_is_followed_from_its_first_byte(
    path: Path, hashed: list[tuple[str, bytes]], one_reading: None
) -> None:
    with Tail(path, source(), None) as tail:
        append(path, b"an older version")
        wait_until(lambda: len(hashed) == 1)
        path.unlink()
        append(path, b"the version of now")  # longer: the size alone would not tell
        wait_until(lambda: len(hashed) == 2)
        assert tail.digests().sha256 == hashlib.sha256(b"the version of now").hexdigest()


def test_file_that_became_shorter_is_read_again(
    path: Path, hashed: list[tuple[str, bytes]]
) -> None:
    with Tail(path, source(), None) as tail:
        append(path, b"too long")
        wait_until(lambda: len(hashed) == 1)
        os.truncate(path, 3)
        assert tail.digests() == Digests(3, hashlib.sha256(b"too").hexdigest())


def test_git_s_name_waits_for_a_size_that_nobody_says(
    path: Path, hashed: list[tuple[str, bytes]]
) -> None:
    with Tail(path, source(**ALL_KINDS), None) as tail:
        append(path, b"content")
        time.sleep(2 * tailing.PAUSE)
        assert not hashed
        assert tail.digests() == digest(path, source(**ALL_KINDS))


def test_without_a_file_there_is_nothing_to_measure(path: Path) -> None:
    with Tail(path, source(), None) as tail, pytest.raises(FileNotFoundError):
        tail.digests()


def test_disk_gets_the_bytes_on_the_way(
    path: Path, hashed: list[tuple[str, bytes]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tailing, "STRIDE", 100)
    synced = []
    monkeypatch.setattr(tailing.os, "fsync", lambda _: synced.append(path.stat().st_size))
    with Tail(path, source(), None):
        for count in range(1, 13):
            append(path, bytes(25))
            wait_until(lambda: len(hashed) == count)  # noqa: B023
    assert synced == [100, 200, 300]


def fail_in_the_thread(hasher: Hasher, block: bytes) -> None:
    """An `update` that meets a bad sector, but only where a file is followed."""
    if block and threading.current_thread().name.startswith("tail"):
        raise OSError(5, "Input/output error")


def test_failure_of_the_thread_is_raised(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Hasher, "update", fail_in_the_thread)
    append(path, b"content")
    with Tail(path, source(), None) as tail:
        wait_until(lambda: tail._following.done())
        with pytest.raises(OSError, match="Input/output error"):
            tail.digests()


def test_failure_of_the_block_is_not_hidden_by_the_thread_s(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Hasher, "update", fail_in_the_thread)
    append(path, b"content")
    with pytest.raises(KeyboardInterrupt), Tail(path, source(), None) as tail:
        wait_until(lambda: tail._following.done())
        raise KeyboardInterrupt


def test_given_up_in_the_middle(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    taken: list[int] = []

    def slowly(hasher: Hasher, block: bytes) -> None:
        taken.append(len(block))
        time.sleep(0.02)

    monkeypatch.setattr(Hasher, "update", slowly)
    append(path, b"")
    os.truncate(path, 5000 * BLOCK)
    with Tail(path, source(), None):
        wait_until(lambda: bool(taken))
    assert len(taken) < 5000


@pytest.mark.parametrize("known", [True, False])
@pytest.mark.parametrize("case", ["fine", "chunked", "resumed", "changed", "whole already"])
def test_fetched_file_is_hashed_once(
    case: str,
    known: bool,
    server: LoopbackServer,
    payload: bytes,
    around: Surroundings,
    source_of: SourceOf,
    one_reading: None,
) -> None:
    older = b"an older version" * 200_000
    behaviours = {
        "fine": [behaviour.slow(payload)],
        "chunked": [behaviour.chunked(payload)],
        "resumed": [behaviour.dropped(payload), behaviour.ranged(payload)],
        "changed": [behaviour.dropped(older, etag='"zero"'), behaviour.ranged(payload)],
        "whole already": [
            behaviour.dropped(payload + b"x", len(payload) / (len(payload) + 1)),
            behaviour.ranged(payload),
        ],
    }
    address = server.serve("/t", *behaviours[case])
    wanted = source_of(address, size=None) if known else source_of(address, size=None, sha256=None)
    path, measured = find(wanted, around)
    assert path.read_bytes() == payload
    assert measured == Digests(len(payload), hashlib.sha256(payload).hexdigest())


def test_delivered_link_is_not_hashed_again(
    server: LoopbackServer,
    payload: bytes,
    around: Surroundings,
    source_of: SourceOf,
    tmp_path: Path,
    hashed: list[tuple[str, bytes]],
    one_reading: None,
) -> None:
    address = server.serve("/t", behaviour.whole(payload))
    deliver(source_of(address), tmp_path / "out" / "table.csv", around=around)
    assert (tmp_path / "out" / "table.csv").samefile(around.cache / "table" / "table.csv")
    assert sum(len(block) for _, block in hashed) == len(payload)


def test_resumed_download_is_hashed_from_the_first_byte_while_it_waits(
    server: LoopbackServer,
    payload: bytes,
    around: Surroundings,
    source_of: SourceOf,
    hashed: list[tuple[str, bytes]],
    one_reading: None,
) -> None:
    address = server.serve("/t", behaviour.dropped(payload), behaviour.status(404))
    with pytest.raises(EdnagError):
        find(source_of(address), around)
    here = (around.cache / "table" / "table.csv.part").stat().st_size
    hashed.clear()

    def held(handler: behaviour.Handler, request: behaviour.Request) -> None:
        wait_until(lambda: sum(len(block) for _, block in hashed) == here)
        behaviour.ranged(payload)(handler, request)

    server.serve("/t", held)
    assert find(source_of(address), around)[0].read_bytes() == payload
    assert b"".join(block for _, block in hashed) == payload
    assert server.requests[-1].first_byte == here


def test_unreadable_disk_is_no_verified_file(
    server: LoopbackServer,
    payload: bytes,
    around: Surroundings,
    source_of: SourceOf,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    failed = threading.Event()

    def fail(hasher: Hasher, block: bytes) -> None:
        if block:
            failed.set()
        fail_in_the_thread(hasher, block)

    def held(handler: behaviour.Handler, request: behaviour.Request) -> None:
        behaviour.dropped(payload)(handler, request)
        assert failed.wait(LIMIT)

    monkeypatch.setattr(Hasher, "update", fail)
    address = server.serve("/t", held, behaviour.ranged(payload))
    with pytest.raises(OSError, match="Input/output error"):
        find(source_of(address), around)
    assert not (around.cache / "table" / "table.csv").exists()


def test_name_is_given_after_the_disk_has_the_bytes(
    server: LoopbackServer,
    payload: bytes,
    around: Surroundings,
    source_of: SourceOf,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    synced = []

    def sync(path: Path) -> None:
        synced.append(path.read_bytes())
        assert not path.with_name("table.csv").exists()

    monkeypatch.setattr(obtaining, "sync_file", sync)
    find(source_of(server.serve("/t", behaviour.whole(payload))), around)
    assert synced == [payload]
