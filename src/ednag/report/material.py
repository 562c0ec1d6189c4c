"""What the report shows, read from the files of a study."""

import csv
import json
import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from packaging.utils import canonicalize_name

from ednag.errors import EdnagError
from ednag.provenance.store import read_store
from ednag.tables import get_definition

#: Kinds of a table by its file name, in the order of the report; `{}` stands for what it is about.
KINDS = (
    ("published-{}", "Printed beside regenerated"),
    ("{}-equal-budget", "At equal budgets"),
    ("{}-comparison", "The first method against each other"),
    ("authors-sets-{}", "The authors' seeds, as a set"),
    ("authors-seeds-{}", "The authors' seeds, one by one"),
    ("ranker-search-{}", "NAR: searches by the ranker"),
    ("ranker-tiers-{}", "NAR: tiers of unseen cells"),
    ("ranker-{}", "NAR: ranking of unseen cells"),
    ("nar-records-{}", "NAR: published records beside ours"),
    ("cells-{}", "NAR: cells there are"),
    ("predictor-{}", "The meta-predictor on unseen tasks"),
    ("coreset-{}", "The meta-predictor: coreset beside random images"),
    ("top-k-{}", "The best by prediction, trained"),
    ("sources-{}", "Files that tell of the same table"),
    ("{}", "Each method at its own end"),
)
_PATTERNS = tuple(
    (re.compile(re.escape(form).replace(r"\{\}", "(.+)")), title) for form, title in KINDS
)
_NUMBER = re.compile(r"\[?[+-]?\d[\d,]*(\.\d+)?(e[+-]?\d+)?", re.IGNORECASE)


@dataclass(frozen=True)
class Table:
    """A table as people read it.

    Attributes:
        path: Its CSV, relative to the folder of the results, as all paths here.
        kind: What tables of its kind show.
        subject: What it is about.
        head: Titles of the columns.
        rows: Cells, each as long as `head`.
        note: Sentences that belong to it.
        chains: The page on which its rows stand with their chains; "" without one.
    """

    path: str
    kind: str
    subject: str
    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    note: str
    chains: str

    @property
    def stem(self) -> str:
        """File name without suffix."""
        return Path(self.path).stem

    @property
    def numeric(self) -> list[int]:
        """Indices of the columns that hold numbers, alone or followed by an interval."""
        return [
            index
            for index, column in enumerate(zip(*self.rows, strict=True))
            if any(_NUMBER.match(cell) for cell in column)
            and all(not cell or cell in "-–" or _NUMBER.match(cell) for cell in column)
        ]


@dataclass(frozen=True)
class Figure:
    """A figure: its CSV, its search space (`all` for figures over all of them), its title."""

    path: str
    group: str
    title: str


@dataclass(frozen=True)
class Environment:
    """The environment of a study's jobs, read from their records.

    Attributes:
        packages: Name -> versions that jobs imported, sorted.
        locked: Name -> version in the lock.
        machines: `python`, `platform`, `cpu`, `gpu` -> values of all jobs, sorted.
        commits: Commits of the code, sorted; " with changes" follows where files were edited.
    """

    packages: Mapping[str, tuple[str, ...]]
    locked: Mapping[str, str]
    machines: Mapping[str, tuple[str, ...]]
    commits: tuple[str, ...]

    def differs(self, name: str) -> bool:
        """Whether a job imported a version of a package that is not the one of the lock."""
        pin = self.locked.get(name)
        return pin is not None and self.packages.get(name, (pin,)) != (pin,)


def read_text(root: Path, path: str) -> str:
    """The text of a file; raises EdnagError if it cannot be read."""
    try:
        return (root / path).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise EdnagError(f"{path} cannot be read ({error}); run the workflow again") from None


