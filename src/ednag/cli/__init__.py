"""Command line `ednag`: one module per subcommand, imported only when it is called."""

import importlib
import sys
from pathlib import Path

import click

from ednag import __version__
from ednag.errors import EdnagError

#: subcommand -> module under ednag.cli whose `command` attribute is a click command
SUBCOMMANDS = {
    "replay": "replay",
    "run": "run",
    "sources": "sources",
    "summarise": "summarise",
    "tabulate": "tabulate",
    "plot": "plot",
    "tables": "tables",
    "config": "config",
    "cells": "cells",
    "claims": "claims",
    "chains": "chains",
    "audit": "audit",
    "lock": "lock",
    "trace": "trace",
    "crate": "crate",
    "predictor": "predictor",
    "top-k": "top_k",
    "train": "train",
    "estimate": "estimate",
    "ranker": "ranker",
    "doctor": "doctor",
    "report": "report",
}


class LazyGroup(click.Group):
    """A click group that imports a subcommand's module only when that subcommand is called."""

    def list_commands(self, context: click.Context) -> list[str]:
        """Names of the subcommands, sorted."""
        return sorted(SUBCOMMANDS)

    def get_command(self, context: click.Context, name: str) -> click.Command | None:
        """The subcommand called `name`, or None."""
        if name not in SUBCOMMANDS:
            return None
        return importlib.import_module(f"ednag.cli.{SUBCOMMANDS[name]}").command


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="ednag")
@click.option(
    "--record",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Write a run record: what the subcommand read, wrote and was made of (JSON).",
)
@click.option(
    "--methods",
    default="",
    metavar="JSON",
    help='Methods of a study that are not registered: {"ID": {"of": "METHOD", "title": "TITLE", '
    '"hyperparameters": {...}}}.',
)
def group(record: Path | None, methods: str) -> None:
    """Regenerate, check and extend the results of EDNAG and NAR."""
    if record is not None:
        from ednag.cli.options import recorders
        from ednag.provenance.recording import Recorder

        recorders[:] = [Recorder(_without_record(sys.argv[1:]))]
    if methods:
        # By name, as the subcommands are: only jobs with methods depend on this module's code.
        importlib.import_module("ednag.methods.instances").define_methods(methods)


@group.result_callback()
def _finish(result: object, record: Path | None, methods: str) -> None:
    """The subcommand ended well."""
    if record is not None:
        from ednag.cli.options import recorders

        recorders.pop().write(record)


def _without_record(arguments: list[str]) -> list[str]:
    """The command line without the option that asks for the record."""
    if arguments[:1] == ["--record"]:
        return arguments[2:]
    return [argument for argument in arguments if not argument.startswith("--record=")]


def main() -> None:
    """Run the command line; errors a user can mend are one line on stderr and exit status 1."""
    try:
        group(standalone_mode=True)
    except EdnagError as error:
        click.echo(f"ednag: {error}", err=True)
        sys.exit(1)
    except OSError as error:
        where = f" ({error.filename})" if error.filename else ""
        click.echo(f"ednag: {error.strerror or error}{where}", err=True)
        sys.exit(1)
