"""`ednag sources`: list, fetch, verify, lock and add upstream files."""

import logging
from pathlib import Path

import click


@click.group()
def command() -> None:
    """Upstream files: what exists, fetch it, verify it, vouch for it, add to it."""


@command.command()
@click.argument("id")
@click.option("--output", type=click.Path(path_type=Path), help="Put the verified file here.")
@click.option("--mirror", "mirrors", multiple=True, type=click.Path(path_type=Path))
@click.option("--cache", type=click.Path(path_type=Path))
@click.option("--offline", is_flag=True)
@click.option("--registry", type=click.Path(path_type=Path))
def fetch(
    id: str,
    output: Path | None,
    mirrors: tuple[Path, ...],
    cache: Path | None,
    offline: bool,
    registry: Path | None,
) -> None:
    """Fetch one source, verify it and print its path."""
    from ednag.sources.obtain import deliver, obtain
    from ednag.sources.registry import find_source, load_registry

    logging.basicConfig(format="ednag: %(message)s")
    source = find_source(load_registry(registry), id)
    if output is None:
        click.echo(obtain(source, mirrors=mirrors or None, cache=cache, offline=offline))
    else:
        deliver(source, output, mirrors=mirrors or None, cache=cache, offline=offline)
        click.echo(output)
