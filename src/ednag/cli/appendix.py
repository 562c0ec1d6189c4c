"""`ednag appendix`: the artifact appendix of a study, and CODECHECK's manifest."""

from pathlib import Path

import click

from ednag.cli._options import OUTPUT, STUDY
from ednag.cli._progress import log
from ednag.errors import EdnagError


@click.command()
@STUDY
@click.option(
    "--output", "outputs", multiple=True, type=OUTPUT, help="The appendix: .md or .tex; repeatable."
)
@click.option("--codecheck", type=OUTPUT, help="CODECHECK's manifest (codecheck.yml).")
@click.option(
    "--lock",
    type=click.Path(dir_okay=False, path_type=Path),
    default=Path("results.lock"),
    help="The lock of results that the manifest is made of.",
)
def command(
    study: Path | None, outputs: tuple[Path, ...], codecheck: Path | None, lock: Path
) -> None:
    """Write the artifact appendix: claims with command, time, memory and expected output.

    It has hardware and data with licences too, and two checklists answered from the study. Times
    are predicted for 2 cores, as by `ednag evaluate`. Nothing runs.
    """
    if not outputs and codecheck is None:
        raise click.UsageError("name a file: --output appendix.md, or --codecheck codecheck.yml")
    formats = {".md": "as_markdown", ".tex": "as_latex"}
    for path in outputs:
        if path.suffix not in formats:
            raise EdnagError(f"{path}: .md or .tex is expected")
    from ednag.evaluation import appendix
    from ednag.evaluation.session import Session
    from ednag.files import write_text
    from ednag.provenance.results_lock import read_lock

    session = Session.of(study)
    if codecheck is not None:
        write_text(codecheck, appendix.codecheck(session, read_lock(lock)))
        log(f"{codecheck}: written")
    sections = appendix.appendix_of(session) if outputs else []
    for path in outputs:
        write_text(path, getattr(appendix, formats[path.suffix])(sections))
        log(f"{path}: written")
