"""One small interface to everything that is fetched over a network."""

import contextlib
import json
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from ednag.errors import EdnagError
from ednag.files import write_text
from ednag.sources.verification import looks_like_page, mistaken_for

#: Called with the bytes that are there and the bytes there will be (None: nobody says).
Report = Callable[[int, int | None], None]
#: Bytes that must stay free on the disk after a download.
HEADROOM = 64 << 20


class TransferError(Exception):
    """One address did not yield the file; its text is the cause, without the address.

    `passing` tells a cause that may be gone a moment later; `after` holds the seconds the server
    asked to wait.
    """

    def __init__(self, cause: str, *, passing: bool = False, after: float = 0.0) -> None:
        super().__init__(cause)
        self.passing = passing
        self.after = after


@dataclass(frozen=True)
class Patience:
    """How long to go on with one address. All but `attempts` in seconds."""

    attempts: int = 5
    #: before the second attempt; doubles from attempt to attempt
    wait: float = 1.0
    longest_wait: float = 30.0
    connect: float = 15.0
    #: between two pieces of the body
    silence: float = 60.0

    def before(self, attempt: int, asked: float = 0.0) -> float:
        """Seconds to wait before `attempt` (2, 3, ...) of a server that asked for `asked`."""
        return min(max(self.wait * 2 ** (attempt - 2), asked), self.longest_wait)


@dataclass(frozen=True)
class Memo:
    """What was promised about a half-finished download.

    `validator` is the strong ETag or the date that names this version of the remote file, `total`
    its bytes.
    """

    address: str
    validator: str | None
    total: int | None


@dataclass(frozen=True)
class Part:
    """A half-finished download: the bytes at `path` and a memo of what they belong to.

    `judged` says that a published checksum will decide about the whole, so that bytes may be added
    even where the server names no version. The file is only ever appended to; to begin anew is to
    begin another file, which `ednag.sources.tail` relies on.
    """

    path: Path
    size: int | None
    file: str
    judged: bool
    #: end of the message that refuses another size, see `Expected.refusal`
    refusal: str = ""

    @property
    def memo_path(self) -> Path:
        """Where the memo is kept."""
        return self.path.with_name(self.path.name + ".json")

    @property
    def drive_folder(self) -> Path:
        """Where gdown keeps its own half-finished file."""
        return self.path.with_name(self.path.name + ".drive")

    def received(self) -> int:
        """Bytes that are there."""
        return self.path.stat().st_size if self.path.is_file() else 0

    def read_memo(self) -> Memo | None:
        """The memo of an earlier attempt, None if it is absent or unreadable."""
        try:
            return Memo(**json.loads(self.memo_path.read_text(encoding="utf-8")))
        except (OSError, ValueError, TypeError):
            return None

    def write_memo(self, memo: Memo) -> None:
        """Keep `memo` for whoever goes on with this download."""
        write_text(self.memo_path, json.dumps(memo.__dict__, sort_keys=True))

    def discard(self) -> None:
        """Forget the bytes and the memo."""
        self.path.unlink(missing_ok=True)
        self.memo_path.unlink(missing_ok=True)
        shutil.rmtree(self.drive_folder, ignore_errors=True)

    def expect(self, total: int | None) -> None:
        """Refuse a file of the wrong length, or one too large for the disk, before it comes.

        Raises TransferError for the length, EdnagError for the disk (no other address helps).
        """
        if total is None:
            total = self.size
        elif self.size is not None and total != self.size:
            raise TransferError(f"offers {total:,} bytes, {self.size:,} are expected{self.refusal}")
        if total is None:
            return
        missing = total - self.received()
        free = shutil.disk_usage(self.path.parent).free
        if free < missing + HEADROOM:
            raise EdnagError(
                f"{self.file} needs {missing:,} more bytes and {self.path.parent} has {free:,} "
                "free; make room or name another folder with EDNAG_CACHE"
            )

    def refuse_page(self, head: bytes, body: Callable[[], bytes] = bytes) -> None:
        """Raise TransferError if `head` begins a page or a pointer; `body` reads the rest."""
        if looks_like_page(head, self.file):
            with contextlib.suppress(Exception):  # the head alone says enough
                head += body()
        if mistaken := mistaken_for(head, self.file):
            raise TransferError(f"serves {mistaken}")


def transfer(address: str, part: Part, report: Report, patience: Patience) -> bool:
    """Fetch `address` into `part`, going on where an earlier attempt stopped.

    True if the bytes were put together from more than one answer. They are complete afterwards, not
    yet verified. Raises TransferError with the cause.
    """
    if address.startswith("gdrive:"):
        from ednag.sources.drive import fetch_from_drive

        return fetch_from_drive(address.removeprefix("gdrive:"), part, report, patience)
    from ednag.sources.http import fetch, resolve_doi

    if address.startswith("doi:"):
        address = resolve_doi(address, patience)
    return fetch(address, part, report, patience)
