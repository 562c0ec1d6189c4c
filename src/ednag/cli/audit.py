"""`ednag audit`: whether every number leads back to checksummed bytes."""

from pathlib import Path

import click

from ednag.cli._options import EXISTING, OUTPUT, ROOT, note_inputs, note_searched
from ednag.errors import EdnagError


@click.command()
@click.argument("targets", nargs=-1, type=click.Path(path_type=Path))
@ROOT
@click.option("--json", "json_file", type=OUTPUT, help="Write what was found for programs.")
@click.option("--report", "page", type=OUTPUT, help="Write what was found as Markdown.")
@click.option("--against", type=EXISTING, help="Compare with a lock written by `ednag lock`.")
@click.option("--exit-zero", is_flag=True, help="Exit with status 0 even if faults are found.")
@click.option(
    "--found", type=EXISTING, help="Do not audit; fail if this file, written by --json, has faults."
)
def command(
    targets: tuple[Path, ...],
    root: Path,
    json_file: Path | None,
    page: Path | None,
    against: Path | None,
    exit_zero: bool,
    found: Path | None,
) -> None:
    """Hash all that TARGETS rest on again and follow it back to its sources.

    TARGETS are files or folders of results; without any, all tables of evidence, figures and pages
    of the study in results/study.json. Exit status 1 where a chain is broken, a target is missing,
    or anything differs from the lock.
    """
    from ednag.cli._audit import audit_tree
    from ednag.files import write_text
    from ednag.provenance.report import as_json, as_markdown, as_text, failure, require_sound
    from ednag.provenance.results_lock import compare, read_lock

    if found:
        require_sound(found)
        return
    audited = audit_tree(root, targets, [path for path in (json_file, page) if path])
    setting = audited.evidence.setting
    # All that an audit reads is compared with its checksum; it is made of what it was asked for.
    note_searched([root, setting.project])
    note_inputs(*filter(Path.is_file, map(setting.path, audited.targets)))
    comparison = compare(audited, read_lock(against), not targets) if against else None
    if json_file:
        write_text(json_file, as_json(audited, comparison))
    if page:
        write_text(page, as_markdown(audited, comparison))
    first, *others = as_text(audited, comparison)
    click.secho(first, fg="red" if audited.faults else "green", bold=True)
    for line in others:
        click.echo(line)
    if exit_zero:
        return
    if audited.faults:
        raise failure(audited.faults[0].first_broken_link, audited.faults[0].next_step)
    if comparison is not None and not comparison.agrees:
        raise EdnagError(f"{against}: {comparison.verdict}; is it the same study and data?")
