"""`ednag claims`: printed tables, the authors' seeds, verdicts and findings."""

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ednag.cli.options import EXISTING, OUTPUT, table_files
from ednag.cli.progress import say
from ednag.cli.statistics import STATISTICS, statistics_of

if TYPE_CHECKING:
    from ednag.evidence.record import Record


@click.group()
def command() -> None:
    """Hold the paper's numbers and claims against the study's runs."""


def measured(function: Any) -> Any:
    """Options that name the files with the study's measurements."""
    kinds = {
        "--nar-records": "NAR's records compared, of `cells compare` (CSV).",
        "--cells": "How many cells there are, of `cells enumerate` (CSV).",
        "--ranker-search": "Searches by a ranker, of `ranker study` (Parquet).",
        "--sets": "Sets of the authors' seeds (CSV).",
        "--listed": "The authors' seeds (CSV).",
        "--generated": "What runs generated (Parquet).",
        "--summary": "One row per run (Parquet).",
    }
    for name, text in kinds.items():
        variable = f"{name.removeprefix('--').replace('-', '_')}_files"
        function = click.option(name, variable, multiple=True, type=EXISTING, help=text)(function)
    return STATISTICS(function)


def _record(files: dict[str, Any]) -> "Record":
    from ednag.evidence.record import read_record

    return read_record(
        files["summary_files"],
        files["generated_files"],
        files["listed_files"],
        files["sets_files"],
        statistics_of(files["statistics"]),
        files["ranker_search_files"],
        files["cells_files"],
        files["nar_records_files"],
    )


@command.command()
@click.argument("runs", nargs=-1, required=True, type=EXISTING)
@click.option("--seeds", required=True, help="The study's seeds, for example 0-99.")
@click.option("--output", required=True, type=OUTPUT, help="One row per run (Parquet).")
def generated(runs: tuple[Path, ...], seeds: str, output: Path) -> None:
    """Describe what the run files RUNS of one benchmark have generated."""
    from ednag.evidence.authors_seeds import benchmark_of
    from ednag.evidence.generated import generated_table
    from ednag.files import write_parquet
    from ednag.study.seeds import parse_seeds
    from ednag.tables import get_metric, get_protocol

    space, dataset = benchmark_of(runs[0])
    metric = get_protocol(space, dataset, "paper").fitness_metric
    frame = generated_table(
        runs,
        space,
        dataset,
        parse_seeds(seeds.split(","), "--seeds"),
        get_metric(space, dataset, metric).higher_is_better,
    )
    write_parquet(frame, output)
    say(f"{output}: {len(frame)} rows")


@command.command("authors-seeds")
@click.argument("runs", nargs=-1, required=True, type=EXISTING)
@click.option("--reference", required=True, type=EXISTING, help="The seeds the authors list.")
@click.option("--seeds", required=True, help="The study's seeds, for example 0-99.")
@STATISTICS
@click.option("--title", default="The authors' seeds", show_default=True, help="Of the figure.")
@table_files("--listed", "listed", "seeds", required=False)
@table_files("--sets", "sets", "sets", required=False)
@click.option("--figure", multiple=True, type=OUTPUT, help="Figure: .csv, .pdf or .png.")
def authors_seeds(
    runs: tuple[Path, ...],
    reference: Path,
    seeds: str,
    statistics: str,
    title: str,
    listed: tuple[Path, ...],
    sets: tuple[Path, ...],
    figure: tuple[Path, ...],
) -> None:
    """Compare the authors' seeds with the study's in the run files RUNS of EDNAG."""
    import pandas as pd

    from ednag.evidence import authors_seeds as made
    from ednag.evidence.figures import save_drawing
    from ednag.evidence.figures.authors_seeds import authors_seeds_figure
    from ednag.evidence.writing import write_frame
    from ednag.study.published import read_listed_seeds
    from ednag.study.seeds import parse_seeds

    settings = statistics_of(statistics)
    outcomes = made.collect_outcomes(
        runs, read_listed_seeds(reference), parse_seeds(seeds.split(","), "--seeds")
    )
    rows, means = [], {}
    for each in outcomes:
        row, means[each.space, each.dataset] = made.set_row(each, settings)
        rows.append(row)
    frame, seed_frame = pd.DataFrame(rows), made.seeds_table(outcomes)
    write_frame(seed_frame, made.readable_seeds(seed_frame), made.SEEDS_NOTE, listed)
    write_frame(frame, made.readable_sets(frame), made.SETS_NOTE, sets)
    histogram = made.means_histogram(means, frame)
    save_drawing(authors_seeds_figure(histogram, frame, title), histogram, figure)
    say(f"{len(seed_frame)} listed seeds on {len(frame)} benchmarks")


