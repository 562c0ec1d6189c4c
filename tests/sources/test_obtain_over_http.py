"""However a server misbehaves: the file ends verified, or the error names cause and next step."""

import dataclasses
import hashlib
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from ednag.errors import EdnagError
from ednag.sources import registry, transfer
from ednag.sources.http import PIECE
from ednag.sources.obtain import Surroundings, obtain
from ednag.sources.registry import Source

from . import loopback as behaviour
from .conftest import HASTE
from .loopback import LoopbackServer

SourceOf = Callable[..., Source]


def assert_verified(path: Path, payload: bytes, around: Surroundings) -> None:
    """The right bytes under the final name and nothing half-finished beside them."""
    assert path == around.cache / "table" / "table.csv"
    assert path.read_bytes() == payload
    assert not list(path.parent.glob("*.part*"))


def refusal(source: Source, around: Surroundings) -> str:
    """The error of a failed search, which left nothing under the final name."""
    with pytest.raises(EdnagError) as caught:
        obtain(source, around=around)
    home = around.cache / source.id / source.file
    assert not home.exists()
    message = str(caught.value)
    assert "\n" not in message
    assert f"place the file by hand as {home}" in message
    return message


#: For servers that fall silent.
SHORT = dataclasses.replace(HASTE, silence=1.0)

RECOVERIES = {
    "well-behaved": lambda body: [behaviour.ranged(body)],
    "500 twice": lambda body: [behaviour.status(500), behaviour.status(500), behaviour.whole(body)],
    "503 with Retry-After": lambda body: [
        behaviour.status(503, **{"Retry-After": "0"}),
        behaviour.whole(body),
    ],
    "dropped at 60 %, then range honoured": lambda body: [
        behaviour.dropped(body),
        behaviour.ranged(body),
    ],
    "dropped at 60 %, then range ignored": lambda body: [
        behaviour.dropped(body),
        behaviour.whole(body),
    ],
    "dropped twice": lambda body: [
        behaviour.dropped(body, 0.2),
        behaviour.dropped(body, 0.9),
        behaviour.ranged(body),
    ],
    "silent at 60 %": lambda body: [behaviour.stalled(body), behaviour.ranged(body)],
    "slow": lambda body: [behaviour.slow(body)],
    "chunked": lambda body: [behaviour.chunked(body)],
    "chunked, broken off": lambda body: [
        behaviour.chunked(body[:1_500_000], complete=False),
        behaviour.ranged(body),
    ],
    "changed between two parts": lambda body: [
        behaviour.dropped(b"an older version" * 200_000, etag='"zero"'),
        behaviour.ranged(body),
    ],
    "changed, and nothing names the version": lambda body: [
        behaviour.dropped(bytes(len(body)), etag=None),
        behaviour.ranged(body, etag=None),
    ],
    "already whole, connection lost at the end": lambda body: [
        behaviour.dropped(body + b"x", len(body) / (len(body) + 1)),
        behaviour.ranged(body),
    ],
    "weak validator": lambda body: [
        behaviour.dropped(body, etag='W/"one"'),
        behaviour.ranged(body, etag='W/"one"'),
    ],
}


@pytest.mark.parametrize("case", RECOVERIES)
def test_recovers(
    case: str, server: LoopbackServer, payload: bytes, around: Surroundings, source_of: SourceOf
) -> None:
    address = server.serve("/table.csv", *RECOVERIES[case](payload))
    size = None if "changed between" in case or "already whole" in case else len(payload)
    if "silent" in case:
        around = dataclasses.replace(around, patience=SHORT)
    path = obtain(source_of(address, size=size), around=around)
    assert_verified(path, payload, around)


