"""The measurements of a study that claims and printed tables are compared with."""

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

import pandas as pd

from ednag.evidence.comparison import comparison_table
from ednag.files import read_rows
from ednag.study.published import read_listed_seeds
from ednag.study.seeds import format_seeds
from ednag.study.statistics import Statistics
from ednag.tables import TABLES, get_definition, is_predicted

#: The protocol of every number the paper prints.
PAPER = "paper"

_PREDICTOR = ("meta-predictor-checkpoint", "nasbench201-meta")
_MOBILENET = ("mbv3-meta-checkpoint", "mbv3-supernet")
#: Benchmarks with trained architectures in the paper -> the sources that training them needs.
#: A study may search them by prediction; predictions are never compared with printed numbers.
_TRAINED = {
    ("nasbench201", "aircraft"): (*_PREDICTOR, "aircraft-by-label", "fgvc-aircraft"),
    ("nasbench201", "pets"): (*_PREDICTOR, "pets-by-label", "pets-test", "pets-train"),
    ("mobilenetv3", "cifar10"): (*_MOBILENET, "cifar10-by-label", "cifar10"),
    ("mobilenetv3", "cifar100"): (*_MOBILENET, "cifar100-by-label", "cifar100"),
    ("mobilenetv3", "aircraft"): (*_MOBILENET, "aircraft100-by-label", "fgvc-aircraft"),
    ("mobilenetv3", "pets"): (*_MOBILENET, "pets-by-label", "pets-test", "pets-train"),
}


def needs_of(space: str, dataset: str) -> tuple[str, ...]:
    """Ids of the registered sources that a paper's number on this benchmark needs."""
    if (space, dataset) not in _TRAINED and dataset in TABLES.get(space, {}):
        return get_definition(space, dataset).sources
    return _TRAINED.get((space, dataset), ())


def _empty() -> pd.DataFrame:
    return pd.DataFrame(columns=["space", "dataset", "protocol", "method"])


class LackingData(Exception):
    """The study lacks the data for a number; the message says what it needs."""


