"""`ednag cells`: what cells cost, as a dataset, and the cells of NAS-Bench-101 by their hashes."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ednag.cli.options import EXISTING, OUTPUT
from ednag.cli.progress import say, track
from ednag.errors import EdnagError

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

    from ednag.spaces.nasbench101_cells import NASBench101Cell

_SPACES = ("nasbench101", "nasbench201")
#: (space, dataset) of a benchmark table -> its metric -> (field of the published records, factor).
#: Other tables measure something else: an accuracy of theirs is none of the benchmark's.
_FIELDS: Mapping[tuple[str, str], Mapping[str, tuple[str, float]]] = {
    ("nasbench101", "cifar10"): {
        "training_time": ("avg_training_time", 1.0),
        "train_accuracy": ("avg_train_accuracy", 0.01),
        "validation_accuracy": ("avg_validation_accuracy", 0.01),
        "test_accuracy": ("avg_test_accuracy", 0.01),
    },
    **{
        ("nasbench201", dataset): {
            "validation_accuracy": (f"{name}_val_acc", 1.0),
            "test_accuracy": (f"{name}_test_acc", 1.0),
        }
        for dataset, name in (
            ("cifar10", "cifar10"),
            ("cifar100", "cifar100"),
            ("ImageNet16-120", "imagenet16"),
        )
    },
}
#: Records between two lines of progress.
_TOLD = 50_000

_MEASURED = click.option(
    "--measured",
    multiple=True,
    type=EXISTING,
    help="Benchmark table (`ednag tables build`) whose accuracies are joined; may be repeated.",
)


@click.group()
def command() -> None:
    """FLOPs and parameters of cells as a dataset; the cells of NAS-Bench-101."""


@command.command(name="enumerate")
@click.option("--output", required=True, type=OUTPUT, help="Parquet file to write, a row a cell.")
@click.option(
    "--hashes",
    type=EXISTING,
    help="nasbench101_vis_20k.json: write only its cells, with what it measured.",
)
@click.option(
    "--summary",
    "summaries",
    multiple=True,
    type=OUTPUT,
    help="Table of how many cells there are: .csv, .md or .tex.",
)
def enumerate_all(output: Path, hashes: Path | None, summaries: tuple[Path, ...]) -> None:
    """Enumerate all 423,624 cells and mark the 6,399 that EDNAG's search can reach.

    About a minute and a half on one core. Columns: key (module hash), vertices, edges, adjacency
    and operations as in the benchmark's records, code in the space nasbench101 (-1: out of reach),
    flops and counted_parameters of the network by formula, for vertices numbered as here.
    """
    from ednag.evidence.cells import enumeration_table, write_enumeration
    from ednag.files import write_parquet
    from ednag.tables.nasbench101_cell_list import list_cells, recover
    from ednag.tables.nasbench101_vis import read

    measured = None if hashes is None else read(hashes)
    cells = _all_cells()
    rows = list_cells(cells)
    counted = {"enumerated": len(rows), "within_reach": int((rows["code"] >= 0).sum())}
    if measured is not None:
        rows = recover(rows, measured)
    rows = _with_counts(rows, cells)
    if measured is not None:
        agree = rows["counted_parameters"] == rows["parameters"]
        counted |= {"measured": len(rows), "parameters_agree": int(agree.sum())}
    write_parquet(rows, output)
    write_enumeration(enumeration_table(counted), summaries)
    told = ", ".join(f"{name.replace('_', ' ')} {count}" for name, count in counted.items())
    say(f"cells: {told}")
    say(f"{output}: {len(rows)} rows")


def _with_counts(rows: "pd.DataFrame", cells: "Mapping[str, NASBench101Cell]") -> "pd.DataFrame":
    """Cells by `key`, with columns `flops` and `counted_parameters` (int64)."""
    import numpy as np

    from ednag.cells.nasbench101 import counts_in_chunks

    made = (cells[key] for key in rows["key"])
    totals = [(some.flops, some.parameters) for _, some in counts_in_chunks(made)]
    flops, parameters = (np.concatenate(each) for each in zip(*totals, strict=True))
    return rows.assign(flops=flops, counted_parameters=parameters)


def _all_cells() -> "dict[str, NASBench101Cell]":
    """Every cell of NAS-Bench-101 by its hash; raises EdnagError if they are not as many."""
    from ednag.spaces.nasbench101_cells import CELL_COUNT, enumerate_cells

    cells = enumerate_cells(lambda forms: track(forms, "forms of cells"))
    if len(cells) != CELL_COUNT:
        raise EdnagError(f"{len(cells)} cells were found where NAS-Bench-101 has {CELL_COUNT}")
    return cells


@command.command()
@click.option("--space", required=True, type=click.Choice(_SPACES), help="Whose cells.")
@click.option(
    "--dataset",
    "datasets",
    multiple=True,
    help="NAS-Bench-201: count networks of this dataset only, as Parquet; else of all three.",
)
@_MEASURED
@click.option(
    "--cells",
    "listed",
    type=EXISTING,
    help="NAS-Bench-101: only the cells of this file of `ednag cells enumerate`.",
)
@click.option(
    "--order",
    type=EXISTING,
    help="NAS-Bench-201: nasbench201_cifar10.csv, in whose order the benchmark numbers its cells; "
    "without it, they are numbered by code.",
)
@click.option("--output", required=True, type=OUTPUT, help=".parquet, or .json as published.")
def build(
    space: str,
    datasets: tuple[str, ...],
    measured: tuple[Path, ...],
    listed: Path | None,
    order: Path | None,
    output: Path,
) -> None:
    """Write FLOPs and parameters of every vertex or edge of cells, and of whole networks.

    Computed by formula; memory does not grow with the file. What was measured is joined where a
    table is given, and absent otherwise.
    """
    from ednag.cells import published

    writers = {".parquet": published.write_parquet, ".json": published.write_json}
    if output.suffix not in writers:
        raise EdnagError(f"--output {output}: name a file that ends in .parquet or .json")
    if datasets and output.suffix == ".json":
        raise EdnagError(
            "--dataset: published records hold all three datasets; leave it out, or write .parquet"
        )
    joined = _measured(space, measured)
    if space == "nasbench101":
        cells = _all_cells() if listed is None else _listed_cells(listed)
        count = len(cells)
        batches = published.nasbench101_batches(cells, joined)
    else:
        keys = _ordered_keys(order)
        count = len(keys)
        batches = _of_datasets(published.nasbench201_batches(keys, joined), datasets)
    writers[output.suffix](_followed(batches, count), output)
    fields = "nothing" if joined is None else ", ".join(map(str, joined))
    say(f"{output}: {count} cells of {space}; joined of what was measured: {fields}")


def _followed(batches: "Iterator[pa.RecordBatch]", count: int) -> "Iterator[pa.RecordBatch]":
    """The batches of so many cells, with progress."""
    from ednag.cells.published import CHUNK

    parts = track(range(0, count, CHUNK), f"parts of {CHUNK} cells")
    for _, batch in zip(parts, batches, strict=True):
        yield batch


def _measured(space: str, tables: Sequence[Path]) -> "pd.DataFrame | None":
    """What benchmark tables measured, by key and published field; None without a table.

    Raises:
        EdnagError: A table is of another space, or has none of the published fields.
    """
    import pandas as pd

    from ednag.spaces import get_space
    from ednag.tables.parquet import read_table

    columns: dict[str, pd.Series] = {}
    for path in tables:
        table = read_table(path)
        known = _FIELDS.get((table.space, table.dataset), {})
        there = {metric: known[metric] for metric in table.values if metric in known}
        if table.space != space or not there:
            usable = ", ".join("/".join(place) for place in _FIELDS if place[0] == space)
            raise EdnagError(
                f"--measured {path}: {table.space}/{table.dataset} has no accuracy that the "
                f"dataset of {space} names; give a table of {usable}"
            )
        rows = table.valid.nonzero()[0]
        keys = get_space(space).keys(rows)
        for metric, (field, factor) in there.items():
            columns[field] = pd.Series(table.values[metric][rows] * factor, index=keys)
    return pd.DataFrame(columns) if columns else None


def _listed_cells(path: Path) -> "dict[str, NASBench101Cell]":
    """The cells of a file of `ednag cells enumerate`, by hash."""
    import pandas as pd
    import pyarrow as pa

    from ednag.cells.nasbench101 import from_texts
    from ednag.cells.published import CHUNK

    try:
        rows = pd.read_parquet(path, columns=["key", "adjacency", "operations"])
    except (pa.ArrowInvalid, ValueError, KeyError) as error:
        reason = str(error).splitlines()[0]
        raise EdnagError(
            f"{path}: no list of `ednag cells enumerate` ({reason}); write it again"
        ) from None
    cells: dict[str, NASBench101Cell] = {}
    for start in range(0, len(rows), CHUNK):
        some = rows.iloc[start : start + CHUNK]
        batch = from_texts(some["adjacency"].tolist(), some["operations"].tolist(), start)
        cells |= {key: batch.cell(row) for row, key in enumerate(some["key"])}
    return cells


def _ordered_keys(order: Path | None) -> list[str]:
    """Architecture strings in the order of a CSV's column `arch str`, or of codes."""
    import numpy as np

    from ednag.spaces import get_space
    from ednag.tables.columns import read_csv

    if order is None:
        space = get_space("nasbench201")
        return space.keys(np.arange(space.size))
    frame = read_csv(order, f"--order {order}", text=["arch str"])
    return [str(key) for key in frame["arch str"]]