FAILURES = {
    "404": (behaviour.status(404), "HTTP 404 (no such file: the link is dead)", 1),
    "403": (behaviour.status(403), "HTTP 403 (refuses access)", 1),
    "410": (behaviour.status(410), "HTTP 410 (the file was removed)", 1),
    "500 for good": (behaviour.status(500), "HTTP 500 (Internal Server Error) (3 attempts)", 3),
    "429 for good": (behaviour.status(429), "HTTP 429", 3),
    "wrong length": (behaviour.whole(b"short"), "offers 5 bytes, ", 1),
    "wrong length, chunked": (
        behaviour.chunked(b"short" * 1000),
        "sends a file with 5,000 bytes",
        1,
    ),
    "too long, chunked": (behaviour.chunked(bytes(4_000_000)), "sends more than the ", 1),
    "redirect loop": (
        behaviour.status(302, Location="/table.csv"),
        "redirects in a circle",
        31,
    ),
    "page instead of the file": (
        behaviour.whole(b"<!DOCTYPE html><html><title>Oh dear</title>" + b" " * 3_023_965),
        "a web page instead of the file (titled 'Oh dear')",
        1,
    ),
    "redirect to a page": (
        behaviour.status(302, Location="/login"),
        "a sign-in is asked for",
        1,
    ),
    "silent for good": (behaviour.stalled(bytes(3_024_008), 0.0), "was silent for 1 s", 3),
}


@pytest.mark.parametrize("case", FAILURES)
def test_fails_with_cause_and_next_step(
    case: str, server: LoopbackServer, payload: bytes, around: Surroundings, source_of: SourceOf
) -> None:
    behave, cause, requests = FAILURES[case]
    server.serve("/login", behaviour.whole(b"<html><body>Sign in to continue</body></html>"))
    address = server.serve("/table.csv", behave)
    source = source_of(address, size=None if "page" in case else len(payload))
    if "silent" in case:
        around = dataclasses.replace(around, patience=SHORT)
    message = refusal(source, around)
    assert cause in message
    assert address in message
    assert len(server.asked("/table.csv")) == requests


def test_wrong_bytes_of_the_right_length_are_refused(
    server: LoopbackServer, payload: bytes, around: Surroundings, source_of: SourceOf
) -> None:
    address = server.serve("/table.csv", behaviour.whole(bytes(len(payload))))
    assert "sends a file with sha256" in refusal(source_of(address), around)
    assert not list((around.cache / "table").glob("*.part*"))


def test_next_address_is_asked_when_one_fails(
    server: LoopbackServer, payload: bytes, around: Surroundings, source_of: SourceOf
) -> None:
    page = b"<html><title>Google Drive - Virus scan warning</title></html>"
    source = source_of(
        server.serve("/gone", behaviour.status(404)),
        server.serve("/page", behaviour.whole(page)),
        server.serve("/wrong", behaviour.whole(bytes(len(payload)))),
        server.serve("/right", behaviour.ranged(payload)),
    )
    assert_verified(obtain(source, around=around), payload, around)
    assert [each.path for each in server.requests] == ["/gone", "/page", "/wrong", "/right"]


def test_second_address_continues_where_the_first_broke_off(
    server: LoopbackServer, payload: bytes, around: Surroundings, source_of: SourceOf
) -> None:
    source = source_of(
        server.serve("/first", behaviour.dropped(payload), behaviour.status(404)),
        server.serve("/second", behaviour.ranged(payload, etag='"another"')),
    )
    assert_verified(obtain(source, around=around), payload, around)
    (request,) = server.asked("/second")
    assert request.first_byte is not None and request.first_byte > len(payload) // 2


def test_only_the_missing_bytes_are_asked_for(
    server: LoopbackServer, payload: bytes, around: Surroundings, source_of: SourceOf
) -> None:
    address = server.serve("/table.csv", behaviour.dropped(payload), behaviour.ranged(payload))
    obtain(source_of(address), around=around)
    first, second = server.asked("/table.csv")
    assert first.first_byte is None
    assert second.headers["If-Range"] == '"one"'
    assert second.first_byte is not None
    assert second.sent == len(payload) - second.first_byte
    assert second.sent < 0.4 * len(payload) + PIECE


def test_a_later_call_goes_on_where_an_earlier_one_gave_up(
    server: LoopbackServer, payload: bytes, around: Surroundings, source_of: SourceOf
) -> None:
    address = server.serve("/table.csv", behaviour.dropped(payload), behaviour.status(404))
    refusal(source_of(address), around)
    server.serve("/table.csv", behaviour.ranged(payload))
    obtain(source_of(address), around=around)
    assert server.requests[-1].first_byte is not None


