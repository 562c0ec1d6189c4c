"""Checksums of a file while it is written, so that verification at its end is fast."""

import os
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import BinaryIO

from ednag.sources.registry import Source
from ednag.sources.verification import BLOCK, Digests, Hasher, digest

#: Seconds between two reads of a file without new bytes.
PAUSE = 0.02
#: Bytes between two flushes to the disk.
STRIDE = 64 << 20


class Tail:
    """Hashes, in a thread, the file at `path` while another thread writes it.

    Hashes the bytes in the file, not those in memory. The file may be absent, grow, and be replaced
    by another one, which is hashed from its first byte; written bytes must not change. `size` is
    that of the whole file, None if not known.

    A context manager: the thread ends with the block.
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
        """The checksums of the complete file; raises OSError if it was not readable."""
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
        """Hash the next block of the file at the path; False if there is none."""
        if self._source.git_blob_sha1 and self._size is None:
            return False  # git hashes the size first, so `digest` hashes the complete file
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
        """Whether the path is no longer that of the open file."""
        try:
            return not os.path.samestat(self._path.stat(), os.fstat(stream.fileno()))
        except FileNotFoundError:
            return True
