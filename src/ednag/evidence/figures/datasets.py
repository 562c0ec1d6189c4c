"""The figures of one dataset and protocol: what each is drawn from, and the drawing of it."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

import pandas as pd
from matplotlib.figure import Figure

from ednag.errors import EdnagError
from ednag.evidence.comparisons import VARIANTS, headline_methods, main_methods, variants_in
from ednag.evidence.figures.anytime import anytime, anytime_frame
from ednag.evidence.figures.curves import convergence, denoising_trace
from ednag.evidence.figures.outcomes import outcomes, outcomes_frame
from ednag.evidence.figures.style import metric_label
from ednag.evidence.figures.variants import variants, variants_frame
from ednag.evidence.summaries import DISTINCT
from ednag.naming import suggestion
from ednag.study.configuration import Statistics
from ednag.tables import get_definition, get_metric, get_protocol, get_reported_metric
from ednag.tables.interface import Metric

_VARIED = {
    "mapping": "EDNAG (energy mapping) beside other mapping functions",
    "steps": "EDNAG beside shorter schedules",
    "population": "EDNAG beside other sizes of the population",
    "ablation": "EDNAG without one of its parts",
}

#: What is drawn: the figure, and the frame that becomes its CSV.
Drawing = tuple[Figure, pd.DataFrame]


@dataclass(frozen=True)
class Dataset:
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
        """Best value of the benchmark, NaN if nobody knows it."""
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
        """What and where, and below it what is shown."""
        space, dataset = self.place
        return f"{space}, {get_definition(space, dataset).title}, protocol {self.protocol}\n{text}"

    def distinct_curves(self, methods: Sequence[str]) -> pd.DataFrame:
        """Best so far of some methods against distinct evaluations."""
        here = (self.curves["counted"] == DISTINCT) & self.curves["method"].isin(methods)
        return self.curves[here].reset_index(drop=True)


def read_dataset(
    summary: Path, anytime: Path, steps: Path, protocol: str, statistics: Statistics
) -> Dataset:
    """The summaries of one protocol from the files that `ednag summarise` writes.

    Raises:
        EdnagError: There is no run of this protocol.
    """
    frames = {}
    for path in (summary, anytime, steps):
        frame = pd.read_parquet(path)
        frames[path] = frame[frame["protocol"] == protocol].reset_index(drop=True)
        if path == summary and frames[path].empty:
            known = list(dict.fromkeys(frame["protocol"]))
            raise EdnagError(
                f"{path}: no run of protocol {protocol!r}{suggestion(protocol, known)}"
            )
    return Dataset(frames[summary], frames[anytime], frames[steps], protocol, statistics)


def _convergence(dataset: Dataset) -> Drawing:
    """EDNAG, EDNAG+ and chance."""
    frame = dataset.distinct_curves(headline_methods(dataset.methods))
    title = dataset.title("best so far, median and quartiles over seeds")
    return convergence(frame, dataset.optimum, metric_label(dataset.reported), title), frame


def _denoising(dataset: Dataset) -> Drawing:
    """The population per denoising step."""
    shown = dataset.steps["method"].isin(main_methods(dataset.methods))
    frame = dataset.steps[shown].reset_index(drop=True)
    title = dataset.title("denoising, mean and quartiles over seeds")
    return denoising_trace(frame, metric_label(dataset.queried), title), frame


def _anytime(dataset: Dataset) -> Drawing:
    """All methods at equal evaluations."""
    metric = dataset.reported
    methods = main_methods(dataset.methods)
    frame = anytime_frame(dataset.curves, methods, dataset.optimum, metric.higher_is_better)
    title = dataset.title("methods at equal numbers of evaluations")
    return anytime(frame, dataset.optimum, metric_label(metric), title), frame


def _outcomes(dataset: Dataset) -> Drawing:
    """Where each run ended."""
    frame = outcomes_frame(dataset.runs, dataset.methods)
    title = dataset.title("outcome of each run at its own end")
    return outcomes(frame, metric_label(dataset.reported), title), frame


def _varied(kind: str) -> Callable[[Dataset], Drawing]:
    """The drawing of EDNAG with one thing varied."""

    def draw(dataset: Dataset) -> Drawing:
        methods = variants_in(kind, dataset.methods)
        if not methods:
            others = ", ".join(name for name in VARIANTS[kind] if name != "ednag")
            raise EdnagError(
                f"figure {kind!r}: nothing to compare on {'/'.join(dataset.place)}; it needs runs "
                f"of ednag and at least one of {others}"
            )
        # Parts left out are compared by where they end; their curves lie on each other.
        curves = dataset.distinct_curves(methods if kind != "ablation" else ())
        frame = variants_frame(dataset.runs, curves, methods, dataset.statistics)
        title = dataset.title(_VARIED[kind])
        return variants(frame, metric_label(dataset.reported), title), frame

    return draw


#: Figure -> how it is drawn from a dataset's summaries.
DRAWINGS: Mapping[str, Callable[[Dataset], Drawing]] = {
    "convergence": _convergence,
    "denoising": _denoising,
    "anytime": _anytime,
    "outcomes": _outcomes,
    **{kind: _varied(kind) for kind in VARIANTS},
}
