"""All records of a tree of results, and the graph of files and jobs that they spell."""

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from ednag.provenance.records import STORE, BrokenRecordError, File, Record, read_record


@dataclass(frozen=True)
class BrokenRecord:
    """A file of the store that is no intact record.

    Attributes:
        path: Relative to the folder of the results.
        fault: What is wrong, in words.
        outputs: What it claims to have made, as far as it can still be read.
    """

    path: str
    fault: str
    outputs: tuple[str, ...]


@dataclass(frozen=True)
class Reach:
    """What some files rest on.

    Attributes:
        files: Names of these files, of what their jobs read, and of all that those jobs wrote.
        records: The jobs, each after those whose outputs it read.
        circular: Jobs that read what was made of their own outputs.
    """

    files: frozenset[str]
    records: tuple[Record, ...]
    circular: tuple[Record, ...]


@dataclass(frozen=True)
class Store:
    """The records of a tree of results, sorted by path."""

    records: tuple[Record, ...]
    broken: tuple[BrokenRecord, ...] = ()

    @cached_property
    def claims(self) -> dict[str, list[Record]]:
        """Output -> the records that say their job wrote it; more than one is a fault."""
        found: dict[str, list[Record]] = {}
        for record in self.records:
            for output in record.outputs:
                found.setdefault(output.path, []).append(record)
        return found

    @cached_property
    def contents(self) -> dict[str, str]:
        """sha256 -> the first output that is recorded with it."""
        found: dict[str, str] = {}
        for record in self.records:
            for output in record.outputs:
                found.setdefault(output.sha256, output.path)
        return found

    def maker(self, name: str) -> Record | None:
        """The record of the job that wrote `name`; the first where several claim it."""
        claims = self.claims.get(name)
        return claims[0] if claims else None

    def written(self, name: str) -> File | None:
        """`name` as its maker left it."""
        maker = self.maker(name)
        if maker is None:
            return None
        return next(output for output in maker.outputs if output.path == name)

    @cached_property
    def _above(self) -> dict[str, frozenset[str]]:
        """Record -> all files that its job rests on."""
        found: dict[str, frozenset[str]] = {}
        for record in self.reach(self.claims).records:
            names = {file.path for file in record.inputs}
            for maker in self._makers(sorted(names)):
                names |= found.get(maker.path, frozenset())
            found[record.path] = frozenset(names)
        return found

    def rests_on(self, name: str) -> frozenset[str]:
        """All files that `name` was made of, step by step, and itself."""
        maker = self.maker(name)
        return frozenset([name]) | (self._above[maker.path] if maker else frozenset())

    def reach(self, targets: Iterable[str]) -> Reach:
        """What the files `targets` rest on, down to the files that no job made."""
        files = set(targets)
        ordered: dict[str, Record] = {}
        circular: dict[str, Record] = {}
        open_now: set[str] = set()
        # Depth first without recursion: a record is entered, then its makers, then it is left.
        waiting = [(record, False) for record in self._makers(sorted(files, reverse=True))]
        while waiting:
            record, leaving = waiting.pop()
            if leaving:
                open_now.discard(record.path)
                ordered[record.path] = record
            elif record.path in open_now:
                circular[record.path] = record
            elif record.path not in ordered:
                open_now.add(record.path)
                names = [file.path for file in record.inputs]
                files.update(names, (file.path for file in record.outputs))
                waiting.append((record, True))
                waiting += [(maker, False) for maker in self._makers(reversed(names))]
        return Reach(frozenset(files), tuple(ordered.values()), tuple(circular.values()))

    def _makers(self, names: Iterable[str]) -> Iterator[Record]:
        for name in names:
            maker = self.maker(name)
            if maker is not None:
                yield maker


def read_store(root: Path) -> Store:
    """Every record under `root`/results/provenance; unreadable ones are listed as broken."""
    records, broken = [], []
    for path in sorted((root / STORE).rglob("*.json")):
        if path.name.startswith("."):
            continue
        name = path.relative_to(root).as_posix()
        try:
            records.append(read_record(path, name))
        except BrokenRecordError as error:
            broken.append(BrokenRecord(name, str(error), _claimed_outputs(path)))
    return Store(tuple(records), tuple(broken))


def _claimed_outputs(path: Path) -> tuple[str, ...]:
    """The outputs that a broken record names; none where it is no JSON any more."""
    try:
        entries = json.loads(path.read_bytes())["outputs"]
        return tuple(sorted(str(entry["path"]) for entry in entries))
    except (ValueError, KeyError, TypeError):
        return ()
