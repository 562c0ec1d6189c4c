"""Throughput and memory of `ednag sources fetch` beside `curl`, on a large file over loopback.

    python benchmarks/downloads.py [--size BYTES] [--repeats N]

A sparse file is served by a process of its own. For each program the fastest of N runs counts; for
`ednag` that is once the command as a user calls it (start-up, download, checksum) and once the
download alone. Prints one JSON object; exits 1 where memory passes 200 MB or the download takes
more than twice as long as curl's.
"""

import argparse
import hashlib
import json
import multiprocessing
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

LARGEST_MEMORY = 200e6
LARGEST_RATIO = 2.0


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
    parser.add_argument("--repeats", type=int, default=2)
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        served = folder / "served.bin"
        with served.open("wb") as stream:
            stream.truncate(chosen.size)
        listening = socket.create_server(("127.0.0.1", 0))
        server = multiprocessing.Process(target=serve, args=(served, listening, 60), daemon=True)
        server.start()
        address = f"http://127.0.0.1:{listening.getsockname()[1]}/served.bin"
        result = measure(folder, address, sha256_of(served), chosen.size, chosen.repeats)
        server.terminate()
    print(json.dumps(result, indent=2))
    too_slow = result["download_to_curl"] > LARGEST_RATIO
    sys.exit(too_slow or result["ednag_largest_memory_bytes"] > LARGEST_MEMORY)


def measure(folder: Path, address: str, sha256: str, size: int, repeats: int) -> dict[str, float]:
    """Times in seconds and their ratios."""
    registry = folder / "sources.yaml"
    registry.write_text(
        f"big:\n  file: big.bin\n  addresses: ['{address}']\n  size: {size}\n  sha256: {sha256}\n"
    )
    cache, target = folder / "cache", folder / "curl.bin"
    curl = ["curl", "--silent", "--fail", "--output", str(target), address]
    whole = [sys.executable, "-c", "from ednag.cli import main; main()", "sources", "fetch", "big",
             "--registry", str(registry), "--cache", str(cache)]  # fmt: skip
    alone = [sys.executable, "-c", (
        "import pathlib, time; from ednag.sources.http import fetch\n"
        "from ednag.sources.transfer import Part, Patience\n"
        f"part = Part(pathlib.Path({str(folder / 'alone.bin')!r}), {size}, 'alone.bin', True)\n"
        "begun = time.perf_counter()\n"
        f"fetch({address!r}, part, lambda received, total: None, Patience())\n"
        f"pathlib.Path({str(folder / 'seconds')!r}).write_text(str(time.perf_counter() - begun))"
    )]  # fmt: skip
    times: dict[str, list[float]] = {"curl": [], "ednag": [], "download": []}
    memory = 0
    for _ in range(repeats):
        times["curl"].append(timed(curl)[0])
        target.unlink()
        seconds, peak = timed(whole)
        times["ednag"].append(seconds)
        memory = max(memory, peak)
        shutil.rmtree(cache)
        timed(alone)
        times["download"].append(float((folder / "seconds").read_text()))
        (folder / "alone.bin").unlink()
    best = {name: round(min(runs), 3) for name, runs in times.items()}
    return {
        "size_bytes": size,
        "curl_s": best["curl"],
        "ednag_whole_command_s": best["ednag"],
        "ednag_download_alone_s": best["download"],
        "download_to_curl": round(best["download"] / best["curl"], 2),
        "whole_command_to_curl": round(best["ednag"] / best["curl"], 2),
        "ednag_largest_memory_bytes": memory,
    }


if __name__ == "__main__":
    main()
