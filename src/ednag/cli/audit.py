"""`ednag audit`: whether every number leads back to checksummed bytes."""

from pathlib import Path

import click

from ednag.cli._options import EXISTING, INPUT, OUTPUT, ROOT, note_inputs, note_searched
from ednag.errors import EdnagError


@click.command()
@click.argument("targets", nargs=-1, type=click.Path(path_type=Path))
@ROOT
@click.option("--json", "json_file", type=OUTPUT, help="Write what was found for programs.")
@click.option("--report", "page", type=OUTPUT, help="Write what was found as Markdown.")
@click.option(
    "--against",
    type=INPUT,
    show_default="results.lock with --signers",
    help="Compare with a lock written by `ednag lock`.",
)
@click.option(
    "--signers",
    type=EXISTING,
    help="Lines `NAME ssh-ed25519 KEY`: fail unless enough of them signed the lock (`ednag sign`).",
)
@click.option(
    "--threshold",
    type=click.IntRange(1, 1000),
    default=2,
    help="How many of the signers are needed, each with a run of their own.",
)
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
    signers: Path | None,
    threshold: int,
    exit_zero: bool,
    found: Path | None,
) -> None:
    """Hash all that TARGETS rest on again and follow it back to its sources.

    TARGETS are files or folders of results; without any, all tables of evidence, figures and pages
    of the study in results/study.json. Exit status 1 where a chain is broken, a target is missing,
    anything differs from the lock, or too few signers replicated it.
    """
    from ednag.cli._audit import audit_tree
    from ednag.files import write_text
    from ednag.provenance.replication import replication_of
    from ednag.provenance.report import as_json, as_markdown, as_text, failure, require_sound
    from ednag.provenance.results_lock import LOCK_NAME, compare, read_lock
    from ednag.provenance.signatures import read_signers

    if found:
        require_sound(found)
        return
    lock = against or (Path(LOCK_NAME) if signers else None)
    locked = read_lock(lock) if lock else None
    known = read_signers(signers, threshold) if signers else None
    audited = audit_tree(root, targets, [path for path in (json_file, page) if path])
    setting = audited.evidence.setting
    # All that an audit reads is compared with its checksum; it is made of what it was asked for.
    note_searched([root, setting.project])
    note_inputs(*filter(Path.is_file, map(setting.path, audited.targets)))
    comparison = compare(audited, locked, not targets) if locked is not None else None
    replication = replication_of(lock, known, threshold) if lock and known else None
    what = (audited, comparison, replication)
    if json_file:
        write_text(json_file, as_json(*what))
    if page:
        write_text(page, as_markdown(*what))
    first, *others = as_text(*what)
    click.secho(first, fg="red" if audited.faults else "green", bold=True)
    for line in others:
        click.echo(line)
    if exit_zero:
        return
    if audited.faults:
        raise failure(audited.faults[0].first_broken_link, audited.faults[0].next_step)
    if comparison is not None and not comparison.agrees:
        raise EdnagError(f"{lock}: {comparison.verdict}; is it the same study and data?")
    if replication is not None and not replication.suffices:
        raise replication.failure()
