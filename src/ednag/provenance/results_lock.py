"""The lock of results: sha256 and size of every source and output, in a file that a user commits.

It holds no time, no place and no record, so that two runs of one study give the same lock. Held
against it on another machine, an audit tells in which stage a difference begins.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from ednag.errors import EdnagError
from ednag.files import write_text
from ednag.provenance.audit import Audit
from ednag.provenance.stages import plain_name, stage_of, stage_rank

LOCK_NAME = "results.lock"
_LINE = re.compile(r"([0-9a-f]{64})  (\d+)  (.+)")

#: sha256 and size in bytes.
Content = tuple[str, int]


def contents(audit: Audit) -> dict[str, Content]:
    """What the files hold now that the audit's targets rest on; absent files are left out."""
    found = {}
    for name in audit.files:
        measured = audit.evidence.measured[name]
        if measured is not None:
            found[plain_name(name)] = (measured.sha256, measured.size)
    return found


def write_lock(audit: Audit, path: Path) -> int:
    """Write the lock of an audit without faults; the number of files in it.

    Raises:
        EdnagError: The audit has faults: a lock of such a tree would vouch for nothing.
    """
    if audit.faults:
        raise EdnagError(f"no lock written: {audit.verdict}; see: ednag audit")
    found = contents(audit)
    lines = [f"{sha256}  {size}  {name}\n" for name, (sha256, size) in sorted(found.items())]
    write_text(path, "".join(lines))
    return len(lines)


def read_lock(path: Path) -> dict[str, Content]:
    """Name -> content of a lock; raises EdnagError that names the line that is none."""
    found = {}
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
        match = _LINE.fullmatch(line)
        if match is None:
            raise EdnagError(
                f"{path}:{number}: not `sha256  size  path`; restore the file from version control "
                "or write it again: ednag lock"
            )
        found[match[3]] = (match[1], int(match[2]))
    return found


@dataclass(frozen=True)
class Comparison:
    """A tree of results beside a lock; names of files, sorted.

    Attributes:
        identical: In both, with the same bytes.
        differs: In both, with other bytes.
        missing: In the lock alone.
        new: In the tree alone.
        begins: Those of `differs` and `new` all of whose inputs are identical: where it begins.
    """

    identical: tuple[str, ...]
    differs: tuple[str, ...]
    missing: tuple[str, ...]
    new: tuple[str, ...]
    begins: tuple[str, ...]

    @property
    def agrees(self) -> bool:
        """Whether tree and lock are the same."""
        return not (self.differs or self.missing or self.new)

    @property
    def stage(self) -> str:
        """The stage in which the difference begins; "" without one."""
        return min(
            map(stage_of, [*self.differs, *self.missing, *self.new]), key=stage_rank, default=""
        )

    @property
    def verdict(self) -> str:
        """One sentence."""
        if self.agrees:
            return f"all {len(self.identical):,} files are identical to those of the lock"
        return (
            f"{len(self.identical):,} files identical, {len(self.differs):,} differ, "
            f"{len(self.missing):,} missing, {len(self.new):,} new: the difference begins in "
            f"{self.stage}"
        )

    def by_stage(self) -> list[tuple[str, dict[str, int]]]:
        """(stage, how many files are identical, ...) in the order of the flow."""
        counts: dict[str, dict[str, int]] = {}
        for kind in ("identical", "differs", "missing", "new"):
            for name in getattr(self, kind):
                stage = counts.setdefault(stage_of(name), {})
                stage[kind] = stage.get(kind, 0) + 1
        return sorted(counts.items(), key=lambda item: (stage_rank(item[0]), item[0]))


def compare(audit: Audit, locked: Mapping[str, Content], everything: bool) -> Comparison:
    """The files of an audit beside a lock.

    Args:
        audit: Of the tree.
        locked: As `read_lock` gives it.
        everything: Whether the audit was of the whole study: only then is a file missing that the
            lock names and no target rests on.
    """
    here = contents(audit)
    named = {plain_name(name) for name in audit.files}
    missing = [name for name in locked if name not in here and (everything or name in named)]
    differs = [name for name in here if name in locked and locked[name] != here[name]]
    new = [name for name in here if name not in locked]
    return Comparison(
        identical=tuple(sorted(name for name in here if locked.get(name) == here[name])),
        differs=tuple(sorted(differs)),
        missing=tuple(sorted(missing)),
        new=tuple(sorted(new)),
        begins=tuple(_beginnings(audit, [*differs, *new], {*differs, *new, *missing})),
    )


def _beginnings(audit: Audit, names: Sequence[str], other: Iterable[str]) -> list[str]:
    """Those of `names` that were made of nothing that is in `other`."""
    others = set(other)
    found = []
    for name in names:
        maker = audit.evidence.store.maker(name)
        read = {plain_name(file.path) for file in maker.inputs} if maker else set()
        if read.isdisjoint(others):
            found.append(name)
    return sorted(found, key=lambda name: (stage_rank(stage_of(name)), name))
