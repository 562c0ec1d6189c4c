"""What a study has measured, as claims and printed tables ask for it; and what it lacks."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pandas as pd

from ednag.study.configuration import Statistics
from ednag.study.seeds import format_seeds
from ednag.tables import TABLES, get_definition

#: The protocol of every number the paper prints.
PAPER = "paper"

_PREDICTOR = ("meta-predictor-checkpoint", "nasbench201-meta")
_MOBILENET = ("mbv3-meta-checkpoint", "mbv3-supernet")
#: Benchmarks whose numbers in the paper are of trained architectures, and what training them needs.
#: A study may search them by prediction; a prediction is never held against a printed number.
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


@dataclass(frozen=True)
class Record:
    """Frames of a study.

    Attributes:
        summary: One row per run (evidence.summaries).
        generated: One row per run of the methods in study.comparisons.GENERATORS.
        seeds: One row per seed the authors list (evidence.authors_seeds).
        sets: One row per benchmark with listed seeds.
        searches: Draws and outcomes of searches by rankers (ranker.study.search_rows).
        enumerated: How many cells there are (evidence.cells.enumeration_table).
        published_records: How many of NAR's records agree (evidence.cells.write_records).
        statistics: How runs are summarised.
    """

    summary: pd.DataFrame
    generated: pd.DataFrame = field(default_factory=_empty)
    seeds: pd.DataFrame = field(default_factory=_empty)
    sets: pd.DataFrame = field(default_factory=_empty)
    searches: pd.DataFrame = field(default_factory=_empty)
    enumerated: pd.DataFrame = field(default_factory=_empty)
    published_records: pd.DataFrame = field(default_factory=_empty)
    statistics: Statistics = field(default_factory=Statistics)

    def runs(self, space: str, dataset: str, method: str) -> pd.DataFrame:
        """The runs of a method under the paper's protocol, with what it generated; by seed."""
        group = _of(self.summary, space, dataset, method)
        made = _of(self.generated, space, dataset, method)
        if made.empty:
            return group.reset_index(drop=True)
        extra = [name for name in made if name not in group or name == "seed"]
        return group.merge(made[extra], on="seed", how="left")

    def has_benchmark(self, space: str, dataset: str) -> bool:
        """Whether any method ran on the benchmark under the paper's protocol."""
        summary = self.summary
        if (space, dataset) in _TRAINED:
            return False
        same = (summary["space"] == space) & (summary["dataset"] == dataset)
        return bool((same & (summary["protocol"] == PAPER)).any())

    def lacks(self, space: str, dataset: str, *methods: str, needs: Sequence[str] = ()) -> str:
        """What must be there before a number can be checked; empty if nothing is missing.

        Args:
            space, dataset: The benchmark.
            methods: Methods that must have run on it.
            needs: Source ids; by default those of the benchmark.
        """
        if not self.has_benchmark(space, dataset):
            names = ", ".join(needs or needs_of(space, dataset))
            return f"needs data {names}" if names else f"needs data of {space}/{dataset}"
        absent = [name for name in methods if _of(self.summary, space, dataset, name).empty]
        return f"needs runs of {', '.join(absent)}" if absent else ""

    @property
    def seeds_text(self) -> str:
        """The study's seeds as in the configuration."""
        return format_seeds(set(self.summary["seed"])) if len(self.summary) else ""


def _of(frame: pd.DataFrame, space: str, dataset: str, method: str) -> pd.DataFrame:
    """Rows of one method on one benchmark under the paper's protocol, by seed; no predictions."""
    if frame.empty:
        return frame
    if (space, dataset) in _TRAINED:
        return frame[:0]
    chosen = (
        (frame["space"] == space)
        & (frame["dataset"] == dataset)
        & (frame["protocol"] == PAPER)
        & (frame["method"] == method)
    )
    return frame[chosen].sort_values("seed")


def read_record(
    summaries: Sequence[Path],
    generated: Sequence[Path],
    seeds: Sequence[Path],
    sets: Sequence[Path],
    statistics: Statistics,
    searches: Sequence[Path] = (),
    enumerated: Sequence[Path] = (),
    published_records: Sequence[Path] = (),
) -> Record:
    """A record from the workflow's files; a kind of which there is none stays empty."""
    return Record(
        _concatenated([pd.read_parquet(path) for path in summaries]),
        _concatenated([pd.read_parquet(path) for path in generated]),
        _concatenated([pd.read_csv(path) for path in seeds]),
        _concatenated([pd.read_csv(path) for path in sets]),
        _concatenated([pd.read_parquet(path) for path in searches]),
        _concatenated([pd.read_csv(path) for path in enumerated]),
        _concatenated([pd.read_csv(path) for path in published_records]),
        statistics,
    )


def _concatenated(frames: Sequence[pd.DataFrame]) -> pd.DataFrame:
    """The rows of all frames that have any."""
    some = [frame for frame in frames if len(frame)]
    return pd.concat(some, ignore_index=True) if some else _empty()


def published_column(runs: pd.DataFrame, quantity: str) -> str:
    """The column of the summary that holds a quantity as the reference reports it.

    Where evaluations draw one of several trainings, the reference reports the value drawn, so that
    its numbers are compared with `outcome_drawn` and `optimum_drawn`.
    """
    drawn = f"{quantity}_drawn"
    return drawn if drawn in runs and runs[drawn].notna().any() else quantity


def drawn_note(runs: pd.DataFrame, quantity: str) -> str:
    """What to add to a note on `published_column` if that column holds values drawn; else ""."""
    if published_column(runs, quantity) == quantity:
        return ""
    return "; of single trainings, as the reference reports the value that an evaluation drew"


def finite(values: pd.Series) -> np.ndarray:
    """float64[n]: the values that are there."""
    array = values.to_numpy(dtype=np.float64)
    return array[~np.isnan(array)]
