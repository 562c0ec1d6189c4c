"""From a metric to the fitness that selection sees (ednag-search specification, Fitness)."""

import numpy as np

from ednag.tables.interface import Protocol

#: (upper end, fitness at the lower end, lower end, slope) of each piece of `rescale`.
_PIECES = (
    (30.0, 0.0, 0.0, 0.1),
    (50.0, 3.0, 30.0, 1.0),
    (70.0, 23.0, 50.0, 2.0),
    (75.0, 63.0, 70.0, 3.0),
    (80.0, 78.0, 75.0, 5.0),
    (85.0, 103.0, 80.0, 10.0),
    (90.0, 153.0, 85.0, 30.0),
    (95.0, 303.0, 90.0, 40.0),
    (np.inf, 503.0, 95.0, 50.0),
)


def rescale(values: np.ndarray) -> np.ndarray:
    """The reference's piecewise-linear scale of a metric in %, steeper towards 100.

    Args:
        values: float32[n]; the metric times the protocol's factor.

    Returns:
        float32[n]; 0 at 0, 303 at 90, 753 at 100, continuous.
    """
    values = np.asarray(values, dtype=np.float32)
    conditions = [values < upper for upper, *_ in _PIECES]
    pieces = [start + slope * (values - low) for _, start, low, slope in _PIECES]
    return np.select(conditions, pieces).astype(np.float32)


#: Largest finite value; larger ones have fitness 0.
_INFINITE = 99999.0
#: Value of room_layout at an infinite loss, and the value below which the fitness is 0.
_INVERSE_START, _INVERSE_ZERO = 50.0, 50.01
#: Metric of an invalid architecture where the metric is a loss.
WORST_LOSS = 1e8


def fitness_of(metric: np.ndarray, protocol: Protocol) -> np.ndarray:
    """The fitness that selection sees, float32[n], 0 or more.

    Args:
        metric: float32[n], 0 for an invalid architecture (a loss: plus or minus WORST_LOSS).
        protocol: Rule, factor and where the fitness is zero.
    """
    metric = np.asarray(metric, dtype=np.float32)
    if protocol.rule == "inverse":
        # The reciprocal is rounded before it is multiplied: the specification's "last bits".
        value = _INVERSE_START + np.float32(protocol.factor) * (np.float32(1) / np.abs(metric))
        counts = (value > _INVERSE_ZERO) & (value < _INFINITE)
    else:
        value = np.float32(protocol.factor) * metric
        counts = (value >= protocol.zero_below) & (value <= _INFINITE)
    return np.where(counts, rescale(value), np.float32(0))
