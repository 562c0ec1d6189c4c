"""`ednag replay`: run reference traces and stop at the first divergence."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, get_args

import click

from ednag.cli._options import EXISTING
from ednag.search.instruction_set import Arithmetic

if TYPE_CHECKING:
    from ednag.search.objective import Objective
    from ednag.search.replay import Trace


@click.command()
@click.argument("files", nargs=-1, required=True, type=EXISTING)
@click.option(
    "--engine",
    type=click.Choice(["compiled", "readable"]),
    default="compiled",
    help="The engine of a study, or the one in torch that documents the method.",
)
@click.option(
    "--arithmetic",
    type=click.Choice(get_args(Arithmetic)),
    help="Instruction set of the machine on which the traces were recorded: by default what each "
    "trace says, else avx2. The readable engine needs a CPU that has it.",
)
def command(files: tuple[Path, ...], engine: str, arithmetic: Arithmetic | None) -> None:
    """Run each reference trace FILE; exit status 1 at the first divergence.

    A trace is a search run of EDNAG, or records of NAR's sampler. The benchmark tables come from
    the registered sources (see EDNAG_MIRROR), unless the trace brings its own.
    """
    from ednag.files import read_gzip
    from ednag.methods.ednag import readable_search
    from ednag.ranker.replay import is_of_the_sampler, replay_sampler, sampler_records
    from ednag.search import compiled
    from ednag.search.replay import TRACE, replay, trace_of

    used = set()
    for path in files:
        content = read_gzip(path, TRACE)
        if is_of_the_sampler(content):
            records = sampler_records(content, path)
            _report(path, replay_sampler(records), f"{records.count} records of NAR's sampler")
            continue
        trace = trace_of(content, path)
        if arithmetic is not None:
            settings = trace.hyperparameters.model_copy(update={"arithmetic": arithmetic})
            trace = trace.model_copy(update={"hyperparameters": settings})
        arithmetic_used = trace.hyperparameters.arithmetic
        search = compiled.search if engine == "compiled" else readable_search(arithmetic_used)
        used.add(arithmetic_used)
        divergence = replay(trace, objective_of(trace), search)
        _report(path, divergence, f"{len(trace.queries)} evaluations")
    count = "1 trace" if len(files) == 1 else f"{len(files)} traces"
    by = f" ({engine} engine, arithmetic {' and '.join(sorted(used))})" if used else ""
    click.echo(f"{count} identical{by}")


def _report(path: Path, divergence: str | None, compared: str) -> None:
    """Say what was identical, or where a trace diverges and exit."""
    if divergence is not None:
        click.echo(f"{path.name}: {divergence}")
        sys.exit(1)
    click.echo(f"{path.name}: identical, {compared}")


def objective_of(trace: "Trace") -> "Objective":
    """The objective of a trace under the paper's protocol: its own, or a registered table's."""
    from ednag.search.objective import objective_on
    from ednag.search.replay import own_objective
    from ednag.sources.lookup import locate
    from ednag.spaces import get_space
    from ednag.tables import get_definition

    own = own_objective(trace)
    if own is not None:
        return own
    definition = get_definition(trace.space, trace.dataset)
    benchmark = definition.build(locate(definition.sources), digests={})
    return objective_on(benchmark, definition.protocols["paper"], get_space(trace.space))
