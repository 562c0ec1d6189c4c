"""Command line `ednag`: one module per subcommand, imported only when it is called."""

import importlib
import sys

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
def group() -> None:
    """Regenerate, check and extend the results of EDNAG and NAR."""


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
