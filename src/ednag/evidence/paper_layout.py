"""Printed tables in the papers' layout: methods as rows, data sets as groups of columns.

The layout is a view of the long table of `ednag.evidence.published`, whose CSV holds every number.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path
from string import ascii_lowercase
from typing import Any

import numpy as np
import pandas as pd

from ednag.evidence.published import GLOBAL_BEST, NOTE
from ednag.evidence.record import PAPER
from ednag.evidence.writing import NO_VALUE, enumerated, rounded, write_frame
from ednag.files import write_text
from ednag.tables import TABLES, get_definition, get_reported_metric

#: A number of ours beside a printed one that its interval does not hold.
DIFFERS = "†"
#: Notes of numbers that need none.
_PLAIN = ("", "regenerated")
#: Quantity of a printed number -> unit and whether higher is better, where it is no metric.
_QUANTITIES = {"gpu_hours": ("GPU hours", False), "pearson": ("Pearson's r", True)}
#: Titles of datasets that are printed in spaces where we have no table of them, or predictions.
_TITLES = {"aircraft": "Aircraft", "pets": "Pets", "cifar10": "CIFAR-10", "cifar100": "CIFAR-100"}
#: Most groups beside each other within the text width of a page of two columns.
_MOST_GROUPS = 3
_TEX = {name: f"\\{name}" for name in "&%$#_{}"} | {
    "\\": r"\textbackslash{}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    "±": r"$\pm$",
    "×": r"$\times$",
    "†": r"\dag{}",
    "–": "--",
}


@dataclass(frozen=True)
class Cell:
    """A number as text, whether it is the best of its column, and its marks."""

    text: str
    is_best: bool = False
    marks: tuple[str, ...] = ()


@dataclass(frozen=True)
class Row:
    """A method: for each group its printed cell and ours, and the seeds and evaluations of ours."""

    method: str
    pairs: tuple[tuple[Cell, Cell], ...]
    counts: tuple[tuple[int, int], ...]

    def runs(self, groups: Iterable[int]) -> str:
        """`seeds × distinct evaluations` in some groups, ranges where they differ; "" for none."""
        counts = [self.counts[place] for place in groups if all(self.counts[place])]
        ends = [dict.fromkeys((min(each), max(each))) for each in zip(*counts, strict=True)]
        return " × ".join("-".join(map(str, each)) for each in ends)

    def is_empty(self, groups: Iterable[int]) -> bool:
        """Whether it has no number and no mark in some groups."""
        cells = [cell for place in groups for cell in self.pairs[place]]
        return all(cell.text == NO_VALUE and not cell.marks for cell in cells)


@dataclass(frozen=True)
class Layout:
    """A table in the papers' layout.

    Attributes:
        groups: Titles of the groups, with unit.
        rows: The methods.
        notes: Mark -> what it stands for.
        run_by: Method as printed -> ids of the methods that run it.
    """

    groups: tuple[str, ...]
    rows: tuple[Row, ...]
    notes: Mapping[str, str]
    run_by: Mapping[str, tuple[str, ...]]

    @property
    def footnotes(self) -> str:
        """The notes, and which methods run the rows, as sentences."""
        notes = [f"{mark}: {text}." for mark, text in self.notes.items()]
        named = [f"{row} by {enumerated(names)}" for row, names in self.run_by.items()]
        return " ".join([*notes, f"Run: {'; '.join(named)}."] if named else notes)

    def blocks(self) -> Iterable[range]:
        """Groups that fit beside each other, by index, evenly many."""
        count = -(-len(self.groups) // _MOST_GROUPS)
        edges = np.linspace(0, len(self.groups), count + 1).round().astype(int)
        return (range(*map(int, edge)) for edge in pairwise(edges))


def layout_of(frame: pd.DataFrame) -> Layout:
    """The layout of a table of `published_table`."""
    places = ["space", "dataset", "quantity"]
    notes: dict[str, str] = {}
    columns = {
        (space, dataset, quantity): _column(rows, space, dataset, quantity, notes)
        for names, rows in frame.groupby(places, sort=False)
        for space, dataset, quantity in [map(str, names)]
    }
    groups = list(columns)
    empty = (Cell(NO_VALUE), Cell(NO_VALUE)), (0, 0)
    rows = []
    for method in map(str, frame["method"].unique()):
        pairs, counts = zip(*(columns[each].get(method, empty) for each in groups), strict=True)
        rows.append(Row(method, pairs, counts))
    if any(DIFFERS in ours.marks for row in rows for _, ours in row.pairs):
        notes[DIFFERS] = "the printed value is outside our interval of the mean"
    varied = [name for name in places if frame[name].nunique() > 1]
    run_by = {
        str(method): tuple(dict.fromkeys(own["run_by"]))
        for method, own in frame[frame["run_by"] != ""].groupby("method", sort=False)
    }
    titles = tuple(_title(*group, varied) for group in groups)
    return Layout(titles, tuple(rows), notes, run_by)


def _column(
    rows: pd.DataFrame, space: str, dataset: str, quantity: str, notes: dict[str, str]
) -> dict[str, tuple[tuple[Cell, Cell], tuple[int, int]]]:
    """Method -> printed cell and ours, seeds and evaluations; new marks are added to `notes`."""
    printed = [_with_sd(*row) for row in rows[["printed", "printed_sd"]].to_numpy()]
    ours = [_with_sd(rounded(row.ours), rounded(row.sd)) for row in rows.itertuples()]
    is_method = (rows["method"] != GLOBAL_BEST).to_numpy()
    sign = 1.0 if _unit(space, dataset, quantity)[1] else -1.0
    sides = []
    for texts, values in (
        (printed, pd.to_numeric(rows["printed"], errors="coerce")),
        (ours, rows["ours"]),
    ):
        scores = np.where(is_method, sign * values.round(2).to_numpy(float), np.nan)
        known = scores[~np.isnan(scores)]
        best = scores == known.max() if len(known) > 1 else np.zeros(len(scores), bool)
        sides.append([Cell(*cell) for cell in zip(texts, best.tolist(), strict=True)])
    marks = [_marks(row, notes) for row in rows.itertuples()]
    sides[1] = [replace(cell, marks=own) for cell, own in zip(sides[1], marks, strict=True)]
    spent = rows[["seeds", "distinct_evaluations"]].fillna(0).round().astype(int)
    cells = zip(zip(*sides, strict=True), spent.itertuples(index=False, name=None), strict=True)
    return dict(zip(rows["method"], cells, strict=True))


def _marks(row: Any, notes: dict[str, str]) -> tuple[str, ...]:
    """The marks of a number of ours."""
    marks = [DIFFERS] if _differs(row) else []
    if row.note not in _PLAIN:
        known = (mark for mark, text in notes.items() if text == row.note)
        marks.append(next(known, _letter(len(notes))))
        notes[marks[-1]] = row.note
    return tuple(marks)


def _differs(row: Any) -> bool:
    """Whether the interval of our mean does not hold a printed value, whatever was rounded off."""
    if np.isnan([row.difference, row.low, row.high]).any():
        return False
    rounding = 0.5 * 10.0 ** -len(row.printed.partition(".")[2])
    return not row.low - rounding <= float(row.printed) <= row.high + rounding


def _letter(number: int) -> str:
    """a, b, ..., z, aa, bb, ..."""
    return ascii_lowercase[number % 26] * (number // 26 + 1)


def _with_sd(value: object, sd: object) -> str:
    text = str(value) or NO_VALUE
    return text if sd in ("", NO_VALUE) else f"{text} ± {sd}"


def _unit(space: str, dataset: str, quantity: str) -> tuple[str, bool]:
    """The unit of a printed number, and whether higher is better."""
    if quantity != "result" or dataset not in TABLES.get(space, {}):
        return _QUANTITIES.get(quantity, ("%", True))
    metric = get_reported_metric(space, dataset, PAPER)
    return metric.unit, metric.higher_is_better


def _title(space: str, dataset: str, quantity: str, varied: Sequence[str]) -> str:
    """The title of a group: what differs between the groups, and the unit."""
    unit, higher = _unit(space, dataset, quantity)
    title = _TITLES.get(dataset) or get_definition(space, dataset).title
    names = {"space": space, "dataset": title}
    names["quantity"] = quantity.replace("_", " ")
    title = " ".join(names[name] for name in varied or ("dataset",))
    return f"{title} ({unit}{'' if higher else ', lower is better'})"


def readable_published(frame: pd.DataFrame) -> dict[str, list[str]]:
    """The layout as columns: two for each group; the best in bold as Markdown has it."""
    layout = layout_of(frame)
    shown = {"Method": [row.method for row in layout.rows]}
    for place, title in enumerate(layout.groups):
        for side, name in enumerate(("printed", "ours")):
            shown[f"{title}, {name}"] = [_text(row.pairs[place][side]) for row in layout.rows]
    return shown | {
        "Seeds × distinct": [row.runs(range(len(layout.groups))) for row in layout.rows]
    }


def _text(cell: Cell) -> str:
    text = f"**{cell.text}**" if cell.is_best else cell.text
    return f"{text} [{', '.join(cell.marks)}]" if cell.marks else text


def write_published(frame: pd.DataFrame, table: str, paths: Sequence[Path]) -> None:
    """Write a table of `published_table`: long to .csv, in the papers' layout to .md and .tex."""
    layout = layout_of(frame)
    note = f"{NOTE} {layout.footnotes}".strip()
    others = [path for path in paths if path.suffix != ".tex"]
    write_frame(frame, readable_published(frame), note, others)
    for path in paths:
        if path.suffix == ".tex":
            write_text(path, latex(layout, f"Printed and regenerated: {table}", note))


