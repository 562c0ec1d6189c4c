"""`ednag claims verdicts`."""

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
    help="A benchmark that is not searched, and the sources it needs; for the findings.",
)
@click.option("--predictor", type=EXISTING, help="The meta-predictor on unseen tasks (CSV).")
@click.option("--page", required=True, type=OUTPUT, help="The verdicts (Markdown).")
@click.option("--data", required=True, type=OUTPUT, help="The same for programs (JSON).")
@click.option("--findings", type=OUTPUT, help="What the study found, in words (Markdown).")
def command(
    path: Path,
    missing: tuple[str, ...],
    predictor: Path | None,
    page: Path,
    data: Path,
    findings: Path | None,
    **files: Any,
) -> None:
    """Give each claim its verdict, and write the page of findings."""
    from ednag.evidence.claims import read_claims
    from ednag.evidence.findings import findings_page
    from ednag.evidence.verdicts import counts, judge
    from ednag.evidence.verdicts_page import verdicts_json, verdicts_page
    from ednag.files import read_rows, write_text

    absent = dict(_parse_missing(text) for text in missing)
    claims, record = read_claims(path), read_measurements(files)
    judged = judge(claims, record)
    write_text(page, verdicts_page(claims, judged, record))
    write_text(data, verdicts_json(claims, judged, record))
    if findings:
        table = None if predictor is None else read_rows(predictor)
        write_text(findings, findings_page(record, claims, judged, absent, table))
    log(", ".join(f"{count} {name}" for name, count in counts(judged).items()))


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
