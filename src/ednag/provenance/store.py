"""All records of a tree of results, as a graph of files and jobs."""

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

from ednag.errors import EdnagError
from ednag.provenance.records import STORE, BrokenRecordError, File, Record, read_record


@dataclass(frozen=True)
class BrokenRecord:
    """A file of the store that is not an intact record."""

    path: str  # relative to the folder of the results
    fault: str  # one sentence
    outputs: tuple[str, ...]  # that it names, as far as it can be read


@dataclass(frozen=True)
class Reach:
    """The files and jobs that some files depend on."""

    files: frozenset[str]  # these files, and all inputs and outputs of the jobs
    records: tuple[Record, ...]  # each comes after the jobs that made its inputs
    circular: tuple[Record, ...]  # jobs that read a file made from their own outputs


@dataclass(frozen=True)
class Store:
    """The records of a tree of results, sorted by path."""

    records: tuple[Record, ...]
    broken: tuple[BrokenRecord, ...] = ()
    later: frozenset[str] = frozenset()  # files of jobs that were left out: see `before`

    @cached_property
    def claims(self) -> dict[str, list[Record]]:
        """Output -> the records that name it; more than one is a fault."""
        claims: dict[str, list[Record]] = {}
        for record in self.records:
            for output in record.outputs:
                claims.setdefault(output.path, []).append(record)
        return claims

    @cached_property
    def contents(self) -> dict[str, str]:
        """sha256 -> the first output with these bytes."""
        outputs = [output for record in self.records for output in record.outputs]
        return {output.sha256: output.path for output in reversed(outputs)}

    def maker(self, name: str) -> Record | None:
        """The record of the job that wrote `name`; the first one if several name it."""
        claims = self.claims.get(name)
        return claims[0] if claims else None

    def written(self, name: str) -> File | None:
        """`name` as its job wrote it."""
        maker = self.maker(name)
        outputs = maker.outputs if maker else ()
        return next((output for output in outputs if output.path == name), None)

    @cached_property
    def _ancestors(self) -> dict[str, frozenset[str]]:
        """Record -> all files that its job depends on."""
        ancestors: dict[str, frozenset[str]] = {}
        for record in self.reach(self.claims).records:
            names = {file.path for file in record.inputs}
            for maker in self._makers(sorted(names)):
                names |= ancestors.get(maker.path, frozenset())
            ancestors[record.path] = frozenset(names)
        return ancestors

    def rests_on(self, name: str) -> frozenset[str]:
        """All files that `name` depends on, itself included."""
        maker = self.maker(name)
        return frozenset([name]) | (self._ancestors[maker.path] if maker else frozenset())

    def before(self, names: Iterable[str]) -> "Store":
        """The store without the jobs that make `names` or a file that depends on them."""
        names = frozenset(names)
        outputs = {
            record.path: [file.path for file in record.outputs]
            for record in self.records
            if any(not self.rests_on(file.path).isdisjoint(names) for file in record.outputs)
        }
        return replace(
            self,
            records=tuple(record for record in self.records if record.path not in outputs),
            later=names.union(*outputs.values()),
        )

    def reach(self, targets: Iterable[str]) -> Reach:
        """The files and jobs that `targets` depend on, down to files that no job made."""
        files = set(targets)
        finished: dict[str, Record] = {}
        circular: dict[str, Record] = {}
        unfinished: set[str] = set()
        # Depth first without recursion: a record is entered, then its makers, then it is left.
        stack = [(record, False) for record in self._makers(sorted(files, reverse=True))]
        while stack:
            record, leaving = stack.pop()
            if leaving:
                unfinished.discard(record.path)
                finished[record.path] = record
            elif record.path in unfinished:
                circular[record.path] = record
            elif record.path not in finished:
                unfinished.add(record.path)
                names = [file.path for file in record.inputs]
                files.update(names, (file.path for file in record.outputs))
                stack.append((record, True))
                stack += [(maker, False) for maker in self._makers(reversed(names))]
        return Reach(frozenset(files), tuple(finished.values()), tuple(circular.values()))

    def _makers(self, names: Iterable[str]) -> Iterator[Record]:
        return filter(None, map(self.maker, names))


def read_store(root: Path) -> Store:
    """Read every record in `root`/results/provenance; broken ones are listed apart."""
    records, broken = [], []
    for path in sorted((root / STORE).rglob("*.json")):
        name = path.relative_to(root).as_posix()
        if path.name.startswith(".") or path.is_dir():
            continue
        if not path.is_file():  # a pipe would never end
            broken.append(BrokenRecord(name, f"{name}: not a file", ()))
            continue
        try:
            records.append(read_record(path, name))
        except BrokenRecordError as error:
            broken.append(BrokenRecord(name, str(error), _claimed_outputs(path)))
    return Store(tuple(records), tuple(broken))


def _claimed_outputs(path: Path) -> tuple[str, ...]:
    """The outputs that a broken record names; none if it is not JSON."""
    try:
        entries = json.loads(path.read_bytes())["outputs"]
        return tuple(sorted(str(entry["path"]) for entry in entries))
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return ()


def methods_of(store: Store) -> str:
    """The methods that jobs were given by `ednag --methods`, as this option takes them.

    Raises EdnagError with the record whose command has others.
    """
    definitions: dict[str, dict[str, object]] = {}
    for record in store.records:
        for word in record.command:
            if word.startswith("--methods="):
                try:
                    for name, given in json.loads(word.removeprefix("--methods=")).items():
                        definitions.setdefault(name, {}).update(given)
                except (ValueError, AttributeError, TypeError, RecursionError) as error:
                    raise EdnagError(
                        f"{record.path}: {word[:40]}... is no JSON object of methods ({error}); "
                        "see: ednag audit"
                    ) from None
    return json.dumps(definitions)
