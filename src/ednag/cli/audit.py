"""`ednag audit`: whether every number leads back to checksummed bytes."""

from pathlib import Path

import click

from ednag.cli.options import EXISTING, OUTPUT
from ednag.errors import EdnagError

#: The folder that holds the results.
ROOT = click.option(
    "--root",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    default=Path(),
    show_default="the current folder",
    help="Folder that holds results, figures and resources.",
)


@click.command()
@click.argument("targets", nargs=-1, type=click.Path(path_type=Path))
@ROOT
@click.option("--json", "json_file", type=OUTPUT, help="Write what was found for programs.")
@click.option("--report", "page", type=OUTPUT, help="Write what was found as Markdown.")
@click.option("--against", type=EXISTING, help="Compare with a lock written by `ednag lock`.")
def command(
    targets: tuple[Path, ...],
    root: Path,
    json_file: Path | None,
    page: Path | None,
    against: Path | None,
) -> None:
    """Hash all that TARGETS rest on again and follow it back to its sources.

    TARGETS are files or folders of results; without any, all tables of evidence, figures and pages.
    Exit status 1 where a chain is broken, or where anything differs from the lock.
    """
    from ednag.files import write_text
    from ednag.provenance.audit import audit
    from ednag.provenance.report import as_json, as_markdown, as_text
    from ednag.provenance.results_lock import compare, read_lock
    from ednag.provenance.setting import Setting

    found = audit(Setting.of_user(root), targets)
    comparison = compare(found, read_lock(against), not targets) if against else None
    if json_file:
        write_text(json_file, as_json(found, comparison))
    if page:
        write_text(page, as_markdown(found, comparison))
    first, *others = as_text(found, comparison)
    click.secho(first, fg="red" if found.faults else "green", bold=True)
    for line in others:
        click.echo(line)
    if found.faults:
        fault = found.faults[0]
        raise EdnagError(f"audit failed: {fault.first_broken_link}; next: {fault.next_step}")
    if comparison is not None and not comparison.agrees:
        raise EdnagError(f"{against}: {comparison.verdict}; is it the same study and data?")
