"""`ednag tables compare`: sources of the same benchmark table, side by side."""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ednag.cli.options import OUTPUT
from ednag.cli.progress import say
from ednag.errors import EdnagError

if TYPE_CHECKING:
    import pandas as pd


@click.command()
@click.option("--space", help="Search space; without it, all.")
@click.option("--dataset", help="Dataset of that space; without it, all.")
@click.option(
    "--source",
    "sources",
    multiple=True,
    metavar="ID=PATH",
    help="A source file; those not given are looked for in cache, mirrors and packages.",
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
def compare(
    space: str | None,
    dataset: str | None,
    sources: tuple[str, ...],
    only_given: bool,
    output: Path,
    summary_paths: tuple[Path, ...],
) -> None:
    """Compare the sources of each benchmark table that are here; nothing is downloaded."""
    import pandas as pd

    from ednag.cli.tables import locate
    from ednag.tables.comparison import compare_pair, pairs, sentence

    chosen = pairs(space, dataset)
    if not chosen:
        known = sorted({f"{pair.space}/{pair.dataset}" for pair in pairs()})
        raise EdnagError(
            f"no second source is known of {space or 'any space'}/{dataset or 'any dataset'}; "
            f"there is one of {', '.join(known)}"
        )
    given = locate((), sources)
    summaries, differences = [pd.DataFrame()], [pd.DataFrame()]
    for pair in chosen:
        paths, missing = find_here(pair.sources, given, search=not only_given)
        if missing:
            say(f"{pair.name}: not compared, {', '.join(missing)} is not here")
            continue
        told, apart = compare_pair(pair, paths)
        for line in told.to_dict("records"):
            say(f"{pair.name}: {sentence({str(name): value for name, value in line.items()})}")
        summaries.append(told)
        differences.append(apart)
    _write(pd.concat(differences, ignore_index=True), output)
    for path in summary_paths:
        _write(pd.concat(summaries, ignore_index=True), path)


def find_here(
    needed: tuple[str, ...], given: Mapping[str, Path], search: bool = True
) -> tuple[dict[str, Path], list[str]]:
    """(source id -> verified path, ids of those that are not given nor, if asked, found here)."""
    from ednag.sources.obtain import Surroundings, obtain
    from ednag.sources.registry import find_source, load_registry

    registry = load_registry()
    paths, missing = {}, []
    for name in needed:
        if name in given:
            paths[name] = given[name]
            continue
        try:
            if not search:
                raise EdnagError(f"{name}: not given")
            paths[name] = obtain(find_source(registry, name), Surroundings.of_user(offline=True))
        except EdnagError:
            missing.append(name)
    return paths, missing


def _write(rows: "pd.DataFrame", path: Path) -> None:
    """Write a frame as its file's name says, whole or not at all."""
    from ednag.files import replacing

    with replacing(path) as beside:
        if path.suffix == ".parquet":
            rows.to_parquet(beside, index=False)
        elif path.suffix == ".md":
            shown = rows.to_markdown(index=False, disable_numparse=True)
            beside.write_text(f"{shown}\n", encoding="utf-8")
        else:
            rows.to_csv(beside, index=False, lineterminator="\n")
