"""The content of the report, read from the files of a study."""

import json
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path
from typing import Any

from docutils.core import publish_parts
from jinja2 import Template
from markupsafe import Markup
from packaging.utils import canonicalize_name

from ednag.errors import EdnagError
from ednag.evidence.paper_layout import Layout, layout_of
from ednag.evidence.reading import read_frame, read_readable
from ednag.provenance.store import read_store
from ednag.study.artefacts import (
    ARTEFACTS,
    SPACE_TABLES,
    Artefact,
    Kind,
    artefact_named,
    find_artefact,
    record_path,
)
from ednag.tables import get_definition

#: Figures of the first page: the first of each of these artefacts.
_KEY_FIGURES = ("anytime", "ranks")
_PRINTED = re.compile(r"published/([\w-]+)\.csv")
_NUMBER = re.compile(r"\[?[+-]?\d[\d,]*(\.\d+)?(e[+-]?\d+)?", re.IGNORECASE)


@dataclass(frozen=True)
class Exhibit:
    """A table or figure.

    Attributes:
        path: Its CSV, relative to the folder of the results, as all paths here.
        artefact: Its declaration.
        wildcards: Wildcard of the declaration -> value.
    """

    path: str
    artefact: Artefact
    wildcards: Mapping[str, str]

    @property
    def subject(self) -> str:
        """The values of its wildcards; of a dataset, its title."""
        values = dict(self.wildcards)
        with suppress(EdnagError, KeyError):  # a dataset without a benchmark table
            values["dataset"] = get_definition(values["space"], values["dataset"]).title
        return ", ".join(values.values())

    @property
    def stem(self) -> str:
        """File name without suffix."""
        return Path(self.path).stem

    @property
    def title(self) -> str:
        """Its title with its subject."""
        return ": ".join(filter(None, (self.artefact.title, self.subject)))

    @property
    def group(self) -> str:
        """The group in which it is shown."""
        return self.artefact.group.format(**self.wildcards)

    @property
    def record(self) -> str:
        """Path of the record of its job."""
        return record_path(self.artefact.job, **self.wildcards)

    @cached_property
    def caption(self) -> Markup:
        """Its caption as HTML."""
        text = self.artefact.caption_file().read_text(encoding="utf-8")
        source = Template(text).render(snakemake={"wildcards": self.wildcards})
        return _as_html(source)


@cache
def _as_html(text: str) -> Markup:
    """A caption in reStructuredText as HTML; figures of many data sets share one."""
    settings = {"file_insertion_enabled": False, "raw_enabled": False, "report_level": 5}
    parts = publish_parts(text, writer="html5", settings_overrides=settings)
    return Markup(parts["body"])


@dataclass(frozen=True)
class Table:
    """A table as it is shown.

    Attributes:
        exhibit: Its path and declaration.
        head: Titles of the columns.
        rows: Cells, each as long as `head`.
        note: Sentences under the table.
        chains: The page with the chains of its rows; "" without one.
    """

    exhibit: Exhibit
    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    note: str
    chains: str

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


def is_exhibit(path: str) -> bool:
    """Whether a path is declared as the CSV of a table or figure."""
    declared = find_artefact(path)
    return declared is not None and declared[0].kind in (Kind.TABLE, Kind.FIGURE)


def exhibit_of(path: str) -> Exhibit:
    """The table or figure of a CSV; raises EdnagError if none is declared with this path."""
    declared = find_artefact(path)
    if declared is None or not is_exhibit(path):
        raise EdnagError(f"{path}: not declared as a table or figure of a study")
    return Exhibit(path, *declared)


def read_table(root: Path, path: str, chains: Sequence[str]) -> Table:
    """A table as the Markdown file beside its CSV shows it.

    Args:
        root: Folder of the results.
        path: Its CSV.
        chains: Pages with chains of rows.

    Raises:
        EdnagError: A file is missing.
    """
    exhibit = exhibit_of(path)
    _, _, note = read_text(root, str(Path(path).with_suffix(".md"))).partition("\n\n")
    columns = read_readable(root / path, exhibit.artefact.name)
    rows = tuple(zip(*columns.values(), strict=True))
    page = artefact_named("chains").path(**exhibit.wildcards)
    is_chained = exhibit.artefact in SPACE_TABLES and page in chains
    return Table(exhibit, tuple(columns), rows, note.strip(), page if is_chained else "")


def regenerated(root: Path, tables: Sequence[str]) -> Iterator[tuple[Exhibit, Layout]]:
    """The papers' tables in which any number is ours, with their layout."""
    for exhibit in map(exhibit_of, tables):
        if exhibit.artefact.name == "published":
            frame = read_frame(root / exhibit.path)
            if frame["ours"].notna().any():
                yield exhibit, layout_of(frame)


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


def table_of(claim: Mapping[str, Any]) -> str:
    """The printed table that a claim is about, else where it is stated."""
    source = str(claim.get("source", ""))
    printed = _PRINTED.search(source)
    return printed[1] if printed else source.partition(";")[0]


def tables_by_title(tables: Iterable[Table]) -> list[tuple[str, list[Table]]]:
    """Tables by the title of their artefact, in the order of declaration."""
    by_title: dict[str, list[Table]] = {artefact.title: [] for artefact in ARTEFACTS}
    for table in tables:
        by_title[table.exhibit.artefact.title].append(table)
    return [(title, some) for title, some in by_title.items() if some]


def figures_by_group(figures: Iterable[Exhibit]) -> dict[str, list[Exhibit]]:
    """Figures by group, sorted by name."""
    groups: dict[str, list[Exhibit]] = {}
    for figure in figures:
        groups.setdefault(figure.group, []).append(figure)
    return {group: groups[group] for group in sorted(groups)}


def key_figures(figures: Iterable[Exhibit]) -> list[Exhibit]:
    """The figures of the first page."""
    first: dict[str, Exhibit] = {}
    for figure in figures:
        first.setdefault(figure.artefact.name, figure)
    return [first[name] for name in _KEY_FIGURES if name in first]