@dataclass(frozen=True)
class StudyRecord:
    """The measurements of a study.

    Attributes:
        summary: One row per run (evidence.summaries).
        seeds: One row per seed the authors list (evidence.authors_seeds).
        sets: One row per benchmark with listed seeds.
        searches: Draws and outcomes of searches by rankers (ranker.study.search_rows).
        enumerated: How many cells there are (evidence.cells.enumeration_table).
        published_records: How many of NAR's records agree (evidence.cells.write_records).
        listed: (space, dataset) -> seed that the authors list -> value in their comment.
        statistics: How runs are summarised.
        changed: Methods that the study runs with other hyper-parameters than their own: these
            runs decide no claim.
    """

    summary: pd.DataFrame
    seeds: pd.DataFrame = field(default_factory=_empty)
    sets: pd.DataFrame = field(default_factory=_empty)
    searches: pd.DataFrame = field(default_factory=_empty)
    enumerated: pd.DataFrame = field(default_factory=_empty)
    published_records: pd.DataFrame = field(default_factory=_empty)
    listed: Mapping[tuple[str, str], Mapping[int, float]] = field(default_factory=dict)
    statistics: Statistics = field(default_factory=Statistics)
    changed: tuple[str, ...] = ()
    _compared: dict[tuple[str, str, str], pd.DataFrame] = field(
        default_factory=dict, init=False, repr=False, compare=False
    )

    @cached_property
    def _by_benchmark(self) -> dict[tuple[Hashable, ...], pd.DataFrame]:
        """(space, dataset, protocol) -> its rows of the summary."""
        return dict(list(self.summary.groupby(["space", "dataset", "protocol"], sort=False)))

    def rows(
        self, space: str, dataset: str, method: str = "", protocol: str = PAPER
    ) -> pd.DataFrame:
        """The runs of a method, or of all, on a benchmark under a protocol; no predictions."""
        if (space, dataset) in _TRAINED:
            return self.summary[:0]
        rows = self._by_benchmark.get((space, dataset, protocol), self.summary[:0])
        return rows[rows["method"] == method].sort_values("seed") if method else rows

    def runs(self, space: str, dataset: str, method: str) -> pd.DataFrame:
        """The runs of a method under the paper's protocol, by seed."""
        return self.rows(space, dataset, method).reset_index(drop=True)

    def required_runs(
        self, space: str, dataset: str, method: str, protocol: str = PAPER
    ) -> pd.DataFrame:
        """The same as `runs`, also of another protocol; raises LackingData if there are none."""
        lacking = self.lacks(space, dataset, method)
        if lacking:
            raise LackingData(lacking)
        if protocol == PAPER:
            return self.runs(space, dataset, method)
        runs = self.rows(space, dataset, method, protocol)
        if runs.empty:
            raise LackingData(f"needs runs of {method} under protocol {protocol}")
        return runs

    def has_benchmark(self, space: str, dataset: str) -> bool:
        """Whether any method ran on the benchmark under the paper's protocol."""
        return not self.rows(space, dataset).empty

    def comparisons(self, space: str, dataset: str, method: str) -> pd.DataFrame:
        """`comparison_table` of a method on a benchmark under the paper's protocol."""
        key = (space, dataset, method)
        if key not in self._compared:
            rows = self._by_benchmark.get((*key[:2], PAPER), self.summary[:0])
            self._compared[key] = comparison_table(rows, self.statistics, method)
        return self._compared[key]

    def dataset_of(self, space: str, method: str) -> str:
        """The first dataset of a space with runs of a method on measured values; "" if none."""
        for place, dataset, protocol in self._by_benchmark:
            name = str(dataset)
            is_measured = (place, protocol) == (space, PAPER) and not is_predicted(space, name)
            if is_measured and len(self.rows(space, name, method)):
                return name
        return ""

    def lacks(self, space: str, dataset: str, *methods: str, needs: Sequence[str] = ()) -> str:
        """What the study lacks to check a number of methods on a benchmark; empty for nothing.

        `needs` are ids of sources; by default those of the benchmark.
        """
        if not self.has_benchmark(space, dataset):
            names = ", ".join(needs or needs_of(space, dataset))
            return f"needs data {names}" if names else f"needs data of {space}/{dataset}"
        absent = [name for name in methods if self.rows(space, dataset, name).empty]
        if absent:
            return f"needs runs of {', '.join(absent)}"
        changed = [name for name in methods if name in self.changed]
        return (
            f"needs runs of {', '.join(changed)} with default hyper-parameters" if changed else ""
        )

    @property
    def seeds_text(self) -> str:
        """The study's seeds as in the configuration."""
        return format_seeds(set(self.summary["seed"])) if len(self.summary) else ""


def read_study_record(
    statistics: Statistics,
    reference: Path | None = None,
    changed: Sequence[str] = (),
    **files: Sequence[Path],
) -> StudyRecord:
    """A record from the files (.csv or .parquet) of each of its frames.

    `reference` is the file of the seeds that the authors list, `changed` as in `StudyRecord`.
    """
    listed = read_listed_seeds(reference) if reference else {}
    frames = {name: read_rows(*paths) if paths else _empty() for name, paths in files.items()}
    frames = {name: frame if len(frame) else _empty() for name, frame in frames.items()}
    return StudyRecord(**frames, listed=listed, statistics=statistics, changed=tuple(changed))


def published_column(runs: pd.DataFrame, quantity: str) -> str:
    """The column of the summary with a quantity as the reference reports it.

    If evaluations draw one of several trainings, the reference reports the value drawn: its
    numbers are compared with `outcome_drawn` and `optimum_drawn`.
    """
    drawn = f"{quantity}_drawn"
    return drawn if drawn in runs and runs[drawn].notna().any() else quantity


def drawn_note(runs: pd.DataFrame, quantity: str) -> str:
    """The addition to a note if `published_column` holds drawn values; else empty."""
    if published_column(runs, quantity) == quantity:
        return ""
    return "; of single trainings, as the reference reports the value that an evaluation drew"
