"""From a registry entry to verified bytes: the places in their order, and what each answered."""

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
from ednag.sources.registry import Source
from ednag.sources.stamps import write_stamp
from ednag.sources.tail import Tail
from ednag.sources.transfer import Part, Patience, Report, TransferError, transfer
from ednag.sources.verification import (
    Digests,
    Expected,
    NotAsRecordedError,
    WrongContentError,
    expected_size,
    verify,
)

log = logging.getLogger(__name__)

#: A path and what was measured of the bytes there, which are those of the source.
Found = tuple[Path, Digests]


@dataclass(frozen=True)
class Surroundings:
    """Where to look for files and how: all that `obtain` depends on besides the source.

    `lock` is the lock file of `ednag.sources.lock`.
    """

    cache: Path
    mirrors: tuple[Path, ...]
    lock: Path
    offline: bool = False
    patience: Patience = field(default_factory=Patience)

    @classmethod
    def of_user(
        cls,
        mirrors: Sequence[Path] | None = None,
        cache: Path | None = None,
        offline: bool = False,
        lock: Path | None = None,
    ) -> "Surroundings":
        """What the arguments say and, where they say nothing, the environment variables.

        Mirrors that cannot be searched are named in a warning.
        """
        folders = mirror_folders(mirrors)
        for answer in _unsearchable(folders):
            log.warning("%s", answer)
        return cls(cache_folder(cache), folders, lock or lock_path(), offline)

    def locked(self, source: Source) -> Expected | None:
        """What the lock file holds of `source`."""
        return None if source.sha256 else load_lock(self.lock).get(source.id)


def obtain(
    source: Source,
    *,
    mirrors: Sequence[Path] | None = None,
    cache: Path | None = None,
    offline: bool = False,
    around: Surroundings | None = None,
    report: Report | None = None,
) -> Path:
    """The path of verified bytes of `source`.

    Looked for in the cache, then in `mirrors` (default: `$EDNAG_MIRROR`), then in an installed
    package, then at its addresses in their order unless `offline`. What comes over the network is
    kept in `cache` (default: `$EDNAG_CACHE`, else the user's cache folder). `around` says all of
    this at once; `report` follows a download.

    Raises EdnagError that says what each place answered and where to put the file by hand.
    """
    around = around or Surroundings.of_user(mirrors, cache, offline)
    return find(source, around, report)[0]


def deliver(
    source: Source,
    destination: Path,
    *,
    mirrors: Sequence[Path] | None = None,
    cache: Path | None = None,
    offline: bool = False,
    around: Surroundings | None = None,
    report: Report | None = None,
) -> None:
    """Put verified bytes of `source` at `destination`, in one step; arguments as in `obtain`.

    A destination that holds them already is left alone. A write-protected file of the cache is
    linked, any other is cloned or copied, and the copy verified. Raises EdnagError as `obtain`.
    """
    around = around or Surroundings.of_user(mirrors, cache, offline)
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
    """Obtain all `sources`, `jobs` at a time; their paths in the same order.

    `named` gives the report for an id. One failure does not stop the others; afterwards all
    failures are raised as one EdnagError. An interruption stops all, and what came is kept.
    """
    stop = threading.Event()

    def obtain_one(source: Source) -> Path | EdnagError:
        report = named(source.id)

        def report_unless_stopped(received: int, total: int | None) -> None:
            if stop.is_set():
                raise KeyboardInterrupt
            report(received, total)

        try:
            return obtain(source, around=around, report=report_unless_stopped)
        except EdnagError as error:
            return error

    with ThreadPoolExecutor(jobs) as pool:
        try:
            found = list(pool.map(obtain_one, sources))
        except KeyboardInterrupt:
            stop.set()
            pool.shutdown(cancel_futures=True)
            raise
    failures = [str(each) for each in found if isinstance(each, EdnagError)]
    if failures:
        raise EdnagError("\nednag: ".join(failures))
    return [each for each in found if isinstance(each, Path)]


def find(source: Source, around: Surroundings, report: Report | None = None) -> Found:
    """Verified bytes of `source` and their digests; see `obtain`."""
    search = _Search(source, around, report or (lambda received, total: None))
    for place_to_look in (search.cached, search.mirrored, search.packaged, search.fetched):
        if (found := place_to_look()) is not None:
            return found
    raise EdnagError(search.failure())


