"""`ednag sign`: a signed statement that this machine's run of the study gave the lock."""

from pathlib import Path

import click

from ednag.cli._options import EXISTING, INPUT, ROOT, declare


@click.command()
@ROOT
@click.option(
    "--key",
    required=True,
    type=EXISTING,
    help="Your SSH key (ssh-ed25519), or the .pub of one that an agent holds.",
)
@click.option("--lock", type=INPUT, default=Path("results.lock"), help="The lock to sign.")
@click.pass_context
def command(context: click.Context, root: Path, key: Path, lock: Path) -> None:
    """Sign that you ran the study and that it gave this lock, if the audit finds it so.

    Writes LOCK.XXXXXXXX.json, an in-toto statement, beside the lock; XXXXXXXX is of the key. Commit
    it; `ednag audit --signers` counts such files. Nothing is sent anywhere.
    """
    from ednag.cli._audit import audit_tree
    from ednag.files import write_text
    from ednag.provenance.replication import statement_of
    from ednag.provenance.results_lock import compare, read_lock
    from ednag.provenance.signatures import sign

    audited = audit_tree(root)
    comparison = compare(audited, read_lock(lock), everything=True)
    envelope = sign(statement_of(audited, comparison, lock), key)
    output = lock.with_name(f"{lock.name}.{envelope.suffix}.json")
    declare(context, output, "output")
    write_text(output, envelope.text())
    click.echo(f"{output}: signed by {envelope.key}; commit it")
