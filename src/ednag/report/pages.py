"""The pages of the report and the folder that holds them. No page asks a server for anything."""

import itertools
import posixpath
import re
import shutil
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markdown_it import MarkdownIt
from markupsafe import Markup

from ednag.errors import EdnagError
from ednag.evidence.reading import read_frame
from ednag.files import report_written
from ednag.report import material
from ednag.report.explorer import explored
from ednag.report.interactive import as_text, chart_of
from ednag.sources.places import beside

#: The pages that every page links to.
_VERDICTS = "verdicts.html"
PAGES = (
    ("index.html", "Study"),
    (_VERDICTS, "Verdicts"),
    ("findings.html", "Findings"),
    ("tables.html", "Tables"),
    ("figures.html", "Figures"),
    ("sources.html", "Audit and sources"),
    ("environment.html", "Environment"),
)
#: One template for each page; page.html is the frame of all pages, grid.html has the macros.
_TEMPLATES = Path(__file__).with_name("templates")
_ASSETS = ("style.css", "script.js", "vega.js", "vega.LICENSE")
#: What the search finds: [title, address, kind] of each page and claim.
_ENTRIES = "entries.js"
#: Assets that reports of earlier versions do not have.
_NEW_ASSETS = {"vega.js", "vega.LICENSE", _ENTRIES}


@dataclass(frozen=True)
class FinishedStudy:
    """The files that a report is made of. Paths are relative to `root`.

    Attributes:
        root: The folder that holds `results` and `figures`.
        folder: The folder of the report.
        title: Title of the study.
        facts: What was run, as (name, value).
        tables: CSV files of tables; each has a Markdown file beside it.
        figures: CSV files of figures; each has a PNG and a PDF file beside it.
        verdicts: verdicts.json; verdicts.md is beside it. "" where no claim is about the study.
        findings: findings.md.
        audit: audit.json; audit.md is beside it.
        chains: Pages of chains, each named after the tables that it shows.
        pinned: Package -> version in the lock; empty without a lock.
    """

    root: Path
    folder: str
    title: str
    facts: Sequence[tuple[str, str]]
    tables: Sequence[str]
    figures: Sequence[str]
    verdicts: str
    findings: str
    audit: str
    chains: Sequence[str]
    pinned: Mapping[str, str]

    def link(self, path: str, suffix: str = "") -> str:
        """The address of a file, or of the file beside it with `suffix`, from a page."""
        named = str(Path(path).with_suffix(suffix)) if suffix else path
        return posixpath.relpath(named, self.folder)

    def exists(self, path: str) -> bool:
        """Whether a file of the study exists."""
        return (self.root / path).is_file()


def write_report(study: FinishedStudy) -> tuple[int, list[Path]]:
    """Write the report's folder, whole or not at all, in place of the folder before.

    Returns:
        The number of pages, and the tables and run files that were read.

    Raises:
        EdnagError: A file of the study is missing or invalid, or the folder holds other files than
            an earlier report.
    """
    folder = study.root / study.folder
    _refuse_other_files(folder)
    writer = _PageWriter(study)
    pages = dict(writer.pages())
    assets = {name: (_TEMPLATES / name).read_text(encoding="utf-8") for name in _ASSETS}
    assets[_ENTRIES] = f"window.entries = {as_text(writer.entries())};"
    folder.parent.mkdir(parents=True, exist_ok=True)
    with beside(folder) as whole:
        whole.mkdir()
        for name, text in {**pages, **assets}.items():
            (whole / name).write_bytes(f"{text.strip()}\n".encode())
        shutil.rmtree(folder, ignore_errors=True)
        whole.replace(folder)
    for name in (*pages, *assets):
        report_written(folder / name)
    return len(pages), writer.read


def _refuse_other_files(folder: Path) -> None:
    """Raise EdnagError if a folder holds anything that no report has."""
    if folder.is_symlink():
        raise EdnagError(f"{folder}: is a link to {folder.readlink()}; name another folder")
    known = {*_ASSETS, _ENTRIES, *(name for name, _ in PAGES)}
    # Snakemake notes in a folder that it made when this was.
    entries = sorted(folder.iterdir()) if folder.is_dir() else []
    entries = [path for path in entries if path.name != ".snakemake_timestamp"]
    others = [
        path.name
        for path in entries
        if not (path.name in known or re.fullmatch(r"(table|figures)-.*\.html", path.name))
        or path.is_symlink()
        or not path.is_file()
    ]
    # A folder of other files may hold one that is called like a page.
    required = known - {_VERDICTS, *_NEW_ASSETS}
    missing = sorted(required - {path.name for path in entries}) if entries else []
    if others or missing:
        named = ", ".join(others[:3]) + (" and others" if others[3:] else "")
        fault = f"would lose {named}" if others else f"has no {missing[0]}"
        raise EdnagError(f"{folder}: is no earlier report ({fault}); name a new folder")


