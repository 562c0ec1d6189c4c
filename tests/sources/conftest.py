"""What the tests of `ednag.sources` share: a server, bytes to serve, and a closed world."""

import hashlib
import random
import socket
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from ednag.sources.obtain import Surroundings
from ednag.sources.registry import Source
from ednag.sources.transfer import Patience

from .loopback import LoopbackServer

#: Asks again at once, so that failures take no time. A busy machine may be silent for seconds.
HASTE = Patience(attempts=3, wait=0.01, longest_wait=0.05)
#: Seconds after which a test fails that waits for something. No machine is that slow.
LIMIT = 300


def wait_until(reached: Callable[[], bool]) -> None:
    """Return once `reached` holds."""
    deadline = time.monotonic() + LIMIT
    while not reached():
        assert time.monotonic() < deadline, f"nothing happened for {LIMIT} s"
        time.sleep(0.002)


@pytest.fixture(autouse=True)
def closed_world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No cache, mirror or lock of the user's, no address but loopback."""
    for name in ("EDNAG_MIRROR", "EDNAG_REGISTRY"):
        monkeypatch.delenv(name, raising=False)
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)
    monkeypatch.setenv("EDNAG_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("EDNAG_LOCK", str(tmp_path / "sources.lock"))
    resolve = socket.getaddrinfo

    def only_loopback(host: Any, *rest: Any, **named: Any) -> Any:
        assert host in ("127.0.0.1", "localhost", b"127.0.0.1"), f"a test asked for {host}"
        return resolve(host, *rest, **named)

    monkeypatch.setattr(socket, "getaddrinfo", only_loopback)


@pytest.fixture
def server() -> Iterator[LoopbackServer]:
    """A server on loopback."""
    running = LoopbackServer()
    yield running
    running.close()


@pytest.fixture(scope="session")
def payload() -> bytes:
    """3,024,008 bytes of CSV to serve."""
    draw = random.Random(3)
    return "".join(f"{row},{draw.random()}\n" for row in range(120_000)).encode()[:3_024_008]


@pytest.fixture
def around(tmp_path: Path) -> Surroundings:
    """An empty cache, no mirror, a lock file of its own, no waits between attempts."""
    return Surroundings(
        cache=tmp_path / "cache", mirrors=(), lock=tmp_path / "sources.lock", patience=HASTE
    )


@pytest.fixture
def source_of(payload: bytes) -> Callable[..., Source]:
    """Makes the source of `payload` at the given addresses; fields can be overridden."""

    def make(*addresses: str, **fields: Any) -> Source:
        known = {
            "id": "table",
            "file": "table.csv",
            "size": len(payload),
            "sha256": hashlib.sha256(payload).hexdigest(),
        }
        return Source(addresses=addresses or ("http://127.0.0.1:9/none",), **{**known, **fields})

    return make
