"""What subcommands of `ednag top-k` share."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from ednag.cli._options import EXISTING

if TYPE_CHECKING:
    import pandas as pd


_CHOSEN = click.argument("chosen", type=EXISTING)


_TRAINED = click.option(
    "--trained", multiple=True, required=True, type=EXISTING, help="Trained networks (Parquet)."
)


def _read(chosen: Path, trained: tuple[Path, ...]) -> "tuple[pd.DataFrame, pd.DataFrame]":
    import pandas as pd

    networks = [pd.read_parquet(path) for path in trained]
    return pd.read_parquet(chosen), pd.concat(networks, ignore_index=True)
