"""What subcommands of `ednag sources` share."""

import functools
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

FOLDER = click.Path(path_type=Path, file_okay=False)


def with_places(function: Callable[..., None]) -> Callable[..., None]:
    """Add the options that say where files and their registry are.

    The function receives `registry` (a path, or None for the default) and `around` (Surroundings).
    """

    @click.option(
        "--mirror",
        "mirrors",
        multiple=True,
        type=click.Path(path_type=Path),
        help="Folder to search by file name, instead of EDNAG_MIRROR; repeatable.",
    )
    @click.option("--cache", type=FOLDER, help="Cache folder instead of EDNAG_CACHE.")
    @click.option(
        "--registry", type=click.Path(path_type=Path), help="Registry instead of sources.yaml."
    )
    @functools.wraps(function)
    def command(
        registry: Path | None, cache: Path | None, mirrors: tuple[Path, ...], **options: Any
    ) -> None:
        from ednag.sources.lock import lock_path
        from ednag.sources.obtain import Surroundings

        offline = options.get("offline", False)
        around = Surroundings.of_user(mirrors or None, cache, offline, lock_path(registry))
        function(registry=registry, around=around, **options)

    return command
