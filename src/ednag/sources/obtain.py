"""From a registry entry to verified bytes: search the places in their order."""

import contextlib
import logging
import os
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

from filelock import Timeout

from ednag.errors import EdnagError
from ednag.files import hold
from ednag.sources.lock import load_lock, lock_in, lock_path
from ednag.sources.places import (
    cache_folder,
    cached_path,
    folder_fault,
    in_mirrors,
    in_package,
    is_file,
    mirror_folders,
    place,
    sync_file,
    sync_folder,
)
from ednag.sources.registry import Source, own_file_changed
from ednag.sources.stamps import write_stamp
from ednag.sources.transfer import (
    PartialFile,
    Patience,
    Report,
    TransferError,
    server_of,
    transfer,
)
from ednag.sources.verification import (
    Digests,
    Expected,
    NotAsRecordedError,
    WrongContentError,
    expected_size,
    verify,
)

log = logging.getLogger(__name__)

#: How to get the files of a package as they are in the pinned version.
_REINSTALL = "pip install --force-reinstall --no-deps --constraint envs/requirements.lock"
#: The path of a file with the bytes of a source, and its checksums.
VerifiedFile = tuple[Path, Digests]


class NotObtainedError(EdnagError):
    """No place has the file of a source."""


@dataclass(frozen=True)
class Surroundings:
    """The places to search for files.

    `mirrors` are searched before any download, which `cache` keeps. `lock` is the lock file of
    `ednag.sources.lock`. If `offline`, no address is asked. `silent` servers gave no answer and are
    not asked again.
    """

    cache: Path
    mirrors: tuple[Path, ...]
    lock: Path
    offline: bool = False
    patience: Patience = field(default_factory=Patience)
    silent: set[str] = field(default_factory=set, compare=False)

    @classmethod
    def of_user(
        cls,
        mirrors: Sequence[Path] | None = None,
        cache: Path | None = None,
        offline: bool = False,
        lock: Path | None = None,
    ) -> "Surroundings":
        """The arguments, completed from the environment; warns of mirrors that are not readable."""
        folders = mirror_folders(mirrors)
        for answer in _unsearchable(folders):
            log.warning("%s", answer)
        return cls(cache_folder(cache), folders, lock or lock_path(), offline)

    def locked(self, source: Source) -> Expected | None:
        """The entry of `source` in the lock file; None with a published sha256."""
        return None if source.sha256 else load_lock(self.lock).get(source.id)


def obtain(
    source: Source, around: Surroundings | None = None, report: Report | None = None
) -> Path:
    """The path of verified bytes of `source`; see `find`. `around` defaults to the user's."""
    return find(source, around or Surroundings.of_user(), report)[0]


def deliver(
    source: Source, destination: Path, around: Surroundings, report: Report | None = None
) -> None:
    """Put verified bytes of `source` at `destination`, in one step; see `find`.

    A destination with these bytes is left as it is. A write-protected file of the cache is linked;
    any other file is copied, and the copy is verified.
    """
    locked = around.locked(source)
    if destination.is_file() and (source.has_checksum or locked):
        with contextlib.suppress(WrongContentError):
            verify(destination, source, locked)
            return
    path, measured = find(source, around, report)
    protected = not path.stat().st_mode & 0o222
    share = protected and path == cached_path(source, around.cache)
    place(path, destination, share=share, sha256=measured.sha256)


def fetch_all(
    sources: Sequence[Source],
    around: Surroundings,
    named: Callable[[str], Report],
    jobs: int = 4,
) -> list[Path]:
    """As `fetch_each`, the paths alone: failures are raised as one EdnagError, after the others."""
    answers = fetch_each(sources, around, named, jobs)
    failures = [str(each) for each in answers if isinstance(each, EdnagError)]
    if failures:
        raise EdnagError("\nednag: ".join(failures))
    return [each for each in answers if isinstance(each, Path)]


def fetch_each(
    sources: Sequence[Source],
    around: Surroundings,
    named: Callable[[str], Report],
    jobs: int = 4,
) -> list[Path | EdnagError]:
    """Obtain each of `sources`, `jobs` at a time; in the same order their paths, or errors.

    `named` gives the report for an id. An interruption stops all downloads and keeps the bytes
    received so far. A NotObtainedError is of the source, any other of this machine.
    """
    stop = threading.Event()

    def obtain_one(source: Source) -> Path | EdnagError:
        report = named(source.id)

        def report_unless_stopped(received: int, total: int | None) -> None:
            if stop.is_set():
                raise KeyboardInterrupt
            report(received, total)

        try:
            return obtain(source, around, report_unless_stopped)
        except EdnagError as error:
            return error

    with ThreadPoolExecutor(jobs) as pool:
        try:
            return list(pool.map(obtain_one, sources))
        except KeyboardInterrupt:
            stop.set()
            pool.shutdown(cancel_futures=True)
            raise


