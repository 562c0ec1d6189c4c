"""`ednag tables`: build benchmark tables from verified source files."""

import hashlib
import math
from collections.abc import Mapping
from pathlib import Path

import click

from ednag.cli.compare_tables import compare
from ednag.cli.options import OUTPUT, SOURCES, note_inputs
from ednag.cli.progress import say
from ednag.errors import EdnagError


@click.group()
def command() -> None:
    """Build benchmark tables from verified source files."""


@command.command()
@click.option("--space", required=True, help="Search space.")
@click.option("--dataset", required=True, help="Dataset of that space.")
@SOURCES
@click.option(
    "--from", "official", metavar="ID", help="Official file to read instead of the small ones."
)
@click.option(
    "--generated",
    "generated",
    multiple=True,
    metavar="NAME=PATH",
    help="A file that another stage made and the table needs.",
)
@click.option("--trained", is_flag=True, help="By the predictor trained here, not the published.")
@click.option(
    "--scale",
    nargs=2,
    type=float,
    metavar="MEAN SD",
    help="Of the accuracies in % that a predictor was trained on, where nobody publishes them.",
)
@click.option("--output", required=True, type=OUTPUT, help="Canonical Parquet file to write.")
def build(
    space: str,
    dataset: str,
    sources: tuple[str, ...],
    official: str | None,
    generated: tuple[str, ...],
    trained: bool,
    scale: tuple[float, float] | None,
    output: Path,
) -> None:
    """Build the canonical benchmark table of a SPACE and DATASET."""
    from ednag.naming import suggestion
    from ednag.tables import get_definition, official_definitions
    from ednag.tables.interface import PredictorDefinition
    from ednag.tables.parquet import write_benchmark

    definition = get_definition(space, dataset)
    if official is not None:
        known = official_definitions(space, dataset)
        if official not in known:
            raise EdnagError(
                f"unknown official file {official!r} of {space}/{dataset}"
                f"{suggestion(official, known)}"
            )
        definition = known[official]
    if trained and definition.trained is not None:
        definition = definition.trained
    if scale and isinstance(definition, PredictorDefinition) and definition.of_scale:
        definition = definition.of_scale(*scale)
    paths = locate(definition.sources, sources) | _given(definition.generated, generated)
    digests = digests_of(paths)
    for name, digest in digests.items():
        say(f"source {name}: sha256 {digest}")
    benchmark = definition.build(paths, digests)
    write_benchmark(benchmark, output)
    for protocol, meaning in definition.protocols.items():
        optimum = benchmark.optimum(meaning.reported_metric)
        best = "unknown" if math.isnan(optimum) else f"{optimum:.6f}"
        say(f"protocol {protocol}: {meaning.reported_metric}, optimum {best}")
    say(f"{space}/{dataset}: {benchmark.extent} written")


command.add_command(compare)


def _given(needed: tuple[str, ...], given: tuple[str, ...]) -> dict[str, Path]:
    """Name -> path of each generated file; raises EdnagError naming the first that is missing."""
    paths = {}
    for entry in given:
        name, separator, path = entry.partition("=")
        if not separator or name not in needed:
            known = ", ".join(needed) or "none"
            raise EdnagError(f"--generated {entry}: write it as NAME=PATH; needed here: {known}")
        paths[name] = Path(path)
        note_inputs(paths[name])
    for name in needed:
        if name not in paths:
            raise EdnagError(
                f"the table needs results/{name}, which the workflow makes: give it as "
                f"--generated {name}=PATH, or run snakemake"
            )
    return paths


def digests_of(paths: Mapping[str, Path]) -> dict[str, str]:
    """Source id -> sha256 of the file's bytes."""
    digests = {}
    for name, path in paths.items():
        with path.open("rb") as stream:
            digests[name] = hashlib.file_digest(stream, "sha256").hexdigest()
    return digests


def locate(needed: tuple[str, ...], given: tuple[str, ...] = ()) -> dict[str, Path]:
    """Source id -> verified path: as given (and verified here), or obtained.

    Raises:
        EdnagError: A given path is malformed, unknown or does not verify, or a source cannot be
            obtained.
    """
    from ednag.sources.lock import load_lock, lock_path
    from ednag.sources.obtain import obtain
    from ednag.sources.registry import find_source, load_registry
    from ednag.sources.verification import verify

    registry, trusted = load_registry(), load_lock(lock_path())
    paths: dict[str, Path] = {}
    for entry in given:
        name, separator, path = entry.partition("=")
        if not separator:
            raise EdnagError(f"--source {entry}: write it as ID=PATH")
        verify(Path(path), find_source(registry, name), trusted.get(name))
        paths[name] = Path(path)
        note_inputs(paths[name])
    for name in needed:
        if name not in paths:
            paths[name] = obtain(find_source(registry, name))
    return paths
