"""TransNAS-Bench-101: seven tasks, one small public table each (search-spaces specification).

A table has one row per architecture, in the order of the benchmark's index file: 3,256 macro
skeletons, then 4,096 micro cells. Each column is its own MAXIMUM over epochs. So a `*_loss` column
holds the worst epoch, a `*_neg_loss` column the negated best one; the validation and test maxima of
a row may come from different epochs.
"""

import re
from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING

import numpy as np

from ednag.errors import EdnagError
from ednag.tables.columns import read_csv
from ednag.tables.interface import Metric, Protocol, TableDefinition

if TYPE_CHECKING:
    import pandas as pd

INDEX = "transnas-arch-index"
_ENTRY = re.compile(r"ArchResult\(arch-index=(\d+), arch=(64-\S+), 7 tasks\)")
_MACRO_END = "-basic"

#: Of each task: title, metric, factor from the file's unit to ours, factors of the reference's
#: fitness on macro and micro (ednag-search specification, Fitness).
_TASKS = {
    "class_scene": ("Scene classification", "top1", 1, 1.73, 1.82),
    "class_object": ("Object classification", "top1", 1, 2.08, 2.15),
    "jigsaw": ("Jigsaw puzzle", "top1", 1, 1.03, 1.04),
    "segmentsemantic": ("Semantic segmentation", "mIoU", 1, 3.37, 3.80),
    "normal": ("Surface normals", "ssim", 100, 1.55, 1.67),
    "autoencoder": ("Autoencoding", "ssim", 100, 1.30, 1.73),
}
_ROOM_LAYOUT = ("Room layout", 2814.0, 2969.0)


def read_index(path: Path) -> list[str]:
    """The benchmark's 7,352 strings by index; raises EdnagError for a wrong or misplaced line."""
    keys = []
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines()):
        match = _ENTRY.fullmatch(line.strip())
        if match is None or int(match[1]) != number:
            raise EdnagError(f"{INDEX}: line {number + 1}: {line[:60]!r} is not entry {number}")
        keys.append(match[2])
    return keys


def read(
    paths: Mapping[str, Path], task: str, space: str, metrics: tuple[Metric, ...], unit: float
) -> "pd.DataFrame":
    """One row per architecture of `space`: `key` and the metrics, times `unit`.

    Raises EdnagError as `read_csv`, or if the rows are not those of the index.
    """
    source = f"transnas-{task}-csv"
    columns = [metric.name for metric in metrics]
    frame = read_csv(paths[source], source, numbers=["file_id", *columns])
    keys = read_index(paths[INDEX])
    wrong = np.flatnonzero(frame["file_id"].to_numpy() != np.arange(len(frame)))
    if len(wrong) or len(frame) != len(keys):
        row = int(wrong[0]) if len(wrong) else min(len(frame), len(keys))
        raise EdnagError(f"{source}: row {row + 1} is missing, repeated or out of its place")
    in_space = np.array([key.endswith(_MACRO_END) for key in keys]) == (space == "transnas-macro")
    rows = frame.loc[in_space, columns] * unit
    return rows.assign(key=np.array(keys)[in_space]).reset_index(drop=True)


def _accuracies(space: str, task: str) -> tuple[tuple[Metric, ...], Protocol, Protocol]:
    """Metrics and protocols, `paper` and `validation`, of a task where higher is better."""
    _, kind, unit, macro, micro = _TASKS[task]
    factor = macro if space == "transnas-macro" else micro
    name = "%" if unit == 1 else "ssim x 100"
    metrics = (
        Metric(f"valid_{kind}", name, f"validation {kind}, best epoch"),
        Metric(f"test_{kind}", name, f"test {kind}, best epoch by itself"),
        Metric(f"train_{kind}", name, f"training {kind}, best epoch"),
    )
    paper = Protocol(
        fitness_metric=f"valid_{kind}",
        reported_metric=f"valid_{kind}",
        factor=factor,
        zero_below=2e-8,
        description=f"fitness and result are the validation {kind} of the best epoch, times "
        f"{factor} in the fitness, as the reference does",
    )
    validation = replace(
        paper,
        reported_metric=f"test_{kind}",
        description=f"fitness is the validation {kind}, the result is the test {kind} of the "
        "architecture that won on validation",
    )
    return metrics, paper, validation


def _losses(space: str) -> tuple[tuple[Metric, ...], Protocol, Protocol]:
    """Metrics and protocols, `paper` and `validation`, of room layout."""
    _, macro, micro = _ROOM_LAYOUT
    best = {
        f"{part}_neg_loss": f"{words} loss, best epoch, negated"
        for part, words in (("valid", "validation"), ("test", "test"), ("train", "training"))
    }
    metrics = (
        Metric("train_loss", "loss x 100", "training loss, WORST epoch", False, high=1e4),
        *(Metric(name, "-loss x 100", text, low=-1e4, high=0) for name, text in best.items()),
    )
    paper = Protocol(
        fitness_metric="train_loss",
        reported_metric="train_loss",
        factor=macro if space == "transnas-macro" else micro,
        rule="inverse",
        description="fitness and result are the TRAINING loss of the WORST epoch, minimised, as "
        "the reference does",
    )
    validation = replace(
        paper,
        fitness_metric="valid_neg_loss",
        reported_metric="test_neg_loss",
        description="fitness is the validation loss of the best epoch, the result is the test "
        "loss of the architecture that won on validation (both negated)",
    )
    return metrics, paper, validation


def _table(space: str, task: str) -> TableDefinition:
    room_layout = task == "room_layout"
    metrics, paper, validation = _losses(space) if room_layout else _accuracies(space, task)
    unit = 100 if room_layout else _TASKS[task][2]
    return TableDefinition(
        space=space,
        dataset=task,
        title=_ROOM_LAYOUT[0] if room_layout else _TASKS[task][0],
        sources=(f"transnas-{task}-csv", INDEX),
        metrics=metrics,
        protocols={"paper": paper, "validation": validation},
        read=partial(read, task=task, space=space, metrics=metrics, unit=unit),
        complete=True,
        official=("transnas-v10141024",),
    )


def _tables(space: str) -> SimpleNamespace:
    return SimpleNamespace(**{task: _table(space, task) for task in (*_TASKS, "room_layout")})


MICRO, MACRO = _tables("transnas-micro"), _tables("transnas-macro")
