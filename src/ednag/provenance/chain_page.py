"""A page of tables on which every number links to its chain: the jobs and files behind it."""

from collections.abc import Sequence
from functools import cache, partial
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from ednag.errors import EdnagError
from ednag.provenance.setting import Setting
from ednag.provenance.stages import source_of
from ednag.provenance.store import read_store
from ednag.provenance.trace import Step, find_steps, folders_of_row
from ednag.text_files import csv_rows

#: Columns that title a chain.
_NAMING = ("dataset", "protocol", "method", "against")


def chain_page(setting: Setting, tables: Sequence[Path], title: str) -> str:
    """The page of tables (CSV), as HTML that loads no other file.

    Checksums are those of the records; `ednag audit` checks whether the files still have them.
    Raises EdnagError if a table has no record.
    """
    store = read_store(setting.root)
    chains: dict[tuple[Step, ...], tuple[str, str]] = {}
    shown = []
    for path in tables:
        name = setting.name(path)
        if store.maker(name) is None:
            raise EdnagError(f"{name}: no record of the job that made it; see: ednag audit {name}")
        rows = [row for _, row in csv_rows(path)]
        anchors = []
        steps_of = cache(partial(find_steps, store, name))
        for row in rows:
            steps = steps_of(folders_of_row(row, {}))
            cells = dict.fromkeys(row[column] for column in _NAMING if row.get(column))
            chains.setdefault(steps, (f"chain-{len(chains) + 1}", " ".join(cells)))
            anchors.append(chains[steps][0])
        words = {column for row in rows for column in row if not _is_number(row[column])}
        shown.append(
            {"name": name, "stem": path.stem, "rows": rows, "words": words, "anchors": anchors}
        )

    def addresses(name: str) -> tuple[str, ...]:
        id, _ = source_of(name) or ("", "")
        return setting.registry[id].addresses if id in setting.registry else ()

    templates = Environment(
        loader=FileSystemLoader(Path(__file__).parent),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
    )
    return templates.get_template("chains.html").render(
        title=title,
        tables=shown,
        chains=[(*names, steps) for steps, names in chains.items()],
        addresses=addresses,
    )


def _is_number(cell: str) -> bool:
    """Whether a cell is a number or empty."""
    try:
        float(cell or "nan")
    except ValueError:
        return False
    return True
