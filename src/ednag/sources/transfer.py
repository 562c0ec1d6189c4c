"""The interface to all downloads."""

import contextlib
import json
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from ednag.errors import EdnagError
from ednag.files import write_text
from ednag.sources.verification import looks_like_page, mistaken_for
from ednag.text_files import parse_json

#: Called with the bytes received and the bytes in total (None if not known).
Report = Callable[[int, int | None], None]
#: Bytes that must stay free on the disk after a download.
HEADROOM = 64 << 20


class TransferError(Exception):
    """Why an address served no file; if `passing`, try again `after` seconds.

    `unanswered`: the server gave no answer, so that it need not be asked for other files.
    """

    def __init__(
        self, cause: str, *, passing: bool = False, after: float = 0.0, unanswered: bool = False
    ) -> None:
        super().__init__(cause)
        self.passing = passing
        self.after = after
        self.unanswered = unanswered


@dataclass(frozen=True)
class Patience:
    """How long to try one address. All but `attempts` in seconds."""

    attempts: int = 5
    #: before the second attempt; doubles from attempt to attempt
    wait: float = 1.0
    longest_wait: float = 30.0
    connect: float = 15.0
    #: between two pieces of the body
    silence: float = 60.0

    def before(self, attempt: int, asked: float = 0.0) -> float:
        """Seconds to wait before `attempt` (2, 3, ...) if the server asks for `asked`."""
        return min(max(self.wait * 2 ** (attempt - 2), asked), self.longest_wait)


@dataclass(frozen=True)
class Memo:
    """What a server states about a file: `validator` is its strong ETag or date, `total` bytes."""

    address: str
    validator: str | None
    total: int | None


@dataclass(frozen=True)
class PartialFile:
    """An unfinished download: the bytes at `path` and a memo about them.

    With `has_checksum`, which verifies the whole file, a download can resume even if the server
    states no version.
    """

    path: Path
    size: int | None
    #: bytes after which a body without a known size is refused
    largest_size: int
    file: str
    has_checksum: bool
    #: end of the message for a wrong size, see `Expected.refusal`
    refusal: str = ""

    @property
    def memo_path(self) -> Path:
        """The file of the memo."""
        return self.path.with_name(self.path.name + ".json")

    @property
    def drive_folder(self) -> Path:
        """The folder of gdown's unfinished file."""
        return self.path.with_name(self.path.name + ".drive")

    def received(self) -> int:
        """The number of bytes in the file."""
        return self.path.stat().st_size if self.path.is_file() else 0

    def read_memo(self) -> Memo | None:
        """The memo of an earlier attempt, None if it is absent or unreadable."""
        try:
            return Memo(**parse_json(self.memo_path.read_bytes()))
        except (OSError, ValueError, TypeError):
            return None

    def write_memo(self, memo: Memo) -> None:
        """Keep `memo` for a later attempt."""
        write_text(self.memo_path, json.dumps(memo.__dict__, sort_keys=True))

    def discard(self) -> None:
        """Delete the bytes and the memo."""
        self.path.unlink(missing_ok=True)
        self.memo_path.unlink(missing_ok=True)
        shutil.rmtree(self.drive_folder, ignore_errors=True)

    def expect(self, total: int | None) -> None:
        """Refuse a file of the wrong length, or too large for the disk, before the transfer.

        Raises TransferError for the length, EdnagError for the disk (no other address helps).
        """
        expected = total if self.size is None else self.size
        if expected is None:
            return
        self.refuse_excess(expected)
        if total not in (None, expected):
            raise TransferError(f"offers {total:,} bytes, {expected:,} are expected{self.refusal}")
        missing = expected - self.received()
        free = shutil.disk_usage(self.path.parent).free
        if free < missing + HEADROOM:
            raise EdnagError(
                f"{self.file} needs {missing:,} more bytes and {self.path.parent} has {free:,} "
                "free; make room or name another folder with EDNAG_CACHE"
            )

    def refuse_excess(self, received: int) -> None:
        """Discard the download and raise TransferError if it has more bytes than it may have."""
        most = self.largest_size if self.size is None else self.size
        if received > most:
            self.discard()
            known = "expected" if self.size is not None else "allowed without a registered size"
            raise TransferError(f"sends more than the {most:,} bytes {known}")

    def refuse_page(self, head: bytes, body: Callable[[], bytes] = bytes) -> None:
        """Raise TransferError if `head`, and the rest from `body`, is a web page or a pointer."""
        if looks_like_page(head, self.file):
            with contextlib.suppress(Exception):  # the head alone says enough
                head += body()
        if mistaken := mistaken_for(head, self.file):
            raise TransferError(f"serves {mistaken}")


#: The servers of addresses without one.
_SERVERS = {"gdrive": "https://drive.google.com", "doi": "https://doi.org"}


def server_of(address: str) -> str | None:
    """The server that an address asks first, for example https://zenodo.org; None for packages."""
    parts = urlsplit(address)
    if parts.scheme in ("http", "https"):
        return f"{parts.scheme}://{parts.netloc}"
    return _SERVERS.get(parts.scheme)


def transfer(address: str, part: PartialFile, report: Report, patience: Patience) -> bool:
    """Fetch `address` into `part`, resuming an earlier attempt; the bytes are not yet verified.

    True if the bytes are from more than one response. Raises TransferError with the cause.
    """
    if address.startswith("gdrive:"):
        from ednag.sources.drive import fetch_from_drive

        return fetch_from_drive(address.removeprefix("gdrive:"), part, report, patience)
    from ednag.sources.http import fetch, resolve_doi

    if address.startswith("doi:"):
        address = resolve_doi(address, patience)
    return fetch(address, part, report, patience)
