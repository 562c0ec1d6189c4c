"""`--statistics`: how intervals are made, as the configuration's key of that name."""

from typing import TYPE_CHECKING

import click

from ednag.cli.options import parse_mapping
from ednag.errors import EdnagError
from ednag.naming import suggestion

if TYPE_CHECKING:
    from ednag.study.configuration import Statistics

STATISTICS = click.option(
    "--statistics", default="{}", help="JSON object; see `statistics` in config.yaml."
)


def statistics_of(text: str) -> "Statistics":
    """What the option says; EdnagError where a name or a value is wrong."""
    from pydantic import ValidationError

    from ednag.study.configuration import Statistics

    given = parse_mapping(text, "--statistics")
    for name in given:
        if name not in Statistics.model_fields:
            raise EdnagError(
                f"--statistics: unknown key {name!r}{suggestion(name, Statistics.model_fields)}"
            )
    try:
        return Statistics.model_validate(given)
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(["--statistics", *map(str, first["loc"])])
        raise EdnagError(f"{place}: {first['msg'].removeprefix('Value error, ')}") from None
