"""`ednag tables build`."""

import math
from pathlib import Path

import click

from ednag.cli._options import PARQUET, SOURCES, named_files
from ednag.cli._progress import log


@click.command()
@click.option("--space", required=True, help="Search space.")
@click.option("--dataset", required=True, help="Dataset of that space.")
@SOURCES
@click.option(
    "--from", "official", metavar="ID", help="Official file to read instead of the small ones."
)
@named_files(
    "--generated", "generated", "NAME=PATH", "A file that another stage made and the table needs."
)
@click.option("--trained", is_flag=True, help="By the predictor trained here, not the published.")
@click.option(
    "--scale",
    nargs=2,
    type=(click.FloatRange(0, 100), click.FloatRange(0, 100, min_open=True)),
    metavar="MEAN SD",
    help="Of the accuracies in % that a predictor was trained on, where nobody publishes them.",
)
@click.option("--output", required=True, type=PARQUET, help="Canonical Parquet file to write.")
def command(
    space: str,
    dataset: str,
    sources: dict[str, Path],
    official: str | None,
    generated: dict[str, Path],
    trained: bool,
    scale: tuple[float, float] | None,
    output: Path,
) -> None:
    """Build the canonical benchmark table of a SPACE and DATASET."""
    from ednag.sources.lookup import locate
    from ednag.sources.verification import digest
    from ednag.tables import check_generated, choose_definition, known_optimum
    from ednag.tables.parquet import write_benchmark

    definition = choose_definition(space, dataset, official, trained, scale)
    check_generated(definition, generated)
    paths = locate(definition.sources, sources) | generated
    digests = {name: digest(path).sha256 for name, path in paths.items()}
    for name, sha256 in digests.items():
        log(f"source {name}: sha256 {sha256}")
    benchmark = definition.build(paths, digests)
    write_benchmark(benchmark, output)
    for name, protocol in definition.protocols.items():
        optimum = known_optimum(benchmark, protocol.reported_metric)
        best = "unknown" if math.isnan(optimum) else f"{optimum:.6f}"
        log(f"protocol {name}: {protocol.reported_metric}, optimum {best}")
    log(f"{space}/{dataset}: {benchmark.extent} written")
