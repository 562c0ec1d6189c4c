"""Checksums taken while a file is still being written, so that few bytes are left at its end."""

import os
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import BinaryIO

from ednag.sources.registry import Source
from ednag.sources.verification import Digests, Hasher, digest

#: Seconds between two looks at the file. What came in between is caught up with at once.
PAUSE = 0.02


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
        """What was measured of the file, when its last byte is written; to be called once.

        Raises OSError if the file cannot be read, or could not while it grew.
        """
        self._ended.set()
        self._following.result()
        if self._stream is not None and not self._lost():
            self._hasher.take_in(self._stream)
            if self._hasher.size == self._path.stat().st_size:
                return self._hasher.digests()
        return digest(self._path, self._source)

    def _follow(self) -> None:
        if self._source.git_blob_sha1 and self._size is None:
            return  # git hashes the size before the bytes: all of them must be there
        while not self._ended.wait(PAUSE):
            if self._stream is None or self._lost():
                self._begin()
            if self._stream is not None:
                self._hasher.take_in(self._stream, lambda: self._ended.is_set() or self._lost())

    def _lost(self) -> bool:
        """Whether the open file is not the one at the path: no two that exist share an inode."""
        assert self._stream is not None
        try:
            there = self._path.stat()
        except FileNotFoundError:
            return True
        return not os.path.samestat(there, os.fstat(self._stream.fileno()))

    def _begin(self) -> None:
        """Open the file that is at the path now, if there is one."""
        if self._stream is not None:
            self._stream.close()
        self._stream = self._path.open("rb") if self._path.is_file() else None
        self._hasher = Hasher(self._source, self._size or 0)
