"""`ednag tables compare`."""

from pathlib import Path

import click

from ednag.cli._options import OUTPUT, named_files
from ednag.cli._progress import log
from ednag.errors import EdnagError


@click.command()
@click.option("--space", help="Search space; without it, all.")
@click.option("--dataset", help="Dataset of that space; without it, all.")
@named_files(
    "--source",
    "sources",
    "ID=PATH",
    "A source file; those not given are looked for in cache, mirrors and packages.",
)
@click.option("--only-given", is_flag=True, help="Use no file but those given by --source.")
@click.option("--output", required=True, type=OUTPUT, help="Every difference (.csv or .parquet).")
@click.option(
    "--summary",
    "summary_paths",
    multiple=True,
    type=OUTPUT,
    help="One row per table, pair and metric (.csv, .parquet or .md).",
)
def command(
    space: str | None,
    dataset: str | None,
    sources: dict[str, Path],
    only_given: bool,
    output: Path,
    summary_paths: tuple[Path, ...],
) -> None:
    """Compare the sources of each benchmark table that are here; nothing is downloaded."""
    import pandas as pd

    from ednag.sources.lookup import locate, locate_offline
    from ednag.tables.comparison import compare_pair, pairs, sentence, write_rows

    chosen = pairs(space, dataset)
    if not chosen:
        compared = sorted({f"{pair.space}/{pair.dataset}" for pair in pairs()})
        raise EdnagError(
            f"no second source is known of {space or 'any space'}/{dataset or 'any dataset'}; "
            f"there is one of {', '.join(compared)}"
        )
    verified = locate((), sources)
    summaries, differences = [pd.DataFrame()], [pd.DataFrame()]
    for pair in chosen:
        others = [id for id in pair.sources if id not in verified]
        paths, missing = ({}, others) if only_given else locate_offline(others)
        if missing:
            log(f"{pair.name}: not compared, {', '.join(missing)} is not here")
            continue
        summary, rows = compare_pair(pair, {**verified, **paths})
        for line in summary.to_dict("records"):
            log(f"{pair.name}: {sentence({str(name): value for name, value in line.items()})}")
        summaries.append(summary)
        differences.append(rows)
    write_rows(pd.concat(differences, ignore_index=True), output)
    for path in summary_paths:
        write_rows(pd.concat(summaries, ignore_index=True), path)
