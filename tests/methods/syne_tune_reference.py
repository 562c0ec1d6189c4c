"""Regularised evolution of Syne Tune on the packaged table: the record our own is held against.

Syne Tune brings xgboost and statsmodels, half a gigabyte for one test, so that it is not among
our dependencies: the record stands in data/, and this module makes it anew.

    pip install --no-deps syne-tune==0.16.0 dill
    python -m tests.methods.syne_tune_reference > tests/methods/data/syne_tune_evolution.csv
"""

import sys
from pathlib import Path

import numpy as np
import pandas as pd

from ednag.sources.lookup import locate
from ednag.spaces import get_space
from ednag.spaces.interface import digits_of, mixed_radix
from ednag.tables import get_definition
from ednag.tables.interface import BenchmarkTable

RECORD = Path(__file__).with_name("data") / "syne_tune_evolution.csv"
SETTINGS = ((100, 10), (30, 10), (10, 3))
SEEDS = range(100)
#: Look-ups after which the best is recorded. Syne Tune counts repeats, as look-ups do.
LOOKUPS = (50, 100, 200, 400)


def packaged_table() -> BenchmarkTable:
    """The table of analog-nasbench: 15,625 cells."""
    definition = get_definition("nasbench201", "cifar10-analog")
    return definition.build(locate(definition.sources), {})


def best_of_syne_tune(values: np.ndarray, population: int, sample: int, seed: int) -> list[float]:
    """Best value after each of LOOKUPS; `values` by code, six edges of five operations."""
    from syne_tune.config_space import choice  # type: ignore[import-not-found]
    from syne_tune.optimizer.schedulers.searchers.regularized_evolution import (  # type: ignore[import-not-found]
        RegularizedEvolution,
    )

    # Its first population is drawn by numpy's global generator.
    np.random.seed(seed)  # noqa: NPY002
    edges = {f"edge{place}": choice(list(range(5))) for place in range(6)}
    searcher = RegularizedEvolution(
        edges, population_size=population, sample_size=sample, random_seed=seed
    )
    seen = []
    for trial in range(max(LOOKUPS)):
        config = searcher.suggest()
        code = mixed_radix(np.array([[config[name] for name in edges]]), 5)[0]
        seen.append(float(values[code]))
        searcher.on_trial_complete(trial, config, -seen[-1])
    best = np.maximum.accumulate(seen)
    return [round(float(best[count - 1]), 6) for count in LOOKUPS]


def record() -> pd.DataFrame:
    """One row per setting and seed."""
    table = packaged_table()
    values = table.values["baseline_accuracy"]
    # Six digits of base five are the codes themselves.
    assert get_space(table.space).size == 5**6
    assert mixed_radix(digits_of(np.arange(5**6), 5, 6), 5).tolist() == list(range(5**6))
    rows = [
        (population, sample, seed, *best_of_syne_tune(values, population, sample, seed))
        for population, sample in SETTINGS
        for seed in SEEDS
    ]
    names = [f"best_within_{count}_lookups" for count in LOOKUPS]
    return pd.DataFrame(rows, columns=["population", "sample", "seed", *names])


if __name__ == "__main__":
    record().to_csv(sys.stdout, index=False, lineterminator="\n")
