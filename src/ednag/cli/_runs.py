"""The options of which runs are reported, and what they choose among run files."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ednag.cli._options import SETTINGS, parse_mapping

if TYPE_CHECKING:
    from ednag.methods.interface import Run
    from ednag.tables.interface import Benchmark


def which_runs(command: Callable[..., None]) -> Callable[..., None]:
    """Options `--seeds`, `--method-seeds` and `--settings`, as of `reported_runs`."""
    options = (
        click.option(
            "--seeds", required=True, help="Seeds to report, for example 0-99,1731578139."
        ),
        click.option(
            "--method-seeds",
            default="{}",
            help='JSON object: methods that have other seeds, for example {"nar": "0-9"}.',
        ),
        SETTINGS,
    )
    for option in reversed(options):
        command = option(command)
    return command


def reported_runs(
    runs: Sequence[Path],
    seeds: str,
    method_seeds: str,
    settings: dict[str, Any] | None,
    benchmark: "Benchmark",
) -> "dict[tuple[str, str], list[Run]]":
    """(protocol, method) -> the runs that are reported; raises EdnagError as `collect_runs`."""
    from ednag.evidence.summaries import collect_runs
    from ednag.study.seeds import parse_seeds

    own = {
        name: parse_seeds(str(given).split(","), f"--method-seeds: {name}")
        for name, given in parse_mapping(method_seeds, "--method-seeds").items()
    }
    return collect_runs(runs, parse_seeds(seeds.split(","), "--seeds"), own, settings, benchmark)
