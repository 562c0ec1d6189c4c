"""`ednag plot`: figures, and the CSV each is drawn from."""

from pathlib import Path

import click

from ednag.cli.options import EXISTING, OUTPUT
from ednag.cli.progress import say


@click.command()
@click.argument("kind", type=click.Choice(["convergence", "denoising"]))
@click.argument("curves", type=EXISTING)
@click.option("--table", required=True, type=EXISTING, help="Benchmark table (Parquet).")
@click.option("--protocol", default="paper", show_default=True, help="Protocol to draw.")
@click.option(
    "--output", "outputs", required=True, multiple=True, type=OUTPUT, help=".csv, .pdf or .png."
)
def command(kind: str, curves: Path, table: Path, protocol: str, outputs: tuple[Path, ...]) -> None:
    """Draw a figure of KIND from the CURVES of a summary."""
    import pandas as pd

    from ednag.evidence import figures
    from ednag.files import write_text
    from ednag.tables import get_definition, get_protocol
    from ednag.tables.parquet import read_table

    benchmark = read_table(table)
    definition = get_definition(benchmark.space, benchmark.dataset)
    meaning = get_protocol(benchmark.space, benchmark.dataset, protocol)
    metric = benchmark.metrics[meaning.fitness_metric]
    label = f"{metric.name.replace('_', ' ')} ({metric.unit})"
    frame = pd.read_parquet(curves)
    frame = frame[frame["protocol"] == protocol]
    if kind == "convergence":
        title = f"{definition.title}: best so far, median and quartiles over seeds"
        optimum = benchmark.optimum(meaning.fitness_metric)
        figure = figures.convergence(frame, optimum, label, title)
    else:
        title = f"{definition.title}: denoising, mean and quartiles over seeds"
        figure = figures.denoising_trace(frame, label, title)
    figures.save_figure(figure, [path for path in outputs if path.suffix != ".csv"])
    for path in outputs:
        if path.suffix == ".csv":
            write_text(path, frame.to_csv(index=False, lineterminator="\n"))
    say(f"{kind}: {len(frame)} rows drawn")
