"""Trust on first use: what nobody vouches for is recorded once and enforced from then on."""

import dataclasses
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ednag.errors import EdnagError
from ednag.sources.lock import dump_lock, known_sha256, load_lock, lock_path
from ednag.sources.obtain import Surroundings, obtain
from ednag.sources.registry import Source
from ednag.sources.verification import Expected

from . import loopback as behaviour
from .loopback import LoopbackServer

SourceOf = Callable[..., Source]
BARE = {"sha256": None, "size": None}


def test_first_use_is_recorded_and_then_enforced(
    server: LoopbackServer,
    payload: bytes,
    around: Surroundings,
    source_of: SourceOf,
    caplog: pytest.LogCaptureFixture,
) -> None:
    address = server.serve("/t", behaviour.whole(payload), behaviour.whole(payload[:-2] + b"?\n"))
    path = obtain(source_of(address, **BARE), around=around)
    assert "nobody publishes a checksum" in caplog.text
    recorded = load_lock(around.lock)["table"]
    assert recorded == Expected(len(payload), str(source_of().sha256))
    path.unlink()
    with pytest.raises(EdnagError, match=r"sends a file with sha256 .*, not ") as caught:
        obtain(source_of(address, **BARE), around=around)
    assert f"as recorded in {around.lock} at its first use" in str(caught.value)
    assert "if the new file is right: ednag sources lock --accept table" in str(caught.value)
    assert not path.exists()


def test_known_sha256_is_the_published_or_the_locked_one(
    around: Surroundings, source_of: SourceOf
) -> None:
    assert known_sha256(source_of(), around.lock) == source_of().sha256
    assert known_sha256(source_of(**BARE), around.lock) is None
    around.lock.write_text(dump_lock({"table": Expected(3, "a" * 64)}))
    assert known_sha256(source_of(**BARE), around.lock) == "a" * 64


def test_lock_is_enforced_in_cache_and_mirrors(
    payload: bytes, around: Surroundings, source_of: SourceOf, tmp_path: Path
) -> None:
    around.lock.write_text(dump_lock({"table": Expected(3, "a" * 64)}))
    (tmp_path / "mirror").mkdir()
    (tmp_path / "mirror" / "table.csv").write_bytes(payload)
    around = dataclasses.replace(around, mirrors=(tmp_path / "mirror",), offline=True)
    with pytest.raises(
        EdnagError, match=r"bytes, not 3 as recorded in .*--accept table; passed over"
    ):
        obtain(source_of(**BARE), around=around)


def test_page_is_never_trusted(
    server: LoopbackServer, around: Surroundings, source_of: SourceOf
) -> None:
    address = server.serve("/t", behaviour.whole(b"<!doctype html><title>Dropbox - 404</title>"))
    with pytest.raises(EdnagError, match="a Dropbox page"):
        obtain(source_of(address, **BARE), around=around)
    assert not around.lock.exists()


def test_weakly_checked_file_is_locked_without_ado(
    payload: bytes,
    around: Surroundings,
    source_of: SourceOf,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
) -> None:
    import hashlib

    (tmp_path / "mirror").mkdir()
    (tmp_path / "mirror" / "table.csv").write_bytes(payload)
    source = source_of(sha256=None, md5=hashlib.md5(payload).hexdigest())
    obtain(source, around=dataclasses.replace(around, mirrors=(tmp_path / "mirror",)))
    assert load_lock(around.lock)["table"].sha256 == source_of().sha256
    assert "nobody publishes" not in caplog.text


def test_published_sha256_needs_no_entry(
    server: LoopbackServer, payload: bytes, around: Surroundings, source_of: SourceOf
) -> None:
    obtain(source_of(server.serve("/t", behaviour.whole(payload))), around=around)
    assert not around.lock.exists()


def test_lock_file_holds_no_time_and_no_place(
    server: LoopbackServer, payload: bytes, around: Surroundings, source_of: SourceOf
) -> None:
    address = server.serve("/t", behaviour.whole(payload))
    texts = []
    for name in ("one", "two"):
        here = dataclasses.replace(
            around, cache=around.cache / name, lock=around.lock.with_name(f"{name}.lock")
        )
        obtain(source_of(address, **BARE), around=here)
        texts.append(here.lock.read_text())
    assert texts[0] == texts[1]
    assert str(around.cache.parent) not in texts[0]


entries = st.dictionaries(
    st.from_regex(r"[A-Za-z0-9][A-Za-z0-9._-]{0,12}", fullmatch=True),
    st.builds(Expected, st.integers(0, 2**50), st.from_regex(r"[0-9a-f]{64}", fullmatch=True)),
    max_size=5,
)


@given(entries)
def test_lock_file_reads_as_it_was_written(
    tmp_path_factory: pytest.TempPathFactory, known: dict[str, Expected]
) -> None:
    path = tmp_path_factory.mktemp("lock") / "sources.lock"
    path.write_text(dump_lock(known))
    assert load_lock(path) == known
    assert dump_lock(dict(reversed(known.items()))) == dump_lock(known)


@pytest.mark.parametrize(
    "text", ["- a list", "table: 3", "table: {size: 1, sha256: short}", "a: ["]
)
def test_damaged_lock_file_is_an_error_not_a_licence(text: str, around: Surroundings) -> None:
    around.lock.write_text(text)
    with pytest.raises(EdnagError, match=r"sources\.lock"):
        load_lock(around.lock)


def test_lock_file_stands_beside_the_registry(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import ednag.sources.lock

    monkeypatch.delenv("EDNAG_LOCK")
    assert lock_path(tmp_path / "sources.yaml") == tmp_path / "sources.lock"
    packaged = Path(ednag.sources.lock.__file__).with_name("sources.yaml")
    assert lock_path(packaged) == Path("sources.lock")