def read_object(root: Path, path: str) -> dict[str, Any]:
    """The JSON object in a file; raises EdnagError if the file holds none."""
    try:
        content = json.loads(read_text(root, path))
    except ValueError as error:
        raise EdnagError(f"{path}: not valid JSON ({error}); run the workflow again") from None
    if not isinstance(content, dict):
        raise EdnagError(f"{path}: no JSON object; run the workflow again")
    return content


def read_table(root: Path, path: str, chained: Mapping[str, str]) -> Table:
    """The table of a CSV, as the Markdown file beside it shows it.

    Args:
        root: Folder of the results.
        path: Its CSV.
        chained: CSV -> the page that shows its chains.

    Raises:
        EdnagError: A file is not there.
    """
    lines = read_text(root, str(Path(path).with_suffix(".md").as_posix())).splitlines()
    grid = [_cells(line) for line in lines if line.startswith("|")]
    note = " ".join(line for line in lines if line and not line.startswith("|"))
    if len(grid) < 2 or any(len(row) != len(grid[0]) for row in grid):
        # A cell with a stroke in it, as cells of NAS-Bench-201 have: read the CSV instead.
        grid = list(map(tuple, csv.reader(read_text(root, path).splitlines())))
        grid[1:1] = [()]
    kind, subject = kind_of(Path(path).stem)
    head, rows = grid[0], tuple(row for row in grid[2:] if row)
    return Table(path, kind, subject, head, rows, note, chained.get(path, ""))


def _cells(line: str) -> tuple[str, ...]:
    return tuple(cell.strip() for cell in line.strip().strip("|").split("|"))


def kind_of(stem: str) -> tuple[str, str]:
    """(kind, subject) of a table by its file name."""
    for pattern, title in _PATTERNS:
        match = pattern.fullmatch(stem)
        if match:
            return title, match[1]
    raise AssertionError(stem)  # the last pattern takes everything


def figure_of(path: str) -> Figure:
    """The figure of a CSV, by its place: figures/{space}/{dataset}/{protocol}/{figure}.csv."""
    parts = Path(path).with_suffix("").parts[1:]
    if len(parts) == 1:
        return Figure(path, "all", parts[0].replace("-", " "))
    space, *places, name = parts
    if places:
        with suppress(EdnagError):  # a dataset that only rankers use
            places[0] = get_definition(space, places[0]).title
    return Figure(path, space, ", ".join([*places, name.replace("-", " ")]))


def read_environment(root: Path, pinned: Mapping[str, str]) -> Environment:
    """Packages and machines in the records of a study; `pinned` are the versions of the lock."""
    packages: dict[str, set[str]] = defaultdict(set)
    machines: dict[str, set[str]] = defaultdict(set)
    commits = set()
    for record in read_store(root).records:
        for name, version in record.packages.items():
            packages[canonicalize_name(name)].add(version)
        for name, value in record.machine.items():
            machines[name].add(value or "none")
        commits.add(record.commit)
    return Environment(
        {name: tuple(sorted(packages[name])) for name in sorted(packages)},
        {canonicalize_name(name): version for name, version in pinned.items()},
        {name: tuple(sorted(machines[name])) for name in sorted(machines)},
        tuple(sorted(commits)),
    )


def in_order(tables: Iterable[Table]) -> list[tuple[str, list[Table]]]:
    """Tables by kind, kinds in the order of KINDS."""
    by_kind: dict[str, list[Table]] = {title: [] for _, title in KINDS}
    for table in tables:
        by_kind[table.kind].append(table)
    return [(title, group) for title, group in by_kind.items() if group]


def key_figures(figures: Sequence[Figure]) -> list[Figure]:
    """The figures of the first page: ranks over datasets, curves of one dataset, the method."""
    patterns = (
        r"figures/ranks-[^/]+\.csv",
        r".*/anytime\.csv",
        r".*/denoising\.csv",
        r"figures/illustration\.csv",
    )
    matches = ([one for one in figures if re.fullmatch(each, one.path)] for each in patterns)
    return [some[0] for some in matches if some]
