"""Whether bytes are the ones that were asked for: checksums, sizes, and web pages in disguise."""

import hashlib
import os
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from ednag.errors import EdnagError
from ednag.sources.registry import Source
from ednag.sources.shape import misshapen

#: Bytes read at a time; large enough that hashing, not the system call, sets the pace.
BLOCK = 1 << 20
#: Bytes of a body that are looked at to tell a web page from data.
HEAD = 2048
#: How a git-lfs pointer begins, which a clone without git-lfs leaves in place of a file.
#: Source: git-lfs specification, section "The Pointer".
_POINTER = b"version https://git-lfs.github.com/spec/"


class WrongContentError(EdnagError):
    """A file carries the right name and the wrong bytes."""


class NotAsRecordedError(WrongContentError):
    """A file without a published sha256 is not the one that was first used."""


@dataclass(frozen=True)
class Expected:
    """Size in bytes and sha256 of a file that has no published sha256, from the file `lock`."""

    size: int
    sha256: str
    lock: Path = field(default=Path("sources.lock"), compare=False)

    def refusal(self, source: Source) -> str:
        """The end of a message that refuses other bytes: where these are, how to accept those."""
        here = Path.cwd()
        shown = self.lock.relative_to(here) if self.lock.is_relative_to(here) else self.lock
        return (
            f"as recorded in {shown} at its first use; if the new file is right: "
            f"ednag sources lock --accept {source.id}"
        )


@dataclass(frozen=True)
class Digests:
    """What was measured of a file: size in bytes, checksums in lower-case hexadecimal.

    `md5` and `git_blob_sha1` are None where the source publishes neither: they cost time.
    """

    size: int
    sha256: str
    md5: str | None = None
    git_blob_sha1: str | None = None


class Hasher:
    """The sha256 of a file of `size` bytes, and the other checksums that `source` publishes.

    git names a blob by `sha1("blob <size>\\0" + bytes)` (Pro Git, section "Git Objects").
    """

    def __init__(self, source: Source | None, size: int) -> None:
        #: bytes taken in so far
        self.size = 0
        self._running = {"sha256": hashlib.sha256()}
        if source is not None and (source.md5 or source.md5_suffix):
            self._running["md5"] = hashlib.md5(usedforsecurity=False)
        if source is not None and source.git_blob_sha1:
            head = b"blob %d\0" % size
            self._running["git_blob_sha1"] = hashlib.sha1(head, usedforsecurity=False)

    def update(self, block: bytes) -> None:
        """Take in the next bytes."""
        self.size += len(block)
        for each in self._running.values():
            each.update(block)

    def digests(self) -> Digests:
        """What was measured of the bytes taken in."""
        return Digests(
            self.size, **{name: each.hexdigest() for name, each in self._running.items()}
        )


def digest(path: Path, source: Source | None = None) -> Digests:
    """The sha256 of the file at `path` and the other checksums `source` publishes, in one read."""
    with path.open("rb") as stream:
        hasher = Hasher(source, os.fstat(stream.fileno()).st_size)
        while block := stream.read(BLOCK):
            hasher.update(block)
    return hasher.digests()


def verify(
    path: Path,
    source: Source,
    locked: Expected | None = None,
    measure: Callable[[], Digests] | None = None,
) -> Digests:
    """What was measured of the file at `path`, once everything known of `source` agrees with it.

    Without any checksum, the shape of the file is checked. `locked` is what the lock file holds of
    a source without a published sha256; `measure` gives what `digest` would, where most of the work
    is done already. Raises WrongContentError with the first thing that disagrees,
    NotAsRecordedError where only `locked` does, FileNotFoundError without a file.
    """
    size = path.stat().st_size
    with path.open("rb") as stream:
        head = stream.read(HEAD)
    mistaken = mistaken_for(head, source.file)
    if source.size is not None and size != source.size:
        more = f"; it is {mistaken}" if mistaken else ""
        raise WrongContentError(f"{path} has {size:,} bytes, {source.size:,} are expected{more}")
    if mistaken:
        raise WrongContentError(f"{path} is {mistaken}")
    if not source.has_checksum and (fault := misshapen(path, source.shape, source.least_size or 0)):
        raise WrongContentError(f"{path} {fault}")
    locked = None if source.sha256 else locked
    if locked and size != locked.size:
        raise NotAsRecordedError(
            f"{path} has {size:,} bytes, not {locked.size:,} {locked.refusal(source)}"
        )
    measured = measure() if measure else digest(path, source)
    for name, found, published in _comparisons(source, measured):
        if published is not None and found != published:
            raise WrongContentError(f"{path} has {name} {found}, expected {published}")
    if locked and measured.sha256 != locked.sha256:
        raise NotAsRecordedError(
            f"{path} has sha256 {measured.sha256}, not {locked.sha256} {locked.refusal(source)}"
        )
    return measured


