"""Predicted values by key, from a benchmark of predictions."""

from collections.abc import Callable, Sequence

import numpy as np

from ednag.spaces.interface import SearchSpace
from ednag.tables.interface import Benchmark, PredictedBenchmark


def predictions_of(
    benchmark: Benchmark, space: SearchSpace
) -> Callable[[Sequence[str]], np.ndarray]:
    """From keys to predicted values float64[n]: looked up in a table, or predicted now."""

    def predictions(keys: Sequence[str]) -> np.ndarray:
        fresh = space.fresh()
        codes = np.array([fresh.code(key) for key in keys], dtype=np.int64)
        if isinstance(benchmark, PredictedBenchmark):
            return benchmark.predict(fresh, codes)
        (values,) = benchmark.values.values()
        return values[codes]

    return predictions
