"""The package nas-bench-graph 1.4.0: nine graph datasets, one pickle each.

Every network was trained with three seeds; the package gives the means. The table of proteins has
the five operations gcn, sage, arma, fc and skip only: 2,021 of the 26,206 networks.
Source: search-spaces specification, last part; the package's README.
"""

from collections.abc import Mapping
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING

from ednag.errors import EdnagError
from ednag.spaces.nasbench_graph import MACROS, OPERATIONS, POSITIONS
from ednag.tables.columns import as_number
from ednag.tables.interface import Metric, Protocol, TableDefinition
from ednag.tables.unpickling import NUMPY_NUMBERS, load_restricted

if TYPE_CHECKING:
    import pandas as pd

#: Networks with an entry.
_COUNT, _COUNT_PROTEINS = 26_206, 2_021
#: Column -> its name in the package and the factor to our unit.
_COLUMNS = {
    "validation_performance": ("valid_perf", 100.0),
    "test_performance": ("perf", 100.0),
    "latency": ("latency", 1.0),
    "parameters": ("para", 1.0),
}
#: Dataset -> (title, factors of the protocols `paper` and `validation`): 100 over the best value
#: of the table, rounded down to two decimals. The reference's factors on TransNAS-Bench-101 are
#: chosen by this rule.
_DATASETS = {
    "cora": ("Cora", 1.20, 1.22),
    "citeseer": ("CiteSeer", 1.39, 1.37),
    "pubmed": ("PubMed", 1.27, 1.23),
    "cs": ("Coauthor CS", 1.09, 1.08),
    "physics": ("Coauthor Physics", 1.07, 1.06),
    "photo": ("Amazon Photo", 1.07, 1.06),
    "computers": ("Amazon Computers", 1.16, 1.08),
    "arxiv": ("ogbn-arxiv", 1.38, 1.35),
    "proteins": ("ogbn-proteins", 1.26, 1.17),
}


def _key_of(name: object) -> str:
    """The key of the package's `name`, five digits for macro and operations, or ValueError."""
    if type(name) is not int or not 0 <= name < 10 ** (1 + POSITIONS):
        raise ValueError(f"{name!r} is not a number of five digits")
    macro, *operations = map(int, f"{name:05d}")
    if macro >= len(MACROS) or max(operations) >= len(OPERATIONS):
        raise ValueError(f"{name} has a digit above 8")
    tokens = zip(operations, MACROS[macro], strict=True)
    return "".join(f"|{OPERATIONS[op]}~{link}" for op, link in tokens) + "|"


def read(paths: Mapping[str, Path], dataset: str) -> "pd.DataFrame":
    """One row per network: `key`, two performances (%), `latency` (s), `parameters` (millions).

    Raises EdnagError if a record is missing or not as version 1.4.0 writes it.
    """
    import pandas as pd

    source = f"nas-bench-graph-{dataset}"
    records = load_restricted(paths[source].read_bytes(), NUMPY_NUMBERS, source)
    count = _COUNT_PROTEINS if dataset == "proteins" else _COUNT
    if not isinstance(records, dict) or len(records) != count:
        content = len(records) if isinstance(records, dict) else type(records).__name__
        raise EdnagError(f"{source}: {count} networks expected, it holds {content}")
    rows = []
    for position, (name, record) in enumerate(records.items(), 1):
        try:
            values = {
                column: factor * as_number(record[theirs], theirs)
                for column, (theirs, factor) in _COLUMNS.items()
            }
            rows.append({"key": _key_of(name), **values})
        except (KeyError, TypeError, ValueError) as error:
            raise EdnagError(
                f"{source}: row {position}: not as version 1.4.0 writes it: "
                f"{type(error).__name__}: {error}"
            ) from None
    return pd.DataFrame(rows)


def _definition(dataset: str) -> TableDefinition:
    title, paper, validation = _DATASETS[dataset]
    measure = "ROC-AUC" if dataset == "proteins" else "accuracy"
    return TableDefinition(
        space="nasbench-graph",
        dataset=dataset,
        title=title,
        sources=(f"nas-bench-graph-{dataset}",),
        metrics=(
            Metric("validation_performance", "%", f"validation {measure}, mean of 3 runs"),
            Metric("test_performance", "%", f"test {measure}, mean of 3 runs"),
            # The package states no units; these are read off the sizes of the numbers.
            Metric("latency", "s", "latency", higher_is_better=False, high=1e3),
            Metric("parameters", "millions", "parameters", higher_is_better=False, high=1e3),
        ),
        protocols={
            "paper": Protocol(
                fitness_metric="test_performance",
                reported_metric="test_performance",
                factor=paper,
                description=f"fitness is the test {measure} itself, times {paper}, as the "
                "reference would do: the factor sends the optimum to about 100",
            ),
            "validation": Protocol(
                fitness_metric="validation_performance",
                reported_metric="test_performance",
                factor=validation,
                description=f"fitness is the validation {measure}, times {validation}; the test "
                f"{measure} is only reported",
            ),
        },
        read=partial(read, dataset=dataset),
    )


TABLES = SimpleNamespace(**{dataset: _definition(dataset) for dataset in _DATASETS})
