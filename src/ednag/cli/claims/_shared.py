"""What subcommands of `ednag claims` share."""

from typing import TYPE_CHECKING, Any

import click

from ednag.cli._options import EXISTING
from ednag.cli._statistics import STATISTICS, statistics_of

if TYPE_CHECKING:
    from ednag.evidence.record import StudyRecord


def measured(function: Any) -> Any:
    """Options that name the files with the study's measurements."""
    kinds = {
        "--nar-records": "NAR's records compared, of `cells compare` (CSV).",
        "--cells": "How many cells there are, of `cells enumerate` (CSV).",
        "--ranker-search": "Searches by a ranker, of `ranker study` (Parquet).",
        "--sets": "Sets of the authors' seeds (CSV).",
        "--listed": "The authors' seeds (CSV).",
        "--summary": "One row per run (Parquet).",
    }
    for name, text in kinds.items():
        variable = f"{name.removeprefix('--').replace('-', '_')}_files"
        function = click.option(name, variable, multiple=True, type=EXISTING, help=text)(function)
    reference = click.option(
        "--reference", type=EXISTING, help="The seeds that the authors list, with their values."
    )
    changed = click.option(
        "--changed",
        multiple=True,
        metavar="METHOD",
        help="A method that the study runs with other hyper-parameters than its own; repeatable.",
    )
    return STATISTICS(changed(reference(function)))


def read_measurements(files: dict[str, Any]) -> "StudyRecord":
    """The study's measurements, from the values of the options of `measured`."""
    from ednag.evidence.record import read_study_record

    return read_study_record(
        statistics_of(files["statistics"]),
        files["reference"],
        files["changed"],
        summary=files["summary_files"],
        seeds=files["listed_files"],
        sets=files["sets_files"],
        searches=files["ranker_search_files"],
        enumerated=files["cells_files"],
        published_records=files["nar_records_files"],
    )
