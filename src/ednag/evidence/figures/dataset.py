"""The summaries of one dataset under one protocol, from which its figures are drawn."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

import pandas as pd
from matplotlib.figure import Figure

from ednag.errors import EdnagError
from ednag.evidence.summaries import DISTINCT
from ednag.files import read_rows
from ednag.naming import suggestion
from ednag.study.statistics import Statistics
from ednag.tables import get_definition, get_metric, get_protocol, get_reported_metric
from ednag.tables.interface import Metric

#: A figure, and the frame of its data, which becomes its CSV.
Drawing = tuple[Figure, pd.DataFrame]


@dataclass(frozen=True)
class DatasetSummaries:
    """The summaries of one dataset under one protocol.

    Attributes:
        runs: As `summarise_runs` makes them.
        curves: As `anytime_curves` makes them.
        steps: As `step_curves` makes them.
        protocol: The protocol of all three.
        statistics: Level and resamples of the intervals.
    """

    runs: pd.DataFrame
    curves: pd.DataFrame
    steps: pd.DataFrame
    protocol: str
    statistics: Statistics

    @cached_property
    def place(self) -> tuple[str, str]:
        """Space and dataset."""
        return str(self.runs["space"].iloc[0]), str(self.runs["dataset"].iloc[0])

    @property
    def methods(self) -> list[str]:
        """In the study's order."""
        return list(dict.fromkeys(self.runs["method"]))

    @property
    def optimum(self) -> float:
        """Best value of the benchmark, NaN if it is not known."""
        return float(self.runs["optimum"].iloc[0])

    @property
    def reported(self) -> Metric:
        """The metric that the protocol reports."""
        return get_reported_metric(*self.place, self.protocol)

    @property
    def queried(self) -> Metric:
        """The metric that the search sees."""
        protocol = get_protocol(*self.place, self.protocol)
        metric = get_metric(*self.place, protocol.fitness_metric)
        if protocol.drawn_metrics:
            return replace(metric, name=f"{metric.name}_of_one_training")
        return metric

    def title(self, text: str) -> str:
        """Space, dataset and protocol; `text` in a second line."""
        space, dataset = self.place
        return f"{space}, {get_definition(space, dataset).title}, protocol {self.protocol}\n{text}"

    def distinct_curves(self, methods: Sequence[str]) -> pd.DataFrame:
        """Best so far of some methods against distinct evaluations."""
        rows = (self.curves["counted"] == DISTINCT) & self.curves["method"].isin(methods)
        return self.curves[rows].reset_index(drop=True)


def read_dataset(
    summary: Path, anytime: Path, steps: Path, protocol: str, statistics: Statistics
) -> DatasetSummaries:
    """The summaries of one protocol from the files that `ednag summarise` writes.

    Raises:
        EdnagError: There is no run of this protocol.
    """
    frames = [read_rows(path) for path in (summary, anytime, steps)]
    protocols = list(dict.fromkeys(frames[0]["protocol"]))
    if protocol not in protocols:
        raise EdnagError(
            f"{summary}: no run of protocol {protocol!r}{suggestion(protocol, protocols)}"
        )
    runs, curves, traces = (
        frame[frame["protocol"] == protocol].reset_index(drop=True) for frame in frames
    )
    return DatasetSummaries(runs, curves, traces, protocol, statistics)
