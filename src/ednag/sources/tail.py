"""Checksums taken while a file is still being written, so that little is left to do at its end."""

import os
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import BinaryIO

from ednag.sources.registry import Source
from ednag.sources.verification import BLOCK, Digests, Hasher, digest

#: Seconds between two looks at a file that had nothing new.
PAUSE = 0.02
#: Bytes after which the disk must have what came, so that it does not all wait for the end.
STRIDE = 64 << 20


class Tail:
    """Follows, in a thread of its own, the file at `path` as it becomes `source`.

    What is hashed is read back from the file, never what the writer meant to write. The file may be
    absent, grow, and be replaced by another, which is then followed from its first byte; bytes once
    written must stay as they are. `size` is that of the whole file, None where nobody says.

    A context manager: the thread ends with the block, however the block ends.
    """

    def __init__(self, path: Path, source: Source, size: int | None) -> None:
        self._path = path
        self._source = source
        self._size = size
        self._stream: BinaryIO | None = None
        self._hasher = Hasher(source, size or 0)
        self._ended = threading.Event()
        self._pool = ThreadPoolExecutor(1, thread_name_prefix="tail")

    def __enter__(self) -> "Tail":
        self._following = self._pool.submit(self._follow)
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._pool.shutdown()
        if self._stream is not None:
            self._stream.close()

    def digests(self) -> Digests:
        """What was measured of the file, once its last byte is written; then no more is followed.

        Raises OSError if the file cannot be read, or could not while it grew.
        """
        self._ended.set()
        self._following.result()
        while self._took_block():
            pass
        if self._hasher.size == self._path.stat().st_size:
            return self._hasher.digests()
        return digest(self._path, self._source)

    def _follow(self) -> None:
        synced = 0
        while not self._ended.is_set():
            if not self._took_block():
                self._ended.wait(PAUSE)
            elif self._stream is not None and self._hasher.size >= synced + STRIDE:
                os.fsync(self._stream.fileno())
                synced = self._hasher.size

    def _took_block(self) -> bool:
        """Take in the next block of the file that is at the path now; False if there is none."""
        if self._source.git_blob_sha1 and self._size is None:
            return False  # git hashes the size before the bytes: `digest` does, when all are there
        if self._stream is None or self._lost(self._stream):
            self._begin()
        block = self._stream.read(BLOCK) if self._stream is not None else b""
        self._hasher.update(block)
        return bool(block)

    def _begin(self) -> None:
        if self._stream is not None:
            self._stream.close()
        self._hasher = Hasher(self._source, self._size or 0)
        try:
            self._stream = self._path.open("rb")
        except FileNotFoundError:
            self._stream = None

    def _lost(self, stream: BinaryIO) -> bool:
        """Whether the path no longer leads to the open file, whose inode no other has meanwhile."""
        try:
            return not os.path.samestat(self._path.stat(), os.fstat(stream.fileno()))
        except FileNotFoundError:
            return True
