"""`ednag train gather`."""

from pathlib import Path

import click

from ednag.cli._options import EXISTING, PARQUET
from ednag.cli._progress import log
from ednag.errors import EdnagError


@click.command()
@click.argument("networks", nargs=-1, required=True, type=EXISTING)
@click.option("--space", required=True, help="Search space of the architectures.")
@click.option("--dataset", required=True, help="Predicted benchmark they were chosen on.")
@click.option("--output", required=True, type=PARQUET, help="All of them (Parquet).")
def command(networks: tuple[Path, ...], space: str, dataset: str, output: Path) -> None:
    """Gather NETWORKS (JSON) into one table, scored by both protocols."""
    import pandas as pd

    from ednag.files import write_parquet
    from ednag.text_files import read_json
    from ednag.training.image_tasks import image_task
    from ednag.training.scores import score

    records = [read_json(path) for path in networks]
    task = image_task(space, dataset)
    rows = [score(record, task) for record in records if record["status"] != "empty"]
    if not rows:
        raise EdnagError(f"{space}/{dataset}: no network was trained; choose some (top_k)")
    write_parquet(pd.DataFrame(rows), output)
    diverged = sum(row["status"] == "diverged" for row in rows)
    log(f"{len(rows)} trained networks, {diverged} diverged")
