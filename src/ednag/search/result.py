"""The result of a search, the same from both engines."""

import math
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class StepTrace:
    """The population at the start of each denoising step, float64[steps] each.

    Attributes:
        mean: Mean metric. Invalid individuals count as 0, as in the reference; of a loss, whose
            invalid value is 1e8, only the valid individuals count.
        best: Best metric.
        valid_rate: Share of individuals that decode to an architecture, in [0, 1].
        unique_rate: Distinct architectures among the valid individuals, in [0, 1].
    """

    mean: np.ndarray
    best: np.ndarray
    valid_rate: np.ndarray
    unique_rate: np.ndarray


@dataclass(frozen=True)
class SearchResult:
    """How a search ended.

    Attributes:
        status, detail: "completed", or "degenerate" and the reason.
        outcome: Code of the reported architecture, -1 if none was valid.
        final_population: Codes int32[N] of the last population.
        steps: The trace of the denoising steps.
        outcome_metric: The metric of the outcome as it was evaluated; NaN without an outcome.
    """

    status: str
    detail: str
    outcome: int
    final_population: np.ndarray
    steps: StepTrace
    outcome_metric: float = math.nan
