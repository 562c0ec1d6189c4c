"""The pages of the report, and the folder they stand in."""

import posixpath
import re
import shutil
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import Any

from jinja2 import DictLoader, Environment, StrictUndefined
from markdown_it import MarkdownIt
from markupsafe import Markup

from ednag.report import material
from ednag.report.style import SCRIPT, STYLE
from ednag.report.templates import ALL
from ednag.sources.places import beside

#: The pages that every page links to.
PAGES = (
    ("index.html", "Study"),
    ("verdicts.html", "Verdicts"),
    ("findings.html", "Findings"),
    ("tables.html", "Tables"),
    ("figures.html", "Figures"),
    ("sources.html", "Audit and sources"),
    ("environment.html", "Environment"),
)
_OVER_ALL = "all"


@dataclass(frozen=True)
class Study:
    """A finished study, for its report. Paths are relative to `root`.

    Attributes:
        root: The folder that holds `results` and `figures`.
        folder: The folder of the report.
        facts: What was run, as (name, value).
        tables: CSV files of tables; the Markdown of each stands beside it.
        figures: CSV files of figures; PNG and PDF stand beside each.
        verdicts: verdicts.json; verdicts.md stands beside it.
        findings: findings.md.
        audit: audit.json; audit.md stands beside it.
        chains: Pages of chains, each with CSV files whose rows it shows.
        pinned: Package -> version in the lock; empty without one.
    """

    root: Path
    folder: str
    facts: Sequence[tuple[str, str]]
    tables: Sequence[str]
    figures: Sequence[str]
    verdicts: str
    findings: str
    audit: str
    chains: Sequence[str]
    pinned: Mapping[str, str]

    def link(self, path: str) -> str:
        """The address of a file from a page of the report."""
        return posixpath.relpath(path, self.folder)


def write_report(study: Study) -> int:
    """Write the report's folder, whole or not at all; what stood there is replaced.

    Returns:
        How many pages it has.

    Raises:
        EdnagError: A file is not there or not what it should be.
    """
    pages = dict(_pages(study))
    folder = study.root / study.folder
    folder.parent.mkdir(parents=True, exist_ok=True)
    with beside(folder) as whole:
        whole.mkdir()
        for name, text in {**pages, "style.css": STYLE, "script.js": SCRIPT}.items():
            (whole / name).write_bytes(f"{text.strip()}\n".encode())
        shutil.rmtree(folder, ignore_errors=True)
        whole.replace(folder)
    return len(pages)


def _pages(study: Study) -> Iterator[tuple[str, str]]:
    """(file, text) of each page."""
    writer = _Writer(study)
    yield "index.html", writer.first_page()
    yield "verdicts.html", writer.verdicts()
    yield "findings.html", writer.findings()
    yield from writer.tables()
    yield from writer.figures()
    yield "sources.html", writer.sources()
    yield "environment.html", writer.environment()


