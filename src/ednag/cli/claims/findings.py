"""`ednag claims findings`."""

import re
from pathlib import Path
from typing import Any

import click

from ednag.cli._options import EXISTING, OUTPUT
from ednag.cli._progress import log
from ednag.cli.claims._shared import measured, read_measurements


@click.command()
@click.option("--claims", "path", required=True, type=EXISTING, help="The claims (YAML).")
@measured
@click.option(
    "--missing",
    multiple=True,
    metavar="SPACE/DATASET=SOURCE,...",
    help="A benchmark that is not searched, and the sources it needs.",
)
@click.option("--predictor", type=EXISTING, help="The meta-predictor on unseen tasks (CSV).")
@click.option("--output", required=True, type=OUTPUT, help="The page (Markdown).")
def command(
    path: Path, missing: tuple[str, ...], predictor: Path | None, output: Path, **files: Any
) -> None:
    """Write the page of findings from computed numbers."""
    from ednag.evidence.claims import read_claims
    from ednag.evidence.findings import findings_page
    from ednag.evidence.verdicts import judge
    from ednag.files import read_rows, write_text

    claims, record = read_claims(path), read_measurements(files)
    absent = dict(_parse_missing(text) for text in missing)
    table = None if predictor is None else read_rows(predictor)
    write_text(output, findings_page(record, claims, judge(claims, record), absent, table))
    log(f"{output}: written")


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
