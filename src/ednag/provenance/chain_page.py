"""A page on which every cell of a table leads to its chain: what it was made of, job by job."""

import csv
import html
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from ednag.errors import EdnagError
from ednag.provenance.setting import Setting
from ednag.provenance.stages import source_of
from ednag.provenance.store import Store, read_store
from ednag.provenance.trace import Step, steps_of_row

_STYLE = """
body { font: 15px/1.45 system-ui, sans-serif; margin: 1.5rem; color: #1a1a1a; }
table { border-collapse: collapse; font-size: 13px; margin: .5rem 0 2rem; display: block;
        overflow-x: auto; }
th, td { padding: .2rem .6rem; border-bottom: 1px solid #ddd; text-align: right;
         white-space: nowrap; }
th { position: sticky; top: 0; background: #fff; }
td.name, th.name { text-align: left; }
td a { color: inherit; text-decoration: underline dotted #999; }
section.chain { border-left: 3px solid #ddd; padding-left: 1rem; margin: 1.5rem 0; }
section.chain:target { border-color: #0072b2; }
tr:target { outline: 2px solid #0072b2; }
code { font-size: 12px; word-break: break-all; }
dt { font-weight: 600; margin-top: .6rem; } dd { margin: 0 0 0 1rem; }
"""


@dataclass
class _Page:
    """Chains that cells of the page lead to, each once."""

    store: Store
    setting: Setting
    chains: dict[tuple[Step, ...], str] = field(default_factory=dict)
    titles: dict[str, str] = field(default_factory=dict)

    def anchor(self, table: str, row: Mapping[str, str]) -> str:
        """The anchor of a row's chain."""
        steps = steps_of_row(self.store, table, row)
        if steps not in self.chains:
            self.chains[steps] = f"chain-{len(self.chains) + 1}"
            named = dict.fromkeys(row[name] for name in _naming(row) if row[name])
            self.titles[self.chains[steps]] = " ".join(named)
        return self.chains[steps]


def chain_page(setting: Setting, tables: Sequence[Path], title: str) -> str:
    """The page (HTML without any request to elsewhere) of some tables of evidence.

    Hashes are those of the records; whether the files still have them, `ednag audit` says.

    Args:
        setting: The tree of results.
        tables: CSV files that recorded jobs made.
        title: Title of the page.

    Raises:
        EdnagError: A table has no record.
    """
    page = _Page(read_store(setting.root), setting)
    body = [part for table in tables for part in _table(page, table)]
    for steps, anchor in page.chains.items():
        body += _chain(page, steps, anchor)
    return "\n".join(
        [
            "<!DOCTYPE html>",
            '<html lang="en"><head><meta charset="utf-8">',
            '<meta name="viewport" content="width=device-width, initial-scale=1">',
            f"<title>{html.escape(title)}</title><style>{_STYLE}</style></head><body>",
            f"<h1>{html.escape(title)}</h1>",
            "<p>Every number leads to its chain: the jobs that made it, the last one first, down "
            "to its sources. Hashes are those of the jobs' records; <code>ednag audit</code> says "
            "whether the files still have them.</p>",
            *body,
            "</body></html>\n",
        ]
    )


def _naming(row: Mapping[str, str]) -> list[str]:
    """Columns that say what a row is about."""
    known = ("dataset", "protocol", "method", "against")
    return [name for name in known if name in row]


def _table(page: _Page, path: Path) -> Iterator[str]:
    """One table; every number is a link."""
    name = page.setting.name(path)
    if page.store.maker(name) is None:
        raise EdnagError(f"{name}: no record tells how it was made; see: ednag audit {name}")
    with path.open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))
    yield f"<h2>{html.escape(name)}</h2>"
    if not rows:
        yield "<p>No rows.</p>"
        return
    words = {column for column in rows[0] if any(_number(row[column]) is None for row in rows)}
    head = "".join(
        f"<th{_class(column in words)}>{html.escape(column.replace('_', ' '))}</th>"
        for column in rows[0]
    )
    yield f"<table><thead><tr>{head}</tr></thead><tbody>"
    for number, row in enumerate(rows):
        anchor = page.anchor(name, row)
        cells = (
            f"<td{_class(column in words)}>{_linked(value, anchor)}</td>"
            for column, value in row.items()
        )
        yield f'<tr id="{html.escape(path.stem)}-{number}">{"".join(cells)}</tr>'
    yield "</tbody></table>"


def _class(is_word: bool) -> str:
    return ' class="name"' if is_word else ""


def _number(cell: str) -> float | None:
    """A cell's number; NaN for an empty cell, None for words."""
    try:
        return float(cell or "nan")
    except ValueError:
        return None


def _linked(cell: str, anchor: str) -> str:
    """A number as a link, rounded; its whole value where the pointer rests."""
    number = _number(cell)
    if number is None:
        return html.escape(cell)
    shown = f"{number:.6g}" if cell else "–"
    return f'<a href="#{anchor}" title="{html.escape(cell)}">{shown}</a>'


def _chain(page: _Page, steps: Sequence[Step], anchor: str) -> Iterator[str]:
    """A chain: each job with what it made, and where its sources come from."""
    yield f'<section class="chain" id="{anchor}"><h3>{html.escape(page.titles[anchor])}</h3><dl>'
    for step in steps:
        yield f"<dt>{html.escape(step.stage)}</dt>"
        for file in step.made:
            yield f"<dd><code>{html.escape(file.path)}</code><br>"
            yield f"<code>sha256 {file.sha256}, {file.size} bytes</code>"
            yield from _source(page, file.path)
            yield "</dd>"
        yield f"<dd>made by <code>{html.escape(step.command)}</code></dd>"
    yield "</dl></section>"


def _source(page: _Page, name: str) -> Iterator[str]:
    """Addresses of a source file, if it is one."""
    source = source_of(name)
    entry = page.setting.registry.get(source[0]) if source else None
    for address in entry.addresses if entry else ():
        yield f"<br><code>{html.escape(address)}</code>"