def latex(layout: Layout, caption: str, note: str) -> str:
    """The layout as a float over both columns of a page, with booktabs."""
    tabulars = "\n\\par\\medskip\n".join(_tabular(layout, block) for block in layout.blocks())
    return (
        "% \\usepackage{booktabs}\n\\begin{table*}\n\\centering\\small\n"
        "\\setlength{\\tabcolsep}{3pt}\\renewcommand{\\arraystretch}{0.85}\n"
        f"\\caption{{{_tex(caption)}}}\n{tabulars}\n\\par\\smallskip\n"
        f"\\parbox{{\\textwidth}}{{\\footnotesize {_tex(note)}}}\n"
        "\\end{table*}\n"
    )


def _tabular(layout: Layout, block: range) -> str:
    count = len(block)
    titles = (f"\\multicolumn{{2}}{{c}}{{{_tex(layout.groups[place])}}}" for place in block)
    rules = (f"\\cmidrule(lr){{{2 * n + 2}-{2 * n + 3}}}" for n in range(count))
    lines = [
        f"\\begin{{tabular}}{{l{'r' * 2 * count}l}}",
        "\\toprule",
        f" & {' & '.join(titles)} & \\\\",
        "".join(rules),
        f"Method{' & printed & ours' * count} & runs \\\\",
        "\\midrule",
    ]
    for row in layout.rows:
        if not row.is_empty(block):
            cells = [_tex_cell(cell) for place in block for cell in row.pairs[place]]
            lines.append(f"{' & '.join([_tex(row.method), *cells, _tex(row.runs(block))])} \\\\")
    return "\n".join([*lines, "\\bottomrule", "\\end{tabular}"])


def _tex_cell(cell: Cell) -> str:
    text = _tex(cell.text.replace(" ± ", "±"))
    bold = f"\\textbf{{{text}}}" if cell.is_best else text
    return bold + (f"\\textsuperscript{{{_tex(','.join(cell.marks))}}}" if cell.marks else "")


def _tex(text: str) -> str:
    """A text as LaTeX."""
    return "".join(_TEX.get(letter, letter) for letter in text)
