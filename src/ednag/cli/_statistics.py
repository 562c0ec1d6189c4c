"""`--statistics`: how intervals are made, as the configuration's key of that name."""

from typing import TYPE_CHECKING

import click

from ednag.cli._options import parse_mapping

if TYPE_CHECKING:
    from ednag.study.statistics import Statistics

STATISTICS = click.option(
    "--statistics", default="{}", help="JSON object; see `statistics` in config.yaml."
)


def statistics_of(text: str) -> "Statistics":
    """What the option says; EdnagError where a name or a value is wrong."""
    from ednag.study.statistics import Statistics
    from ednag.validation import read_model

    return read_model(Statistics, parse_mapping(text, "--statistics"), "--statistics")
