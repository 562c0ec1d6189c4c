"""Verification of files: checksums, sizes, and web pages served instead of a file."""

import hashlib
import os
import re
from dataclasses import dataclass, field
from pathlib import Path

from ednag.errors import EdnagError
from ednag.sources.registry import Source
from ednag.sources.shape import misshapen

#: Bytes read at a time.
BLOCK = 1 << 20
#: Bytes of a body that are checked for a web page.
HEAD = 2048
#: First bytes of a git-lfs pointer, which a clone without git-lfs has instead of a file.
#: Source: git-lfs specification, section "The Pointer".
_POINTER = b"version https://git-lfs.github.com/spec/"


class WrongContentError(EdnagError):
    """A file has the wrong content."""


class NotAsRecordedError(WrongContentError):
    """A file without a published sha256 differs from the one in the lock file."""


@dataclass(frozen=True)
class Expected:
    """Size in bytes and sha256 of a file that has no published sha256, from the file `lock`."""

    size: int
    sha256: str
    lock: Path = field(default=Path("sources.lock"), compare=False)

    def refusal(self, source: Source) -> str:
        """The end of a message that refuses other bytes: the lock file, and how to accept them."""
        folder = Path.cwd()
        lock = self.lock.relative_to(folder) if self.lock.is_relative_to(folder) else self.lock
        return (
            f"as recorded in {lock} at its first use; if the new file is right: "
            f"ednag sources lock --accept {source.id}"
        )


@dataclass(frozen=True)
class Digests:
    """Size in bytes and checksums, in lower-case hexadecimal, of a file; None: not published."""

    size: int
    sha256: str
    md5: str | None = None
    git_blob_sha1: str | None = None


def digest(path: Path, source: Source | None = None) -> Digests:
    """The sha256 of the file at `path` and the other published checksums of `source`."""
    with path.open("rb") as stream:
        size = os.fstat(stream.fileno()).st_size
        hashes = {"sha256": hashlib.sha256()}
        if source is not None and (source.md5 or source.md5_suffix):
            hashes["md5"] = hashlib.md5(usedforsecurity=False)
        if source is not None and source.git_blob_sha1:
            # The name of a blob: Pro Git, section "Git Objects".
            hashes["git_blob_sha1"] = hashlib.sha1(b"blob %d\0" % size, usedforsecurity=False)
        while block := stream.read(BLOCK):
            for each in hashes.values():
                each.update(block)
    return Digests(size, **{name: each.hexdigest() for name, each in hashes.items()})


def verify(
    path: Path, source: Source, locked: Expected | None = None, measured: Digests | None = None
) -> Digests:
    """The checksums of the file at `path`, if it is `source`.

    Without a whole checksum or an entry in the lock file, the file must have the source's shape.
    `locked` is the entry of `source` in the lock file; `measured` the checksums, where known.
    Raises WrongContentError, or NotAsRecordedError if the file differs from `locked` only.
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
    locked = None if source.sha256 else locked
    unknown = not source.has_checksum and not locked
    if unknown and (fault := misshapen(path, source.shape, source.least_size or 0)):
        raise WrongContentError(f"{path} {fault}")
    if locked and size != locked.size:
        raise NotAsRecordedError(
            f"{path} has {size:,} bytes, not {locked.size:,} {locked.refusal(source)}"
        )
    measured = measured or digest(path, source)
    beginning = measured.sha256[: len(source.sha256_prefix or "")]
    for name, actual, published in (  # the strongest first
        ("sha256", measured.sha256, source.sha256),
        ("git blob sha1", measured.git_blob_sha1, source.git_blob_sha1),
        ("md5", measured.md5, source.md5),
        ("a sha256 beginning with", beginning, source.sha256_prefix),
        ("an md5 ending in", measured.md5 and measured.md5[-6:], source.md5_suffix),
    ):
        if published is not None and actual != published:
            raise WrongContentError(f"{path} has {name} {actual}, expected {published}")
    if locked and measured.sha256 != locked.sha256:
        raise NotAsRecordedError(
            f"{path} has sha256 {measured.sha256}, not {locked.sha256} {locked.refusal(source)}"
        )
    return measured


def expected_size(source: Source, locked: Expected | None = None) -> int | None:
    """Size in bytes that the file must have; None if not known."""
    return source.size if source.size is not None or locked is None else locked.size


# A document opens with its doctype or an element of its head; comments, white space and an XML
# declaration may precede it (HTML Living Standard, "Writing HTML documents").
_PREAMBLE = r"(?:\s|<!--.*?-->|<\?xml[^>]*\?>)*"
_PAGE = re.compile(
    _PREAMBLE + r"<(?:!doctype\s+html|html|head|body|title|meta|script)[\s>/]", re.I | re.S
)
_TITLE = re.compile(r"<title[^>]*>(.*?)</title", re.I | re.S)

#: Text of a page -> why it was served instead of the file. The first match counts.
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
    """Whether `head` begins an HTML page and `file` has no name of one."""
    if file.lower().endswith((".html", ".htm", ".xhtml")):
        return False
    return _PAGE.match(page_text(head[:HEAD])) is not None


def mistaken_for(head: bytes, file: str = "") -> str | None:
    """The web page or git-lfs pointer that `head` begins, in words; None if it is neither."""
    if looks_like_page(head, file):
        return explain_page(head)
    if head.startswith(_POINTER):
        return "a git-lfs pointer instead of the file (run: git lfs pull, or fetch it)"
    return None


def explain_page(body: bytes) -> str:
    """Why the HTML page `body` was served instead of a file, in words."""
    text = page_text(body)
    for pattern, meaning in _MEANINGS:
        if re.search(pattern, text, re.I):
            return f"a web page instead of the file ({meaning})"
    title = _TITLE.search(text)
    name = " ".join(title.group(1).split())[:80] if title else ""
    return "a web page instead of the file" + (f" (titled '{name}')" if name else "")


def checksum_line(sha256: str, name: str) -> str:
    """One line that `sha256sum -c` accepts, whatever the name (GNU coreutils manual, `md5sum`)."""
    name = "./-" if name == "-" else name  # "-" is standard input
    escaped = name.replace("\\", "\\\\").replace("\n", "\\n").replace("\r", "\\r")
    return f"{'' if escaped == name else chr(92)}{sha256}  {escaped}\n"
