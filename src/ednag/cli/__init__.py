"""Command line `ednag`: one module per subcommand, imported only when it is called."""

import importlib
import os
import pkgutil
import sys
from pathlib import Path
from typing import Any

import click

from ednag import __version__
from ednag.cli._options import declare
from ednag.errors import EdnagError, printable


class LazyGroup(click.Group):
    """A group whose subcommands are the modules of a package, imported when they are called.

    The module `top_k/choose.py` has the command `choose` in its attribute `command`. A package
    without this attribute is a group; its docstring is the help. Modules whose name begins with an
    underscore are helpers.
    """

    def __init__(self, *arguments: Any, package: str = __name__, **settings: Any) -> None:
        super().__init__(*arguments, **settings)
        self._package = package

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Names of the subcommands, sorted."""
        modules = pkgutil.iter_modules(sys.modules[self._package].__path__)
        return sorted(each.name.replace("_", "-") for each in modules if each.name[0] != "_")

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The subcommand of that name, or None."""
        if cmd_name not in self.list_commands(ctx):
            return None
        name = f"{self._package}.{cmd_name.replace('-', '_')}"
        module = importlib.import_module(name)
        command: click.Command | None = getattr(module, "command", None)
        return command or LazyGroup(cmd_name, package=name, help=module.__doc__)


@click.group(
    cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"], "show_default": True}
)
@click.version_option(__version__, prog_name="ednag")
@click.option(
    "--record",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Write a run record: what the subcommand read, wrote and was made of (JSON).",
)
@click.option(
    "--methods",
    metavar="JSON",
    help='Methods of a study that are not registered: {"ID": {"of": "METHOD", "title": "TITLE", '
    '"hyperparameters": {...}}}.',
)
@click.option(
    "--benchmarks",
    metavar="STUDY|JSON",
    help="The study that names search spaces and tables of your own code, or, as in "
    'EDNAG_BENCHMARKS, {"spaces": {"NAME": "MODULE:CLASS"}, "tables": {"SPACE": {"DATASET": '
    '"MODULE:TABLE"}}}.',
)
@click.pass_context
def group(
    context: click.Context, record: Path | None, methods: str | None, benchmarks: str | None
) -> None:
    """Regenerate, check and extend the results of EDNAG and NAR."""
    if record is not None:
        from ednag.provenance.recording import Recorder

        arguments = _without_record(sys.argv[1:])
        _check_record(context, record, arguments)
        context.obj = Recorder(arguments)
    if benchmarks:
        if benchmarks.lstrip().startswith("{"):
            # The variable that the workflow sets.
            os.environ["EDNAG_BENCHMARKS"] = benchmarks
        else:
            importlib.import_module("ednag.study.configuration").load_study(Path(benchmarks))
    if methods:
        # By name, as the subcommands are: only jobs with methods depend on this module's code.
        importlib.import_module("ednag.methods.instances").define_methods(methods)


def _check_record(context: click.Context, record: Path, arguments: list[str]) -> None:
    """Raise EdnagError if the record would replace anything but one of the same subcommand."""
    declare(context, record, "record")
    if os.path.lexists(record):
        from ednag.provenance.replacing import refuse_loss_by_record, subcommand_of

        refuse_loss_by_record(record, subcommand_of(arguments))


@group.result_callback()
@click.pass_context
def _finish(context: click.Context, result: object, record: Path | None, **others: object) -> None:
    """Write the run record of a subcommand that ended without an error."""
    if record is not None:
        context.obj.write(record)


def _without_record(arguments: list[str]) -> list[str]:
    """The command line without the option `--record`."""
    if arguments[:1] == ["--record"]:
        return arguments[2:]
    return [argument for argument in arguments if not argument.startswith("--record=")]


def main() -> None:
    """Run the command line.

    An error that the user can correct is one line on stderr, and the exit status is 1.
    """
    try:
        group(prog_name="ednag")
    except EdnagError as error:
        click.echo(f"ednag: {printable(str(error))}", err=True)
        sys.exit(1)
    except OSError as error:
        where = f" ({error.filename})" if error.filename else ""
        click.echo(f"ednag: {error.strerror or error}{where}", err=True)
        sys.exit(1)
    except Exception as error:
        # By name: a job that ends well does not depend on this module's code.
        if not (fault := importlib.import_module("ednag.own_code").fault_in(error)):
            raise
        click.echo(f"ednag: {printable(fault)}", err=True)
        sys.exit(1)
