"""Google Drive through the real gdown, with Drive's hosts played by the loopback server."""

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import requests

from ednag.errors import EdnagError
from ednag.sources.obtain import Surroundings, obtain
from ednag.sources.registry import Source

from . import loopback as behaviour
from .loopback import LoopbackServer

FILE = "1S2IV6L9t6Hlhh6vGsQkyqMJGt5NnJ8pj"
ATTACHED = {"Content-Disposition": 'attachment; filename="drive name.pth"'}
# gdown reads the page line by line and wants the form on one.
CONFIRM = (
    b"<!DOCTYPE html><html><head><title>Google Drive - Virus scan warning</title></head>\n"
    b'<form id="download-form" action="https://drive.usercontent.google.com/download">'
    b'<input type="hidden" name="confirm" value="t"></form></html>'
)
QUOTA = b"""<!DOCTYPE html><html><head><title>Google Drive - Quota exceeded</title></head><body>
<p class="uc-error-subcaption">Too many users have viewed or downloaded this file recently.</p>
</body></html>"""
SIGN_IN = b"<!DOCTYPE html><html><body><a>Sign in</a> Google Accounts</body></html>"

SourceOf = Callable[..., Source]


@pytest.fixture
def drive(server: LoopbackServer, monkeypatch: pytest.MonkeyPatch) -> LoopbackServer:
    """The server, asked for whatever gdown asks Google for."""
    get = requests.Session.get

    def rerouted(session: requests.Session, url: str, **named: Any) -> requests.Response:
        for host in ("drive.google.com", "drive.usercontent.google.com"):
            url = url.replace(f"https://{host}", server.address)
        return get(session, url, **named)

    monkeypatch.setattr(requests.Session, "get", rerouted)
    return server


def page(body: bytes) -> behaviour.Behaviour:
    """An HTML page with status 200, as Drive answers."""
    return behaviour.whole(body, **{"Content-Type": "text/html; charset=utf-8"})


def attached(body: bytes) -> behaviour.Behaviour:
    """The file itself, as Drive sends it."""

    def behave(handler: behaviour.Handler, request: behaviour.Request) -> None:
        first = request.first_byte
        headers = {**ATTACHED, "Content-Type": "application/octet-stream"}
        if first is None:
            handler.answer(200, headers, body)
        elif first >= len(body):
            handler.answer(416, {**headers, "Content-Range": f"bytes */{len(body)}"})
        else:
            described = f"bytes {first}-{len(body) - 1}/{len(body)}"
            handler.answer(206, {**headers, "Content-Range": described}, body[first:])

    return behave


def test_confirm_page_is_answered(
    drive: LoopbackServer, payload: bytes, around: Surroundings, source_of: SourceOf
) -> None:
    drive.serve("/uc", page(CONFIRM))
    drive.serve("/download", attached(payload))
    path = obtain(source_of(f"gdrive:{FILE}"), around=around)
    assert path.read_bytes() == payload
    assert drive.requests[0].path == f"/uc?id={FILE}"
    assert "confirm=t" in drive.requests[1].path
    assert sorted(each.name for each in path.parent.iterdir()) == [
        ".guard", ".verified", "table.csv",
    ]  # fmt: skip


@pytest.mark.parametrize("more", [0, 1000])
def test_leftover_as_long_as_the_file_does_not_block_it(
    more: int,
    drive: LoopbackServer,
    payload: bytes,
    around: Surroundings,
    source_of: SourceOf,
) -> None:
    drive.serve("/uc", attached(payload))
    leave_half(around, bytes(len(payload) + more))
    path = obtain(source_of(f"gdrive:{FILE}"), around=around)
    assert path.read_bytes() == payload


@pytest.mark.parametrize(
    ("body", "cause"),
    [(QUOTA, "quota of this file is used up"), (SIGN_IN, "gives no public link")],
)
def test_pages_without_the_file_are_explained(
    body: bytes, cause: str, drive: LoopbackServer, around: Surroundings, source_of: SourceOf
) -> None:
    drive.serve("/uc", page(body))
    with pytest.raises(EdnagError, match=cause) as caught:
        obtain(source_of(f"gdrive:{FILE}"), around=around)
    assert "\n" not in str(caught.value)
    assert not (around.cache / "table" / "table.csv").exists()


