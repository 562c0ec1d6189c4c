"""`ednag replay`: run reference traces and stop at the first divergence."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ednag.cli.options import EXISTING

if TYPE_CHECKING:
    from ednag.search.objective import Objective


@click.command()
@click.argument("files", nargs=-1, required=True, type=EXISTING)
def command(files: tuple[Path, ...]) -> None:
    """Run each reference trace FILE; exit status 1 at the first divergence.

    The benchmark tables come from the registered sources (see EDNAG_MIRROR), unless the trace
    brings its own.
    """
    import torch

    from ednag.search.replay import own_objective, read_trace, replay

    torch.set_num_threads(1)
    for path in files:
        trace = read_trace(path)
        objective = own_objective(trace) or _objective(trace.space, trace.dataset)
        divergence = replay(trace, objective)
        if divergence is not None:
            click.echo(f"{path.name}: {divergence}")
            sys.exit(1)
        click.echo(f"{path.name}: identical, {len(trace.queries)} evaluations")
    capability = torch.backends.cpu.get_cpu_capability()
    click.echo(f"{len(files)} traces identical (instruction set {capability})")


def _objective(space: str, dataset: str) -> "Objective":
    """The objective of a trace under the paper's protocol."""
    from ednag.cli.tables import locate
    from ednag.search.objective import objective_on
    from ednag.spaces import get_space
    from ednag.tables import build_benchmark, get_definition

    definition = get_definition(space, dataset)
    benchmark = build_benchmark(definition, locate(definition.sources), digests={})
    return objective_on(benchmark, definition.protocols["paper"], get_space(space))