class _Writer:
    """Fills the templates from the study's files."""

    def __init__(self, study: Study) -> None:
        self._study = study
        self._templates = Environment(
            loader=DictLoader(ALL), autoescape=True, undefined=StrictUndefined, trim_blocks=False
        )
        self._templates.globals.update(link=study.link, pages=PAGES)
        self._audit = material.read_object(study.root, study.audit)
        self._verdicts = material.read_object(study.root, study.verdicts)
        self._environment = material.read_environment(study.root, study.pinned)
        chained = {
            f"results/evidence/{Path(page).stem}{kind}.csv": page
            for page in study.chains
            for kind in ("", "-equal-budget", "-comparison")
        }
        self._tables = [material.read_table(study.root, path, chained) for path in study.tables]
        self._figures = [material.figure_of(path) for path in study.figures]

    def _fill(self, template: str, title: str, part: str, **values: Any) -> str:
        return self._templates.get_template(template).render(title=title, part=part, **values)

    def first_page(self) -> str:
        """What was run, verdict counts, audit state, key figures."""
        text = material.read_text(self._study.root, self._study.findings)
        said = [line for line in text.splitlines() if line and not line.startswith("#")]
        commits = ", ".join(self._environment.commits)
        return self._fill(
            "index",
            "EDNAG and NAR, regenerated and checked",
            "index.html",
            introduction=re.sub(r"[*_`]", "", said[0]) if said else "",
            audit=self._audit,
            counts=self._verdicts["counts"],
            facts=[*self._study.facts, ("commit", commits)],
            figures=material.key_figures(self._figures),
        )

    def verdicts(self) -> str:
        """Every claim, sortable."""
        head = (
            "Verdict",
            "Claim",
            "Printed",
            "Ours",
            "Interval",
            "Numbers",
            "Runs",
            "Name",
            "Rule",
        )
        rows = [self._claim(claim) for claim in self._verdicts["claims"]]
        return self._fill(
            "verdicts",
            "Verdicts",
            "verdicts.html",
            total=len(rows),
            seeds=self._verdicts["seeds"],
            counts=self._verdicts["counts"],
            page=str(Path(self._study.verdicts).with_suffix(".md").as_posix()),
            data=self._study.verdicts,
            head=head,
            numeric=[name in ("Printed", "Ours", "Interval") for name in head],
            rows=rows,
        )

    def _claim(self, claim: Mapping[str, Any]) -> list[str]:
        def number(value: float | None) -> str:
            return "–" if value is None else f"{value:.6g}"

        low, high = claim["low"], claim["high"]
        interval = "–" if low is None or high is None else f"{number(low)} to {number(high)}"
        runs = Markup("{}: ").format(claim["runs"]) + Markup(", ").join(
            Markup('<a href="{}">{}</a>').format(self._study.link(path), Path(path).name)
            for path in claim["rests_on"]
        )
        return [
            claim["verdict"],
            claim["statement"],
            number(claim["printed"]),
            number(claim["ours"]),
            interval,
            claim["why"],
            runs if claim["rests_on"] else "–",
            claim["id"],
            claim["rule"],
        ]

    def findings(self) -> str:
        """The page of findings."""
        text = material.read_text(self._study.root, self._study.findings)
        body = re.sub(r"\A# .*\n", "", text)
        made = MarkdownIt("js-default").render(body)
        made = made.replace('href="verdicts.md"', 'href="verdicts.html"')
        made = re.sub(r'href="(?!\w+:|#|verdicts\.html)([^"]+)"', self._from_results, made)
        made = made.replace("<table>", '<div class="wide"><table>')
        made = made.replace("</table>", "</table></div>")
        return self._fill("text", "Findings", "findings.html", text=Markup(made))

    def _from_results(self, match: re.Match[str]) -> str:
        """A link of findings.md, which stands in results, from the report."""
        place = posixpath.dirname(self._study.findings)
        return f'href="{self._study.link(posixpath.join(place, match[1]))}"'

    def tables(self) -> Iterator[tuple[str, str]]:
        """The list of tables, and a page of each."""
        kinds = material.in_order(self._tables)
        yield "tables.html", self._fill("tables", "Tables", "tables.html", kinds=kinds)
        for table in self._tables:
            yield f"table-{table.stem}.html", self._table(table)

    def _table(self, table: material.Table) -> str:
        head, rows, numeric = list(table.head), list(map(list, table.rows)), list(table.numeric)
        if table.chains:
            head.append("Chain")
            numeric.append(False)
            page = self._study.link(table.chains)
            for number, row in enumerate(rows):
                row.append(Markup('<a href="{}#{}-{}">chain</a>').format(page, table.stem, number))
        record = f"results/provenance/{table.path.removeprefix('results/')}.json"
        there = (self._study.root / record).is_file()
        return self._fill(
            "table",
            f"{table.kind}: {table.subject}",
            "tables.html",
            table=table,
            record=record if there else "",
            head=head,
            numeric=numeric,
            rows=rows,
        )

    def figures(self) -> Iterator[tuple[str, str]]:
        """The figures over all datasets, and a page for each search space."""
        ordered = sorted(self._figures, key=lambda each: (each.group != _OVER_ALL, each.group))
        groups = [(name, list(some)) for name, some in groupby(ordered, lambda each: each.group)]
        groups = groups or [(_OVER_ALL, [])]
        names = {name: "over all datasets" if name == _OVER_ALL else name for name, _ in groups}
        for number, (group, figures) in enumerate(groups):
            text = self._fill(
                "figures",
                f"Figures: {names[group]}",
                "figures.html",
                groups=groups,
                names=names,
                shown=group,
                pictures=figures,
            )
            yield f"figures-{group}.html", text
            if number == 0:
                yield "figures.html", text

    def sources(self) -> str:
        """The audit, and every source with its checksum."""
        rows = [
            [
                source["id"],
                source["file"],
                f"{source['size']:,}",
                source["sha256"],
                source["vouched_by"],
                ", ".join(source["addresses"]),
            ]
            for source in self._audit["sources"]
        ]
        return self._fill(
            "sources",
            "Audit and sources",
            "sources.html",
            audit=self._audit,
            page=str(Path(self._study.audit).with_suffix(".md").as_posix()),
            chains=[(page, Path(page).stem) for page in self._study.chains],
            head=("Source", "File", "Bytes", "sha256", "Vouched for by", "Addresses"),
            numeric=[False, False, True, False, False, False],
            rows=rows,
        )

    def environment(self) -> str:
        """Packages beside the lock, machines, commits."""
        found = self._environment
        names = sorted({*found.packages, *found.locked})
        rows = [
            [
                name,
                ", ".join(found.packages.get(name, ())),
                found.locked.get(name, ""),
                "differs" if name in found.packages and found.differs(name) else "",
            ]
            for name in names
        ]
        facts = [(name, ", ".join(values)) for name, values in found.machines.items()]
        return self._fill(
            "environment",
            "Environment",
            "environment.html",
            facts=[*facts, ("commit", ", ".join(found.commits))],
            differing=sum(row[3] == "differs" for row in rows),
            head=("Package", "Used", "Lock", "Remark"),
            numeric=[False] * 4,
            rows=rows,
        )