def find(source: Source, around: Surroundings, report: Report | None = None) -> VerifiedFile:
    """Verified bytes of `source` and their checksums; `report` follows a download.

    Searches the cache, the mirrors, installed packages and, unless offline, the addresses, in this
    order. A download is kept in the cache. Raises NotObtainedError if no place has the file; the
    message holds the answer of each place and the path to put the file by hand.
    """
    search = _SourceSearch(source, around, report or (lambda received, total: None))
    for look in (search.cached, search.mirrored, search.packaged, search.fetched):
        if (file := look()) is not None:
            return file
    raise NotObtainedError(search.failure())


class _SourceSearch:
    """One search for one source; `answers` holds a message of each place without the file."""

    def __init__(self, source: Source, around: Surroundings, report: Report) -> None:
        self.source = source
        self.around = around
        self.report = report
        self.answers: list[str] = []
        self.home = cached_path(source, around.cache)

    def cached(self) -> VerifiedFile | None:
        """The file in the cache; a file with wrong bytes is renamed.

        Bytes that only the lock file refuses stay, so that the user can accept them.
        """
        try:
            return self._accepted(self.home) if self.home.is_file() else None
        except FileNotFoundError:  # renamed by another process
            return None
        except OSError as error:
            self._note(f"cache {self.around.cache} cannot be read ({error.strerror}); passed over")
            return None
        except WrongContentError as error:
            shared = not os.access(self.home.parent, os.W_OK)  # somebody else's cache
            if shared or isinstance(error, NotAsRecordedError):
                self._note(f"{error}; passed over")
                return None
        with self._alone():
            return self._cached_or_set_aside()

    def _cached_or_set_aside(self) -> VerifiedFile | None:
        """As `cached`, while this process holds the lock of the source."""
        if not is_file(self.home):
            return None
        try:
            return self._accepted(self.home)
        except NotAsRecordedError:
            return None
        except WrongContentError as error:
            aside = self.home.with_name(f"{self.home.name}.wrong")
            self.home.replace(aside)
            self._note(f"{error}; set aside as {aside.name}")
        return None

    def mirrored(self) -> VerifiedFile | None:
        """The first file in a mirror with the right name and content."""
        self.answers += _unsearchable(self.around.mirrors)
        for path in in_mirrors(self.source, self.around.mirrors):
            try:
                return self._accepted(path)
            except WrongContentError as error:
                self._note(f"{error}; passed over")
            except OSError as error:
                self._note(f"{path} cannot be read ({error.strerror}); passed over")
        return None

    def packaged(self) -> VerifiedFile | None:
        """The file in an installed package."""
        for address in self.source.addresses:
            if address.startswith("package:"):
                try:
                    return self._accepted(in_package(address))
                except WrongContentError as error:
                    package = address.removeprefix("package:").partition("/")[0]
                    self._note(f"{error}; {_REINSTALL} {package}")
                except EdnagError as error:
                    self._note(str(error))
        return None

    def fetched(self) -> VerifiedFile | None:
        """The file from the first address that serves the right bytes."""
        remote = self.source.remote
        if self.around.offline or not remote:
            if remote:
                self.answers.append("offline: its addresses were not asked")
            return None
        with self._alone():
            # Another process may have fetched it while this one waited.
            if (file := self._cached_or_set_aside()) is not None:
                return file
            for address in remote:
                server = str(server_of(address))
                if server in self.around.silent:
                    self.answers.append(f"{address}: not asked, as {server} gave no answer")
                    continue
                try:
                    return self._from(address)
                except TransferError as error:
                    if error.unanswered:
                        self.around.silent.add(server)
                    self._note(f"{address}: {error}")
        return None

    def _from(self, address: str, *, again: bool = False) -> VerifiedFile:
        """The file from `address`; if it was resumed and is wrong, it is fetched once more."""
        part = self._part()
        log.info("%s: fetching %s", self.source.id, address)
        resumed = transfer(address, part, self.report, self.around.patience)
        try:
            return self._kept(part)
        except WrongContentError as error:
            part.discard()
            if again or not resumed:
                raise TransferError(_without_path(error, part.path)) from error
        return self._from(address, again=True)

    def _part(self) -> PartialFile:
        self.home.parent.mkdir(parents=True, exist_ok=True)
        locked = self.around.locked(self.source)
        by_lock = locked is not None and self.source.size is None
        return PartialFile(
            path=self.home.with_name(f"{self.home.name}.part"),
            size=expected_size(self.source, locked),
            largest_size=self.source.largest_size,
            file=self.source.file,
            # A part of a checksum is enough to notice that two transfers do not fit together.
            has_checksum=self.source.checksum is not None or locked is not None,
            refusal=f" {locked.refusal(self.source)}" if locked and by_lock else "",
        )

    def _kept(self, part: PartialFile) -> VerifiedFile:
        """Verify a complete download, then give it its name."""
        sync_file(part.path)
        measured = verify(part.path, self.source, self.around.locked(self.source))
        self._lock(measured)
        part.path.chmod(0o444)
        part.path.replace(self.home)
        part.discard()
        sync_folder(self.home.parent)
        write_stamp(self.source, self.around.cache, self.home, measured.sha256)
        return self.home, measured

    def _accepted(self, path: Path) -> VerifiedFile:
        measured = verify(path, self.source, self.around.locked(self.source))
        self._lock(measured)
        write_stamp(self.source, self.around.cache, path, measured.sha256)
        return path, measured

    def _lock(self, measured: Digests) -> None:
        """Record a file without a published sha256; warn if it has no whole checksum."""
        try:
            new = lock_in(self.around.lock, self.source, measured, self.around.cache)
        except OSError as error:
            log.warning("%s: %s not recorded: %s", self.source.id, self.around.lock, error)
            return
        if new and not self.source.has_checksum:
            log.warning(
                "%s: %s; it has the shape of its kind (%s); sha256 %s trusted and recorded in %s: "
                "commit it",
                self.source.id,
                self.source.only_part or "nobody publishes a checksum",
                self.source.shape,
                measured.sha256,
                self.around.lock.name,
            )

    @contextlib.contextmanager
    def _alone(self) -> Iterator[None]:
        """Hold the lock of this source, which all processes with this cache share."""
        guard = self.around.cache / self.source.id / ".guard"
        try:
            self.home.parent.mkdir(parents=True, exist_ok=True)
            held = hold(guard, timeout=0.2)
        except Timeout:
            log.warning("%s: another process is fetching it; waiting", self.source.id)
            held = hold(guard)
        except OSError as error:
            raise EdnagError(
                f"{self.source.id} must be fetched and the cache {self.around.cache} cannot be "
                f"written ({error.strerror}); name another folder with EDNAG_CACHE"
            ) from error
        with held:
            yield

    def _note(self, answer: str) -> None:
        log.warning("%s: %s", self.source.id, answer)
        self.answers.append(answer)

    def failure(self) -> str:
        """The message when no place has the file: the answers and the next step."""
        source = self.source
        size = f", {source.size:,} bytes" if source.size is not None else ""
        name = f"{source.id} ({source.file}{size})"
        if source.status == "unpublished":
            stand_in = f"; in its place: {source.stand_in}" if source.stand_in else ""
            head = f"{name} is published nowhere{stand_in}"
        else:
            head = f"{name} could not be obtained"
        answers = "".join(f"; {answer}" for answer in self.answers)
        if source.folder is not None:
            return own_file_changed(source)
        return (
            f"{head}{answers}; place the file by hand as {self.home} or name a folder that holds "
            "it in EDNAG_MIRROR, then run again: it is verified and used"
        )


def _unsearchable(mirrors: Sequence[Path]) -> list[str]:
    """One message for each mirror that cannot be searched."""
    faults = ((mirror, folder_fault(mirror)) for mirror in mirrors)
    return [
        f"mirror {mirror} cannot be searched ({why}); passed over" for mirror, why in faults if why
    ]


def _without_path(error: WrongContentError, path: Path) -> str:
    """The message about a downloaded file as one about its address."""
    message = str(error).removeprefix(f"{path} ")
    if message.startswith("has "):
        return message.replace("has ", "sends a file with ", 1)
    return f"sends a file that {message}"