def _group_file(group: str) -> str:
    """The page of a group of figures."""
    return f"figures-{re.sub('[^a-z0-9]+', '-', group.lower())}.html"


class _PageWriter:
    """Fills the templates from the study's files."""

    def __init__(self, study: FinishedStudy) -> None:
        self._study = study
        self._templates = Environment(
            loader=FileSystemLoader(_TEMPLATES), autoescape=True, undefined=StrictUndefined
        )
        pages = [page for page in PAGES if study.verdicts or page[0] != _VERDICTS]
        self._templates.globals.update(
            link=study.link, exists=study.exists, pages=pages, chart_of=self._chart
        )
        self._templates.globals["study"] = study.title
        self._audit = material.read_object(study.root, study.audit)
        self._verdicts = material.read_object(study.root, study.verdicts) if study.verdicts else {}
        self._environment = material.read_environment(study.root, study.pinned)
        self._tables = [
            material.read_table(study.root, each, study.chains) for each in study.tables
        ]
        #: Tables and run files that were read.
        self.read: list[Path] = []
        self._papers = list(material.regenerated(study.root, study.tables))
        self._figures = [material.exhibit_of(path) for path in study.figures]

    def pages(self) -> Iterator[tuple[str, str]]:
        """(file, text) of each page."""
        yield "index.html", self._first_page()
        if self._verdicts:
            yield _VERDICTS, self._claims()
        yield "findings.html", self._findings()
        yield "tables.html", self._fill("tables.html", kinds=material.tables_by_title(self._tables))
        for table in self._tables:
            yield f"table-{table.exhibit.stem}.html", self._table(table)
        yield from self._figure_pages()
        yield "sources.html", self._sources()
        yield "environment.html", self._packages()

    def _fill(self, template: str, **values: Any) -> str:
        return self._templates.get_template(template).render(values)

    def entries(self) -> list[list[str]]:
        """What the search finds: title, address and kind."""
        tables = [
            [each.exhibit.title, f"table-{each.exhibit.stem}.html", "table"]
            for each in self._tables
        ]
        groups = [
            [f"{figure.title} ({group})", _group_file(group), "figure"]
            for group, figures in material.figures_by_group(self._figures).items()
            for figure in figures
        ]
        claims = [
            [
                f"{each['statement']} ({each['id']})",
                f"{_VERDICTS}#q={each['id']}",
                each["verdict"],
            ]
            for each in self._verdicts.get("claims", ())
        ]
        return [*tables, *groups, *claims]

    def _chart(self, figure: material.Exhibit) -> Markup:
        return Markup(chart_of(self._study.root, figure))

    def _first_page(self) -> str:
        """The first finding, the papers' tables, verdicts, the audit, figures, what was run."""
        opening = self._text_of_findings().partition("\n## ")[0].strip().split("\n\n")
        return self._fill(
            "index.html",
            introduction=self._as_html(opening[0]),
            asked=self._as_html("".join(opening[1:][-1:])),
            audit=self._audit,
            papers=self._papers,
            kinds=self._verdicts.get("kinds", ()),
            facts=self._study.facts,
            figures=material.key_figures(self._figures),
        )

    def _claims(self) -> str:
        """Every claim with its verdict, sortable: the tested ones, then the others."""
        verdicts = self._verdicts
        names = list(dict.fromkeys(name for each in verdicts["kinds"] for name in each["tested"]))
        by_table: dict[str, dict[str, int]] = {}
        for claim in verdicts["claims"]:
            counts = by_table.setdefault(material.table_of(claim), dict.fromkeys(names, 0))
            if claim["verdict"] in counts:
                counts[claim["verdict"]] += 1
        claims = sorted(verdicts["claims"], key=material.table_of)
        return self._fill(
            _VERDICTS,
            seeds=verdicts["seeds"],
            counts=verdicts["counts"],
            kinds=verdicts["kinds"],
            names=names,
            by_table={table: by_table[table] for table in sorted(by_table)},
            file=self._study.verdicts,
            tested=[self._claim(claim) for claim in claims if claim["verdict"] in names],
            others=[self._claim(claim) for claim in claims if claim["verdict"] not in names],
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
            claim["kind"],
            material.table_of(claim),
            claim["statement"],
            number(claim["printed"]),
            number(claim["ours"]),
            interval,
            claim["why"],
            runs if claim["rests_on"] else "–",
            claim["id"],
            claim["rule"],
        ]

    def _findings(self) -> str:
        """The page of findings."""
        return self._fill("findings.html", text=self._as_html(self._text_of_findings()))

    def _text_of_findings(self) -> str:
        """The page of findings without its title."""
        text = material.read_text(self._study.root, self._study.findings)
        return re.sub(r"\A# [^\n]*\n", "", text)

    def _as_html(self, text: str) -> Markup:
        """A part of the page of findings as HTML, with links that lead somewhere from a report."""
        body = MarkdownIt("js-default").render(text)
        body = body.replace('href="verdicts.md"', f'href="{_VERDICTS}"')
        body = re.sub(r'href="(?!\w+:|#|verdicts\.html)([^"]+)"', self._from_results, body)
        number = itertools.count(1)
        wide = '<div class="wide" tabindex="0" role="region" aria-label="Table {}"><table>'
        body = re.sub("<table>", lambda _: wide.format(next(number)), body)
        return Markup(body.replace("</table>", "</table></div>"))

    def _from_results(self, match: re.Match[str]) -> str:
        """A link of findings.md, relative to its folder, as a link of the report."""
        place = posixpath.dirname(self._study.findings)
        return f'href="{self._study.link(posixpath.join(place, match[1]))}"'

    def _table(self, table: material.Table) -> str:
        head, rows = list(table.head), [list(map(_with_strong, row)) for row in table.rows]
        if table.chains:
            head.append("Chain")
            page, stem = self._study.link(table.chains), table.exhibit.stem
            for number, row in enumerate(rows):
                row.append(Markup('<a href="{}#{}-{}">chain</a>').format(page, stem, number))
        return self._fill("table.html", table=table, exhibit=table.exhibit, head=head, rows=rows)

    def _figure_pages(self) -> Iterator[tuple[str, str]]:
        """The list of groups of figures, and a page for each group."""
        groups = [
            (_group_file(group), group, figures)
            for group, figures in material.figures_by_group(self._figures).items()
        ]
        yield "figures.html", self._fill("figures.html", groups=groups)
        for file, group, figures in groups:
            chart = self._explored(figures)
            yield file, self._fill("group.html", group=group, figures=figures, chart=chart)

    def _explored(self, figures: Sequence[material.Exhibit]) -> Markup:
        """The chart of the architectures of the figures' dataset; empty for other figures."""
        drawn = [each for each in figures if each.artefact.name == "outcomes"]
        if not drawn:
            return Markup("")
        outcomes = read_frame(self._study.root / drawn[0].path)
        lowest = outcomes.groupby("method")["seed"].min()
        seeds = {str(method): int(seed) for method, seed in lowest.items()}
        place = (drawn[0].wildcards["space"], drawn[0].wildcards["dataset"])
        found = explored(self._study.root, *place, seeds, self._study.link)
        if found is None:
            return Markup("")
        self.read.extend(found[0])
        return Markup(as_text(found[1]))

    def _sources(self) -> str:
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
            "sources.html",
            audit=self._audit,
            file=self._study.audit,
            chains=[(page, Path(page).stem) for page in self._study.chains],
            rows=rows,
        )

    def _packages(self) -> str:
        """Packages beside the lock, machines, commits, notes of the audit."""
        jobs = self._environment
        rows = [
            [
                name,
                ", ".join(jobs.packages.get(name, ())),
                jobs.locked.get(name, ""),
                "differs" if jobs.differs(name) else "",
            ]
            for name in sorted({*jobs.packages, *jobs.locked})
        ]
        facts = [(name, ", ".join(values)) for name, values in jobs.machines.items()]
        return self._fill(
            "environment.html",
            facts=[*facts, ("commit", ", ".join(jobs.commits))],
            notes=self._audit["notes"],
            differing=sum(row[3] == "differs" for row in rows),
            rows=rows,
        )


def _with_strong(cell: str) -> str:
    """A cell whose beginning is bold in Markdown, in bold."""
    if not cell.startswith("**"):
        return cell
    bold, _, rest = cell[2:].partition("**")
    return Markup("<strong>{}</strong>{}").format(bold, rest)