@command.command()
@click.argument("table")
@click.option("--printed", required=True, type=EXISTING, help="The printed table (CSV).")
@measured
@table_files()
def published(table: str, printed: Path, outputs: tuple[Path, ...], **files: Any) -> None:
    """Put the printed TABLE beside what the study regenerates."""
    from ednag.errors import EdnagError
    from ednag.evidence.published import NOTE, PRINTED, published_table, readable_published
    from ednag.evidence.writing import write_frame
    from ednag.naming import suggestion

    if table not in PRINTED:
        raise EdnagError(f"unknown table {table!r}{suggestion(table, PRINTED)}")
    record = _record(files)
    frame = published_table(PRINTED[table](printed), record)
    write_frame(frame, readable_published(frame), NOTE, outputs)
    say(f"{table}: {int(frame['ours'].notna().sum())} of {len(frame)} printed numbers regenerated")


@command.command()
@click.option("--claims", "path", required=True, type=EXISTING, help="The claims (YAML).")
@measured
@click.option("--page", required=True, type=OUTPUT, help="The page (Markdown).")
@click.option("--data", required=True, type=OUTPUT, help="The same for programs (JSON).")
def verdicts(path: Path, page: Path, data: Path, **files: Any) -> None:
    """Give each claim its verdict."""
    from ednag.evidence.claims import read_claims
    from ednag.evidence.verdicts import counts, judge, verdicts_json, verdicts_page
    from ednag.files import write_text

    claims, record = read_claims(path), _record(files)
    judged = judge(claims, record)
    write_text(page, verdicts_page(claims, judged, record))
    write_text(data, verdicts_json(claims, judged, record))
    say(", ".join(f"{count} {name}" for name, count in counts(judged).items()))


@command.command()
@click.option("--claims", "path", required=True, type=EXISTING, help="The claims (YAML).")
@measured
@click.option(
    "--missing",
    multiple=True,
    metavar="SPACE/DATASET=SOURCE,...",
    help="A benchmark that is not searched, and the sources it needs.",
)
@click.option("--output", required=True, type=OUTPUT, help="The page (Markdown).")
def findings(path: Path, missing: tuple[str, ...], output: Path, **files: Any) -> None:
    """Write the page of findings from computed numbers."""
    from ednag.evidence.claims import read_claims
    from ednag.evidence.findings import findings_page
    from ednag.evidence.verdicts import judge
    from ednag.files import write_text

    claims, record = read_claims(path), _record(files)
    absent = dict(_parse_missing(text) for text in missing)
    write_text(output, findings_page(record, claims, judge(claims, record), absent))
    say(f"{output}: written")


def _parse_missing(text: str) -> tuple[tuple[str, str], list[str]]:
    """(space, dataset) and the ids of its absent sources; raises EdnagError for anything else."""
    from ednag.errors import EdnagError
    from ednag.tables import get_definition

    match = re.fullmatch(r"([^/=]+)/([^/=]+)=(.+)", text)
    if match is None:
        raise EdnagError(f"--missing: {text!r} is not SPACE/DATASET=SOURCE,...")
    space, dataset, sources = match.groups()
    get_definition(space, dataset)
    return (space, dataset), sources.split(",")
