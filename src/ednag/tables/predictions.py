"""Predicted values by key, from a benchmark of predictions."""

from collections.abc import Callable, Sequence

import numpy as np

from ednag.spaces.interface import SearchSpace
from ednag.tables.interface import Benchmark, PredictedBenchmark


def predictions_of(
    benchmark: Benchmark, space: SearchSpace
) -> Callable[[Sequence[str]], np.ndarray]:
    """From keys to predicted values float64[n]: looked up in a table, or predicted now."""

    def codes_of(keys: Sequence[str], space: SearchSpace) -> np.ndarray:
        return np.array([space.code(key) for key in keys], dtype=np.int64)

    if isinstance(benchmark, PredictedBenchmark):
        predict = benchmark.predict

        def predicted(keys: Sequence[str]) -> np.ndarray:
            fresh = space.fresh()
            return predict(fresh, codes_of(keys, fresh))

        return predicted
    (values,) = benchmark.values.values()
    return lambda keys: values[codes_of(keys, space)]
