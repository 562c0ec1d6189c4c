"""What subcommands of `ednag sources` share."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ednag.errors import EdnagError

if TYPE_CHECKING:
    from ednag.sources.obtain import Surroundings
    from ednag.sources.registry import Source


_PATH = click.Path(path_type=Path)


_FOLDER = click.Path(path_type=Path, file_okay=False)


def _places(function: Callable[..., None]) -> Callable[..., None]:
    """The options that say where files and their registry are."""
    for option in (
        click.option("--registry", type=_PATH, help="Registry instead of sources.yaml."),
        click.option("--cache", type=_FOLDER, help="Cache folder instead of EDNAG_CACHE."),
        click.option(
            "--mirror",
            "mirrors",
            multiple=True,
            type=_PATH,
            help="Folder to search by file name, instead of EDNAG_MIRROR; repeatable.",
        ),
    ):
        function = option(function)
    return function


def _around(
    registry: Path | None, cache: Path | None, mirrors: tuple[Path, ...], offline: bool = False
) -> "Surroundings":
    from ednag.sources.lock import lock_path
    from ednag.sources.obtain import Surroundings

    return Surroundings.of_user(mirrors or None, cache, offline, lock_path(registry))


def _selected(
    registry: Mapping[str, "Source"], ids: tuple[str, ...], needed_for: tuple[str, ...]
) -> dict[str, "Source"]:
    """The named sources and those needed for the named purposes; all where nothing is named."""
    from ednag.sources.registry import find_source

    if not ids and not needed_for:
        return dict(registry)
    chosen = {id: find_source(registry, id) for id in ids}
    purposes = {purpose for source in registry.values() for purpose in source.needed_for}
    for purpose in needed_for:
        if purpose not in purposes:
            raise EdnagError(
                f"nothing is needed for '{purpose}'; known: {', '.join(sorted(purposes))}"
            )
    chosen.update(
        {s.id: s for s in registry.values() if any(each in needed_for for each in s.needed_for)}
    )
    return chosen