class _Search:
    """One search for one source; `answers` collects what the places said that had nothing."""

    def __init__(self, source: Source, around: Surroundings, report: Report) -> None:
        self.source = source
        self.around = around
        self.report = report
        self.answers: list[str] = []
        self.home = cached_path(source, around.cache)

    def cached(self) -> Found | None:
        """What the cache holds; wrong bytes there lose the name.

        Bytes that only the lock file refuses stay, so that the user can accept them.
        """
        try:
            return self._accepted(self.home) if self.home.is_file() else None
        except FileNotFoundError:  # another process has just set it aside
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

    def _cached_or_set_aside(self) -> Found | None:
        """As `cached`, for the only process that may rename files of this source."""
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

    def mirrored(self) -> Found | None:
        """The first file of the right name in a mirror whose content is right too."""
        self.answers += _unsearchable(self.around.mirrors)
        for path in in_mirrors(self.source, self.around.mirrors):
            try:
                return self._accepted(path)
            except WrongContentError as error:
                self._note(f"{error}; passed over")
            except OSError as error:
                self._note(f"{path} cannot be read ({error.strerror}); passed over")
        return None

    def packaged(self) -> Found | None:
        """What an installed package ships."""
        for address in self.source.addresses:
            if address.startswith("package:"):
                try:
                    return self._accepted(in_package(address))
                except EdnagError as error:
                    self._note(str(error))
        return None

    def fetched(self) -> Found | None:
        """What the first address yields that yields the right bytes."""
        remote = [each for each in self.source.addresses if not each.startswith("package:")]
        if self.around.offline or not remote:
            if remote:
                self.answers.append("offline: its addresses were not asked")
            return None
        with self._alone():
            # Another process may have fetched it while this one waited.
            if (found := self._cached_or_set_aside()) is not None:
                return found
            for address in remote:
                try:
                    return self._from(address)
                except TransferError as error:
                    self._note(f"{address}: {error}")
        return None

    def _from(self, address: str, *, again: bool = False) -> Found:
        """What `address` yields; put together from pieces that do not fit, it is fetched again."""
        part = self._part()
        log.info("%s: fetching %s", self.source.id, address)
        with Tail(part.path, self.source, part.size) as tail:
            pieced = transfer(address, part, self.report, self.around.patience)
            try:
                return self._kept(part, tail)
            except WrongContentError as error:
                part.discard()
                if again or not pieced:
                    raise TransferError(_without_path(error, part.path)) from error
        return self._from(address, again=True)

    def _part(self) -> Part:
        self.home.parent.mkdir(parents=True, exist_ok=True)
        locked = self.around.locked(self.source)
        by_lock = locked is not None and self.source.size is None
        return Part(
            path=self.home.with_name(f"{self.home.name}.part"),
            size=expected_size(self.source, locked),
            file=self.source.file,
            judged=self.source.has_checksum or locked is not None,
            refusal=f" {locked.refusal(self.source)}" if locked and by_lock else "",
        )

    def _kept(self, part: Part, tail: Tail) -> Found:
        """Verify a complete download, and only then give it its name."""
        sync_file(part.path)  # first: `tail` catches up in the meantime
        measured = verify(part.path, self.source, self.around.locked(self.source), tail.digests)
        self._lock(measured)
        part.path.chmod(0o444)
        part.path.replace(self.home)
        part.discard()
        sync_folder(self.home.parent)
        write_stamp(self.source, self.around.cache, self.home, measured.sha256)
        return self.home, measured

    def _accepted(self, path: Path) -> Found:
        measured = verify(path, self.source, self.around.locked(self.source))
        self._lock(measured)
        write_stamp(self.source, self.around.cache, path, measured.sha256)
        return path, measured

    def _lock(self, measured: Digests) -> None:
        """Record what has no published sha256; say so where nothing else vouches for it."""
        try:
            new = lock_in(self.around.lock, self.source, measured, cache=self.around.cache)
        except OSError as error:
            log.warning("%s: %s not recorded: %s", self.source.id, self.around.lock, error)
            return
        if new and not self.source.has_checksum:
            log.warning(
                "%s: nobody publishes a checksum; it has the shape of its kind (%s); sha256 %s "
                "trusted and recorded in %s: commit it",
                self.source.id,
                self.source.shape,
                measured.sha256,
                self.around.lock.name,
            )

    @contextlib.contextmanager
    def _alone(self) -> Iterator[None]:
        """Only one process of all that share the cache works on this source."""
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
        """What happened and the next step, once no place had the file."""
        source = self.source
        size = f", {source.size:,} bytes" if source.size is not None else ""
        what = f"{source.id} ({source.file}{size})"
        if source.status == "unpublished":
            stand_in = f"; in its place: {source.stand_in}" if source.stand_in else ""
            head = f"{what} is published nowhere{stand_in}"
        else:
            head = f"{what} could not be obtained"
        said = "".join(f"; {answer}" for answer in self.answers)
        return (
            f"{head}{said}; place the file by hand as {self.home} or name a folder that holds it "
            "in EDNAG_MIRROR, then run again: it is verified and used"
        )


def _unsearchable(mirrors: Sequence[Path]) -> list[str]:
    """One message for each mirror that cannot be searched."""
    faults = ((mirror, folder_fault(mirror)) for mirror in mirrors)
    return [
        f"mirror {mirror} cannot be searched ({why}); passed over" for mirror, why in faults if why
    ]


def _without_path(error: WrongContentError, path: Path) -> str:
    """The message on a downloaded file as one on its address."""
    said = str(error).removeprefix(f"{path} ")
    if said.startswith("has "):
        return said.replace("has ", "sends a file with ", 1)
    return f"sends a file that {said}"
