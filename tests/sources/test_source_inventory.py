"""What is here, and whether it still is what it should be."""

import dataclasses
import hashlib
import io
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from ednag.errors import EdnagError
from ednag.sources.inventory import State, check_all, checksum_file, lock_present, take_stock
from ednag.sources.lock import load_lock
from ednag.sources.obtain import Surroundings, obtain
from ednag.sources.registry import Source

SourceOf = Callable[..., Source]


def saved(numbers: list[float]) -> bytes:
    """What torch.save writes of a tensor."""
    stream = io.BytesIO()
    torch.save(torch.tensor(numbers), stream)
    return stream.getvalue()


TRUSTED, CHANGED = saved([1.0]), saved([2.0])


@pytest.fixture
def registry(source_of: SourceOf) -> dict[str, Source]:
    """A published file, one without a checksum, one from a package, one published nowhere."""
    entries = [
        source_of(),
        Source(id="bare", file="bare.pt", addresses=("https://example.org/bare",)),
        Source(id="packed", file="p.py", addresses=("package:click/click/__init__.py",)),
        Source(id="lost", file="lost.pt", status="unpublished", stand_in="table"),
    ]
    return {entry.id: entry for entry in entries}


@pytest.fixture
def mirrored(around: Surroundings, tmp_path: Path, payload: bytes) -> Surroundings:
    """Surroundings whose mirror holds the table."""
    (tmp_path / "mirror").mkdir()
    (tmp_path / "mirror" / "table.csv").write_bytes(payload)
    return dataclasses.replace(around, mirrors=(tmp_path / "mirror",), offline=True)


def states(
    registry: dict[str, Source], around: Surroundings
) -> dict[str, tuple[State, str | None]]:
    return {each.source.id: (each.state, each.place) for each in take_stock(registry, around)}


def test_states(registry: dict[str, Source], mirrored: Surroundings, tmp_path: Path) -> None:
    assert states(registry, mirrored) == {
        "table": (State.PRESENT, "mirror"),
        "bare": (State.MISSING, None),
        "packed": (State.PRESENT, "package"),
        "lost": (State.UNOBTAINABLE, None),
    }
    obtain(registry["table"], around=mirrored)
    assert states(registry, mirrored)["table"] == (State.VERIFIED, "mirror")
    table = tmp_path / "mirror" / "table.csv"
    content = bytearray(table.read_bytes())
    content[0] ^= 1
    table.write_bytes(content)
    assert states(registry, mirrored)["table"] == (State.PRESENT, "mirror")
    table.write_bytes(content[:-1])
    assert states(registry, mirrored)["table"] == (State.MISSING, None)


def test_verified_follows_the_registry(registry: dict[str, Source], mirrored: Surroundings) -> None:
    obtain(registry["table"], around=mirrored)
    changed = registry["table"].model_copy(update={"sha256": "0" * 64})
    assert states({"table": changed}, mirrored)["table"] == (State.PRESENT, "mirror")


def test_all_places_are_checked(
    registry: dict[str, Source], mirrored: Surroundings, tmp_path: Path, payload: bytes
) -> None:
    delivered = tmp_path / "resources"
    for folder in (mirrored.cache, delivered):
        (folder / "table").mkdir(parents=True)
        (folder / "table" / "table.csv").write_bytes(payload)
    (delivered / "table" / "table.csv").write_bytes(payload[:-1] + b"?")
    checks = check_all(registry, mirrored, delivered)
    assert [(each.source.id, each.path.parent.name, each.fault is None) for each in checks] == [
        ("table", "table", True),
        ("table", "mirror", True),
        ("table", "table", False),
        ("packed", "click", True),
    ]
    assert checks[2].fault is not None and "sha256" in checks[2].fault
    assert states(registry, mirrored)["table"] == (State.VERIFIED, "cache")


def test_sums_are_accepted_by_sha256sum(
    registry: dict[str, Source], mirrored: Surroundings, tmp_path: Path
) -> None:
    text = checksum_file(check_all(registry, mirrored), tmp_path / "elsewhere")
    assert str(tmp_path) not in text
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "SHA256SUMS").write_text(text)
    command = ["sha256sum", "-c", "--strict", "SHA256SUMS"]
    done = subprocess.run(command, cwd=tmp_path / "elsewhere", capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert done.stdout.count(": OK") == 2


def test_lock_records_what_is_here(
    registry: dict[str, Source], mirrored: Surroundings, tmp_path: Path
) -> None:
    bare = tmp_path / "mirror" / "bare.pt"
    bare.write_bytes(TRUSTED)
    sha256 = hashlib.sha256(TRUSTED).hexdigest()
    assert lock_present(registry, mirrored)["bare"] == sha256
    assert set(load_lock(mirrored.lock)) == {"bare", "packed"}
    bare.write_bytes(CHANGED)
    with pytest.raises(EdnagError, match="ednag sources lock --accept bare"):
        lock_present(registry, mirrored)
    assert load_lock(mirrored.lock)["bare"].sha256 == sha256
    lock_present({"bare": registry["bare"]}, mirrored, accept=True)
    assert load_lock(mirrored.lock)["bare"].sha256 == hashlib.sha256(CHANGED).hexdigest()
