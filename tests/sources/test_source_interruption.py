"""Real processes: killed in the middle, two at once, and how much memory one takes."""

import errno
import hashlib
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from ednag.sources.registry import Source, dump_registry
from tests.machines import without_locks

from . import loopback as behaviour
from .conftest import LIMIT, wait_until
from .loopback import LoopbackServer

SourceOf = Callable[..., Source]
COMMAND = [sys.executable, "-c", "from ednag.cli import main; main()", "sources", "fetch"]


@pytest.fixture
def start(
    tmp_path: Path, source_of: SourceOf
) -> Callable[[str, dict[str, str]], "subprocess.Popen[str]"]:
    """Starts `ednag sources fetch table` for an address, as a process of its own."""

    def begin(address: str, fields: dict[str, str]) -> "subprocess.Popen[str]":
        registry = tmp_path / "sources.yaml"
        registry.write_text(dump_registry({"table": source_of(address, **fields)}))
        return subprocess.Popen(
            [*COMMAND, "table", "--registry", str(registry)],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            cwd=tmp_path,
            # A shell lets background work ignore interrupts, and children inherit that.
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
        )

    return begin


@pytest.fixture(
    params=[0, errno.ENOLCK, errno.ENOSYS, errno.EOPNOTSUPP],
    ids=["flock", "ENOLCK", "ENOSYS", "EOPNOTSUPP"],
)
def any_locks(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """File systems with locks, and without: the answers of flock there."""
    if request.param:
        for name, value in without_locks(tmp_path, request.param).items():
            monkeypatch.setenv(name, value)


@pytest.mark.usefixtures("any_locks")
def test_killed_download_asks_only_for_what_is_missing(
    server: LoopbackServer,
    payload: bytes,
    tmp_path: Path,
    start: Callable[..., "subprocess.Popen[str]"],
) -> None:
    address = server.serve("/t", behaviour.stalled(payload), behaviour.ranged(payload))
    part = tmp_path / "cache" / "table" / "table.csv.part"
    first = start(address, {})
    wait_until(lambda: part.is_file() and part.stat().st_size > len(payload) // 2)
    first.send_signal(signal.SIGKILL)
    first.communicate()
    left = part.stat().st_size
    assert not part.with_name("table.csv").exists()

    out, err = start(address, {}).communicate(timeout=LIMIT)
    assert Path(out.strip()).read_bytes() == payload, err
    resumed = server.asked("/t")[1]
    assert resumed.first_byte == left
    assert resumed.sent == len(payload) - left


@pytest.mark.usefixtures("any_locks")
def test_two_processes_download_once(
    server: LoopbackServer, payload: bytes, start: Callable[..., "subprocess.Popen[str]"]
) -> None:
    both = threading.Event()

    def held(handler: behaviour.Handler, request: behaviour.Request) -> None:
        both.wait()
        behaviour.whole(payload)(handler, request)

    address = server.serve("/t", held)
    first = start(address, {})
    wait_until(lambda: bool(server.asked("/t")))
    second = start(address, {})
    errors = []
    reader = threading.Thread(target=lambda: errors.append(second.stderr.readline()))  # type: ignore[union-attr]
    reader.start()
    reader.join(LIMIT)
    assert "another process is fetching it; waiting" in errors[0]
    both.set()
    outputs = [each.communicate(timeout=LIMIT)[0].strip() for each in (first, second)]
    assert outputs[0] == outputs[1]
    assert Path(outputs[0]).read_bytes() == payload
    assert len(server.asked("/t")) == 1


def test_interrupted_process_keeps_what_came(
    server: LoopbackServer,
    tmp_path: Path,
    start: Callable[..., "subprocess.Popen[str]"],
) -> None:
    address = server.serve("/t", behaviour.endless)
    part = tmp_path / "cache" / "table" / "table.csv.part"
    running = start(address, {"size": None})
    wait_until(lambda: part.is_file() and part.stat().st_size > 200_000)
    running.send_signal(signal.SIGINT)
    running.communicate(timeout=LIMIT)
    assert running.returncode not in (0, None)
    assert part.stat().st_size > 200_000
    assert not part.with_name("table.csv").exists()


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="needs Linux's /proc")
def test_memory_does_not_grow_with_the_file(server: LoopbackServer, tmp_path: Path) -> None:
    size = 150_000_000
    zeros = bytes(1 << 20)
    sha256 = hashlib.sha256()
    for _ in range(size // len(zeros)):
        sha256.update(zeros)
    size = size // len(zeros) * len(zeros)

    def endless(handler: behaviour.Handler, request: behaviour.Request) -> None:
        handler.send_response(200)
        handler.send_header("Content-Length", str(size))
        handler.end_headers()
        for _ in range(size // len(zeros)):
            handler.wfile.write(zeros)

    source = Source(
        id="zeros",
        file="zeros.bin",
        addresses=(server.serve("/zeros", endless),),
        size=size,
        sha256=sha256.hexdigest(),
    )
    registry = tmp_path / "sources.yaml"
    registry.write_text(dump_registry({"zeros": source}))
    peak = "import re; print(re.search(r'VmHWM:\\s+(\\d+)', open('/proc/self/status').read())[1])"
    script = (
        "from ednag.cli import group\n"
        f"group(['sources', 'fetch', 'zeros', '--registry', {str(registry)!r}],"
        f" standalone_mode=False)\n{peak}"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, cwd=tmp_path, timeout=LIMIT
    )
    assert done.returncode == 0, done.stderr
    kilobytes = int(re.findall(r"^\d+$", done.stdout, re.M)[-1])
    assert kilobytes < 200_000
    (tmp_path / "cache" / "zeros" / "zeros.bin").unlink()