def test_mirror_address_follows_a_used_up_quota(
    drive: LoopbackServer, payload: bytes, around: Surroundings, source_of: SourceOf
) -> None:
    drive.serve("/uc", page(QUOTA))
    second = drive.serve("/copy", behaviour.ranged(payload))
    path = obtain(source_of(f"gdrive:{FILE}", second), around=around)
    assert path.read_bytes() == payload


def test_file_of_another_length_is_refused_at_once(
    drive: LoopbackServer, around: Surroundings, source_of: SourceOf
) -> None:
    drive.serve("/uc", attached(bytes(10_000_000)))
    with pytest.raises(EdnagError, match="offers 10,000,000 bytes"):
        obtain(source_of(f"gdrive:{FILE}"), around=around)


def leave_half(around: Surroundings, half: bytes) -> None:
    """What gdown leaves when it is killed in the middle."""
    folder = around.cache / "table" / "table.csv.part.drive"
    folder.mkdir(parents=True)
    (folder / "table.csv.partabcd1234.part").write_bytes(half)


def test_half_a_file_is_gone_on_with(
    drive: LoopbackServer, payload: bytes, around: Surroundings, source_of: SourceOf
) -> None:
    drive.serve("/uc", attached(payload))
    leave_half(around, payload[:2_000_000])
    path = obtain(source_of(f"gdrive:{FILE}"), around=around)
    assert path.read_bytes() == payload
    assert drive.requests[-1].first_byte == 2_000_000


def test_half_of_another_version_does_not_spoil_the_file(
    drive: LoopbackServer, payload: bytes, around: Surroundings, source_of: SourceOf
) -> None:
    drive.serve("/uc", attached(payload))
    leave_half(around, bytes(2_000_000))
    path = obtain(source_of(f"gdrive:{FILE}"), around=around)
    assert hashlib.sha256(path.read_bytes()).hexdigest() == source_of().sha256


def test_without_a_checksum_every_download_is_new(
    drive: LoopbackServer, payload: bytes, around: Surroundings, source_of: SourceOf
) -> None:
    drive.serve("/uc", attached(payload))
    leave_half(around, payload[:2_000_000])
    obtain(source_of(f"gdrive:{FILE}", sha256=None, size=None), around=around)
    assert all(each.first_byte is None for each in drive.requests)


def test_gdown_keeps_no_cookies(
    drive: LoopbackServer,
    payload: bytes,
    around: Surroundings,
    source_of: SourceOf,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    drive.serve("/uc", attached(payload))
    obtain(source_of(f"gdrive:{FILE}"), around=around)
    assert not (tmp_path / "home").exists()


def test_more_than_is_registered_is_stopped(
    drive: LoopbackServer, around: Surroundings, source_of: SourceOf
) -> None:
    drive.serve("/uc", attached(bytes(9_000_000)))
    small = source_of(f"gdrive:{FILE}", sha256=None, size=1_000_000, least_size=1)
    with pytest.raises(EdnagError, match="offers 9,000,000 bytes"):
        obtain(small, around=around)
    drive.serve("/uc", unannounced(9_000_000))
    with pytest.raises(EdnagError, match="sends more than the 1,000,000 bytes"):
        obtain(small, around=around)
    assert not list((around.cache / "table").glob("table*"))


def unannounced(length: int) -> behaviour.Behaviour:
    """A file of zeros in chunks, without a length."""

    def behave(handler: behaviour.Handler, request: behaviour.Request) -> None:
        handler.send_response(200)
        for name, value in {**ATTACHED, "Content-Type": "application/octet-stream"}.items():
            handler.send_header(name, value)
        handler.send_header("Transfer-Encoding", "chunked")
        handler.end_headers()
        for _ in range(length // 100_000):
            handler.wfile.write(b"%x\r\n%s\r\n" % (100_000, bytes(100_000)))
        handler.wfile.write(b"0\r\n\r\n")

    return behave
