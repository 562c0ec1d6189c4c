"""`ednag claims verdicts`."""

from pathlib import Path
from typing import Any

import click

from ednag.cli._options import EXISTING, OUTPUT
from ednag.cli._progress import log
from ednag.cli.claims._shared import measured, read_measurements


@click.command()
@click.option("--claims", "path", required=True, type=EXISTING, help="The claims (YAML).")
@measured
@click.option("--page", required=True, type=OUTPUT, help="The page (Markdown).")
@click.option("--data", required=True, type=OUTPUT, help="The same for programs (JSON).")
def command(path: Path, page: Path, data: Path, **files: Any) -> None:
    """Give each claim its verdict."""
    from ednag.evidence.claims import read_claims
    from ednag.evidence.verdicts import counts, judge
    from ednag.evidence.verdicts_page import verdicts_json, verdicts_page
    from ednag.files import write_text

    claims, record = read_claims(path), read_measurements(files)
    judged = judge(claims, record)
    write_text(page, verdicts_page(claims, judged, record))
    write_text(data, verdicts_json(claims, judged, record))
    log(", ".join(f"{count} {name}" for name, count in counts(judged).items()))