def test_nothing_is_spliced_where_no_checksum_will_judge(
    server: LoopbackServer, payload: bytes, around: Surroundings, source_of: SourceOf
) -> None:
    nameless = {"etag": None}
    address = server.serve(
        "/table.csv", behaviour.dropped(payload, **nameless), behaviour.ranged(payload, **nameless)
    )
    obtain(source_of(address, sha256=None, size=None), around=around)
    assert all(each.first_byte is None for each in server.requests)


def test_server_that_answers_with_another_part(
    server: LoopbackServer, payload: bytes, around: Surroundings, source_of: SourceOf
) -> None:
    length = len(payload)
    other = behaviour.status(
        206, payload[100:], **{"Content-Range": f"bytes 100-{length - 1}/{length}"}
    )
    address = server.serve(
        "/table.csv", behaviour.dropped(payload), other, behaviour.ranged(payload)
    )
    assert_verified(obtain(source_of(address), around=around), payload, around)


def leave_part(around: Surroundings, content: bytes, address: str, total: int) -> None:
    """What a process leaves that was killed in the middle."""
    path = around.cache / "table" / "table.csv.part"
    part = transfer.PartialFile(path, None, 1 << 30, "table.csv", True)
    part.path.parent.mkdir(parents=True)
    part.path.write_bytes(content)
    part.write_memo(transfer.Memo(address, '"one"', total))


def test_whole_part_is_verified_without_asking(
    server: LoopbackServer, payload: bytes, around: Surroundings, source_of: SourceOf
) -> None:
    address = server.serve("/table.csv", behaviour.ranged(payload))
    leave_part(around, payload, address, len(payload))
    assert_verified(obtain(source_of(address), around=around), payload, around)
    assert not server.requests


@pytest.mark.parametrize("left", [bytes(3_024_008), bytes(4_000_000)])
def test_part_of_something_else_is_given_up(
    left: bytes, server: LoopbackServer, payload: bytes, around: Surroundings, source_of: SourceOf
) -> None:
    address = server.serve("/table.csv", behaviour.ranged(payload))
    leave_part(around, left, address, 5_000_000)
    assert_verified(obtain(source_of(address, size=None), around=around), payload, around)


def test_damaged_memo_is_no_memo(
    server: LoopbackServer, payload: bytes, around: Surroundings, source_of: SourceOf
) -> None:
    address = server.serve("/table.csv", behaviour.ranged(payload))
    leave_part(around, payload[:100], address, len(payload))
    (around.cache / "table" / "table.csv.part.json").write_text("{")
    assert_verified(obtain(source_of(address), around=around), payload, around)