def expected_size(source: Source, locked: Expected | None = None) -> int | None:
    """Bytes the file must have, None where nobody says."""
    return source.size if source.size is not None or locked is None else locked.size


def _comparisons(source: Source, measured: Digests) -> list[tuple[str, str | None, str | None]]:
    """(what is compared, measured, expected) of each checksum, the strongest first."""
    ending = measured.md5[-6:] if measured.md5 else None
    beginning = measured.sha256[: len(source.sha256_prefix or "")]
    return [
        ("sha256", measured.sha256, source.sha256),
        ("git blob sha1", measured.git_blob_sha1, source.git_blob_sha1),
        ("md5", measured.md5, source.md5),
        ("a sha256 beginning with", beginning, source.sha256_prefix),
        ("an md5 ending in", ending, source.md5_suffix),
    ]


# A document opens with its doctype or an element of its head; comments, white space and an XML
# declaration may precede it (HTML Living Standard, "Writing HTML documents").
_PREAMBLE = r"(?:\s|<!--.*?-->|<\?xml[^>]*\?>)*"
_PAGE = re.compile(
    _PREAMBLE + r"<(?:!doctype\s+html|html|head|body|title|meta|script)[\s>/]", re.I | re.S
)
_TITLE = re.compile(r"<title[^>]*>(.*?)</title", re.I | re.S)

#: What a page says -> what it means to somebody who wanted a file. First match counts.
_MEANINGS = (
    (
        r"quota|too many users have (?:viewed|downloaded)|excess(?:ive)? traffic",
        "the download quota of this file is used up for today: try tomorrow or use a mirror",
    ),
    (
        r"virus scan warning|can(?:'|&#39;|&apos;|’|no)t scan this file for viruses",
        "Google Drive asks to confirm a file too large for its virus scan",
    ),
    (r"sign in|accounts\.google\.com|log ?in", "the file is not public: a sign-in is asked for"),
    (r"dropbox", "a Dropbox page: the link is dead, private, or lacks '?dl=1'"),
    (r"github", "a GitHub page: the link shows the file instead of serving it"),
)


def page_text(head: bytes) -> str:
    """The first bytes of a body as text, whatever its encoding."""
    if head[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return head.decode("utf-16", errors="replace")
    return head.decode("utf-8-sig", errors="replace")


def looks_like_page(head: bytes, file: str = "") -> bool:
    """Whether a body that begins with `head` is an HTML page though `file` is not named as one."""
    if file.lower().endswith((".html", ".htm", ".xhtml")):
        return False
    return _PAGE.match(page_text(head[:HEAD])) is not None


def mistaken_for(head: bytes, file: str = "") -> str | None:
    """Which web page or git-lfs pointer begins with `head`, in words; None if it is neither."""
    if looks_like_page(head, file):
        return explain_page(head)
    if head.startswith(_POINTER):
        return "a git-lfs pointer instead of the file (run: git lfs pull, or fetch it)"
    return None


def explain_page(body: bytes) -> str:
    """In words, what the HTML page `body` served instead of a file means."""
    text = page_text(body)
    for pattern, meaning in _MEANINGS:
        if re.search(pattern, text, re.I):
            return f"a web page instead of the file ({meaning})"
    title = _TITLE.search(text)
    named = " ".join(title.group(1).split())[:80] if title else ""
    return (
        f"a web page instead of the file (titled '{named}')"
        if named
        else ("a web page instead of the file")
    )


def checksum_line(sha256: str, name: str) -> str:
    """One line that `sha256sum -c` accepts, whatever the name (GNU coreutils manual, `md5sum`)."""
    if name == "-":
        # Alone it would mean standard input.
        name = "./-"
    escaped = name.replace("\\", "\\\\").replace("\n", "\\n").replace("\r", "\\r")
    return f"{'' if escaped == name else chr(92)}{sha256}  {escaped}\n"
