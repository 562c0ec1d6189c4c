"""Throughput and memory of `ednag sources fetch` beside `curl`, on a large file over loopback.

    python benchmarks/downloads.py [--size BYTES] [--pairs N]

A sparse file is served by a process of its own. In turn, N times: curl, the `ednag` command as a
user calls it (start-up, download, checksum, bytes on the disk) and its download alone. Each run is
compared with the curl just before it, and the median of these ratios counts. Prints one JSON
object; exits 1 where memory passes 200 MB or the download alone takes more than twice as long as
curl. The command also hashes the file and waits for the disk, which curl does not.
"""

import argparse
import hashlib
import json
import multiprocessing
import os
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

LARGEST_MEMORY = 200e6
LARGEST_RATIO = 2.0
FEWEST_PAIRS = 3


def serve(path: Path, listening: socket.socket, most_requests: int) -> None:
    """Answer at most `most_requests` requests on `listening`, each with the whole file."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            """Hand the file to the kernel."""
            self.send_response(200)
            self.send_header("Content-Length", str(path.stat().st_size))
            self.send_header("Connection", "close")
            self.end_headers()
            with path.open("rb") as stream:
                self.connection.sendfile(stream)

        def log_message(self, format: str, *args: object) -> None:
            """Silence."""

    server = HTTPServer(("127.0.0.1", 0), Handler, bind_and_activate=False)
    server.socket = listening
    for _ in range(most_requests):
        server.handle_request()


def sha256_of(path: Path) -> str:
    """The checksum for the registry."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def timed(command: list[str], **environment: str) -> tuple[float, int]:
    """Seconds and largest resident memory (bytes) of a command that must succeed."""
    begun = time.perf_counter()
    process = subprocess.Popen(
        command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        env={**os.environ, **environment},
    )  # fmt: skip
    _, status, usage = os.wait4(process.pid, 0)
    seconds = time.perf_counter() - begun
    if status:
        raise SystemExit(f"{command[0]} failed with status {status}")
    return seconds, usage.ru_maxrss * 1024


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--size", type=int, default=1_000_000_000)
    parser.add_argument("--pairs", type=int, default=5)
    chosen = parser.parse_args()
    if chosen.pairs < FEWEST_PAIRS:
        parser.error(f"a median needs at least {FEWEST_PAIRS} pairs")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        served = folder / "served.bin"
        with served.open("wb") as stream:
            stream.truncate(chosen.size)
        listening = socket.create_server(("127.0.0.1", 0))
        server = multiprocessing.Process(
            target=serve, args=(served, listening, 3 * chosen.pairs), daemon=True
        )
        server.start()
        address = f"http://127.0.0.1:{listening.getsockname()[1]}/served.bin"
        result = measure(folder, address, sha256_of(served), chosen.size, chosen.pairs)
        server.terminate()
    print(json.dumps(result, indent=2))
    too_slow = result["download_to_curl"] > LARGEST_RATIO
    sys.exit(too_slow or result["largest_memory_bytes"] > LARGEST_MEMORY)


def measure(folder: Path, address: str, sha256: str, size: int, pairs: int) -> dict[str, Any]:
    """Times in seconds, run by run, and the medians of their ratios."""
    registry = folder / "sources.yaml"
    registry.write_text(
        f"big:\n  file: big.bin\n  addresses: ['{address}']\n  size: {size}\n  sha256: {sha256}\n"
    )
    cache, target = folder / "cache", folder / "curl.bin"
    curl = ["curl", "--silent", "--fail", "--output", str(target), address]
    command = [sys.executable, "-c", "from ednag.cli import main; main()", "sources", "fetch",
               "big", "--registry", str(registry), "--cache", str(cache)]  # fmt: skip
    download = [sys.executable, "-c", (
        "import pathlib, time; from ednag.sources.http import fetch\n"
        "from ednag.sources.transfer import PartialFile, Patience\n"
        f"path = pathlib.Path({str(folder / 'alone.bin')!r})\n"
        f"part = PartialFile(path, {size}, 'alone.bin', True)\n"
        "begun = time.perf_counter()\n"
        f"fetch({address!r}, part, lambda received, total: None, Patience())\n"
        f"pathlib.Path({str(folder / 'seconds')!r}).write_text(str(time.perf_counter() - begun))"
    )]  # fmt: skip
    times: dict[str, list[float]] = {"curl": [], "command": [], "download": []}
    memory = 0
    load = os.getloadavg()[0]
    for _ in range(pairs):
        times["curl"].append(timed(curl)[0])
        target.unlink()
        seconds, peak = timed(command)
        times["command"].append(seconds)
        memory = max(memory, peak)
        shutil.rmtree(cache)
        timed(download)
        times["download"].append(float((folder / "seconds").read_text()))
        (folder / "alone.bin").unlink()
    return {
        "size_bytes": size,
        **{f"{name}_s": [round(each, 3) for each in runs] for name, runs in times.items()},
        **{
            f"{name}_to_curl": ratio(times[name], times["curl"]) for name in ("command", "download")
        },
        "largest_memory_bytes": memory,
        "load_before": round(load, 2),
    }


def ratio(times: list[float], references: list[float]) -> float:
    """The median over the pairs of how many times as long the first took."""
    pairs = zip(times, references, strict=True)
    return round(statistics.median(mine / other for mine, other in pairs), 2)


if __name__ == "__main__":
    main()