def test_doi_is_resolved_by_pooch(
    server: LoopbackServer,
    payload: bytes,
    around: Surroundings,
    source_of: SourceOf,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    address = server.serve("/record/table.csv", behaviour.ranged(payload))

    class Archive:
        def download_url(self, name: str) -> str:
            assert name == "table.csv"
            return address

    def archive_of(doi: str, **_: object) -> Archive:
        if doi != "10.5281/zenodo.7":
            raise ValueError("Invalid\nDOI")
        return Archive()

    monkeypatch.setattr("pooch.downloaders.doi_to_repository", archive_of)
    source = source_of("doi:10.5281/zenodo.8/table.csv", "doi:10.5281/zenodo.7/table.csv")
    assert_verified(obtain(source, around=around), payload, around)
    message = refusal(source_of("doi:10.5281/zenodo.8/table.csv", id="other"), around)
    assert "cannot be resolved: Invalid DOI" in message


def test_the_archive_of_software_heritage_is_the_last_place(
    server: LoopbackServer,
    payload: bytes,
    around: Surroundings,
    source_of: SourceOf,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    name = hashlib.sha1(b"blob %d\0" % len(payload) + payload).hexdigest()
    path = f"/api/1/content/sha1_git:{name}/raw/"
    gone = server.serve("/table.csv", behaviour.status(404))
    archived = server.serve(path, behaviour.status(404), behaviour.ranged(payload))
    monkeypatch.setattr(registry, "ARCHIVE", archived.replace(name, "{}"))
    # By git's name alone: what the archive sends is verified like any other file.
    source = source_of(gone, sha256=None, git_blob_sha1=name)
    assert "sha1_git" in refusal(source, around)
    assert_verified(obtain(source, around=around), payload, around)
    server.serve(path, behaviour.whole(payload[::-1]))
    other = source_of(gone, sha256=None, git_blob_sha1=name, id="other")
    assert f"sha1_git:{name}/raw/: sends a file" in refusal(other, around)
    assert not any("sha1_git" in each for each in source_of(gone).remote)


def test_missing_proxy_is_named(
    around: Surroundings, source_of: SourceOf, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    assert "the proxy refuses" in refusal(source_of("http://data.invalid/x"), around)


def test_untrusted_connection_is_named(
    server: LoopbackServer, around: Surroundings, source_of: SourceOf
) -> None:
    plain = server.address.replace("http:", "https:")
    assert "no trusted connection" in refusal(source_of(f"{plain}/x"), around)


def test_compressed_on_the_wire(
    server: LoopbackServer, payload: bytes, around: Surroundings, source_of: SourceOf
) -> None:
    import gzip

    packed = behaviour.whole(gzip.compress(payload, 1), **{"Content-Encoding": "gzip"})
    address = server.serve("/table.csv", packed)
    assert_verified(obtain(source_of(address), around=around), payload, around)


def test_dead_host_is_named(around: Surroundings, source_of: SourceOf) -> None:
    assert "cannot be reached" in refusal(source_of("http://127.0.0.1:9/x"), around)


def test_full_disk_is_noticed_before_the_download(
    server: LoopbackServer,
    payload: bytes,
    around: Surroundings,
    source_of: SourceOf,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    usage = shutil.disk_usage(around.cache.parent)
    monkeypatch.setattr(transfer.shutil, "disk_usage", lambda path: usage._replace(free=10**6))
    address = server.serve("/table.csv", behaviour.stalled(payload, 0.1))
    with pytest.raises(EdnagError, match="make room or name another folder with EDNAG_CACHE"):
        obtain(source_of(address), around=around)


def test_proxy_of_the_environment_is_used(
    server: LoopbackServer,
    payload: bytes,
    around: Surroundings,
    source_of: SourceOf,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    address = "http://data.invalid/table.csv"
    server.behaviours[address] = behaviour.whole(payload)  # a proxy is asked for whole addresses
    monkeypatch.setenv("http_proxy", server.address)
    assert_verified(obtain(source_of(address), around=around), payload, around)


def test_offline_asks_no_address(
    server: LoopbackServer, payload: bytes, around: Surroundings, source_of: SourceOf
) -> None:
    address = server.serve("/table.csv", behaviour.whole(payload))
    assert "offline" in refusal(source_of(address), dataclasses.replace(around, offline=True))
    assert not server.requests


def test_endless_body_of_unknown_size_is_stopped(
    server: LoopbackServer,
    around: Surroundings,
    source_of: SourceOf,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(registry, "_LARGEST_UNKNOWN", 1_000_000)
    address = server.serve("/table.csv", behaviour.endless)
    source = source_of(address, size=None, sha256=None, kind="binary", least_size=1000)
    assert "sends more than the 1,000,000 bytes allowed" in refusal(source, around)
    assert not list((around.cache / "table").glob("table*"))


def test_compressed_body_of_unknown_size_is_refused(
    server: LoopbackServer, around: Surroundings, source_of: SourceOf
) -> None:
    import gzip

    zeros = gzip.compress(bytes(50_000_000))
    packed = behaviour.whole(zeros, **{"Content-Encoding": "gzip"})
    address = server.serve("/table.csv", packed)
    source = source_of(address, size=None, sha256=None, kind="binary", least_size=1000)
    assert "compresses a file whose size is not registered" in refusal(source, around)
    assert not list((around.cache / "table").glob("table*"))
