"""`ednag claims verdicts`."""

import re
from pathlib import Path
from typing import Any

import click

from ednag.cli._options import EXISTING, OUTPUT
from ednag.cli._progress import log
from ednag.cli.claims._shared import measured, read_measurements


@click.command()
@click.option("--claims", "path", type=EXISTING, help="The claims (YAML); none: findings alone.")
@measured
@click.option(
    "--missing",
    multiple=True,
    metavar="SPACE/DATASET=SOURCE,...",
    help="A benchmark that is not searched, and the sources it needs; for the findings.",
)
@click.option("--predictor", type=EXISTING, help="The meta-predictor on unseen tasks (CSV).")
@click.option("--title", default="", help="Title of the study; for the findings.")
@click.option("--page", type=OUTPUT, help="The verdicts (Markdown).")
@click.option("--data", type=OUTPUT, help="The same for programs (JSON).")
@click.option("--findings", type=OUTPUT, help="What the study found, in words (Markdown).")
def command(
    path: Path | None,
    missing: tuple[str, ...],
    predictor: Path | None,
    title: str,
    page: Path | None,
    data: Path | None,
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
    claims, record = read_claims(path) if path else [], read_measurements(files)
    judged = judge(claims, record)
    if page:
        write_text(page, verdicts_page(claims, judged, record))
    if data:
        write_text(data, verdicts_json(claims, judged, record))
    if findings:
        table = None if predictor is None else read_rows(predictor)
        write_text(findings, findings_page(record, claims, judged, absent, table, title))
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
