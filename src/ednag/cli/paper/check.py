"""`ednag paper check`."""

from pathlib import Path

import click

from ednag.cli._options import EXISTING, ROOT
from ednag.errors import EdnagError


@click.command()
@click.argument("main", type=EXISTING)
@click.option(
    "--numbers", type=EXISTING, help="Of the study; by default results/numbers.json of --root."
)
@click.option("--offers/--no-offers", default=True, help="Show undeclared numbers of the study.")
@ROOT
def command(main: Path, numbers: Path | None, offers: bool, root: Path) -> None:
    r"""Hold the numbers of a manuscript MAIN (LaTeX) against the study.

    Each \ednag{ID} must be a number of the study. A number in a line that ends with
    `% ednag: ID, ID` must be the study's, rounded as it stands there; several stand in the order of
    the ids. Others that equal a number of the study are shown. Files taken in by \input and
    \include are read as well.
    """
    from ednag.evidence.manuscript import check_manuscript
    from ednag.evidence.numbers import from_json
    from ednag.study.artefacts import artefact_named
    from ednag.text_files import read_json

    path = numbers or root / artefact_named("numbers").path("json")
    if not path.is_file():
        raise EdnagError(
            f"there is no {path}; run the study, or name its folder: --root studies/NAME"
        )
    try:
        known = from_json(read_json(path))
    except (KeyError, TypeError, AttributeError):
        raise EdnagError(f"{path} is no numbers.json; make it again: run its study") from None
    found = check_manuscript(main, known)
    for line in [*found.faults, *(found.offers if offers else ())]:
        click.echo(line)
    if found.faults:
        raise EdnagError(f"{main}: {len(found.faults)} numbers are not the study's; correct them")
    click.echo(f"{main}: {found.agreeing} numbers are the study's")