def _of_datasets(
    batches: "Iterator[pa.RecordBatch]", datasets: Sequence[str]
) -> "Iterator[pa.RecordBatch]":
    """The batches without the counts of other datasets; all of them if none is named."""
    from ednag.cells.nasbench201 import shape_of
    from ednag.cells.published import COUNTED

    for dataset in datasets:
        shape_of(dataset)
    left_out = [name for name, dataset in COUNTED.items() if datasets and dataset not in datasets]
    counts = ("total_flops", "total_params", "opt_flops", "opt_params")
    dropped = {f"{name}_{count}" for name in left_out for count in counts}
    for batch in batches:
        yield batch.select([name for name in batch.schema.names if name not in dropped])


@command.command()
@click.argument("published", type=EXISTING)
@_MEASURED
@click.option("--limit", default=10, show_default=True, help="Differences that are printed.")
@click.option(
    "--output",
    "outputs",
    multiple=True,
    type=OUTPUT,
    help="Table of how many records agree: .csv, .md or .tex; then differences are no failure.",
)
def compare(
    published: Path, measured: tuple[Path, ...], limit: int, outputs: tuple[Path, ...]
) -> None:
    """Hold each record of NAR's PUBLISHED file (JSON) against what its own cell must give.

    Read as a stream. Exit status 1 if any record differs; accuracies and times are compared only
    where a table is given.
    """
    from ednag.cells.published import compare_nasbench101, compare_nasbench201
    from ednag.evidence.cells import write_records

    space = _space_of(published)
    told = 0

    def tell(records: int) -> None:
        nonlocal told
        if records >= told + _TOLD:
            told = records
            say(f"{records} records compared")

    comparing = {"nasbench101": compare_nasbench101, "nasbench201": compare_nasbench201}[space]
    found = comparing(published, _measured(space, measured), limit=limit, progress=tell)
    for difference in found.differences:
        click.echo(str(difference))
    say(f"{published}: {found.agreeing} of {found.records} records agree, {found.repeated} repeat")
    write_records(space, published.name, found.records, found.agreeing, outputs)
    if found.agreeing < found.records and not outputs:
        raise EdnagError(
            f"{published}: {found.records - found.agreeing} of {found.records} records differ; "
            "the first are on stdout (--limit)"
        )


def _space_of(published: Path) -> str:
    """The search space of NAR's published records; raises EdnagError if they are none."""
    from ednag.cells.published import stream_records

    _, first = next(stream_records(published), ("", {}))
    if "arch_str" not in first and "module_adjacency" not in first:
        raise EdnagError(
            f"{published}: its first record has neither arch_str nor module_adjacency; give NAR's "
            "nasbench101_vertice_*.json or nasbench201_vertice_*.json"
        )
    return "nasbench201" if "arch_str" in first else "nasbench101"
