"""`ednag plot illustration`."""

from pathlib import Path

import click

from ednag.cli._options import SEEDS
from ednag.cli._progress import log
from ednag.cli.plot._shared import OUTPUTS


@click.command()
@click.option("--seed", default=0, type=SEEDS, help="Seed of the noise.")
@OUTPUTS
def command(seed: int, outputs: tuple[Path, ...]) -> None:
    """Draw a population on a density of two peaks, from noise to the peaks."""
    from ednag.evidence.figures import save_drawing
    from ednag.evidence.figures.illustration import illustration as draw
    from ednag.evidence.figures.illustration import illustration_frame

    drawn = illustration_frame(seed)
    save_drawing(draw(drawn), drawn, outputs)
    log(f"illustration: {len(drawn)} points drawn")
