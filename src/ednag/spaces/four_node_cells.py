"""Cells of four nodes with operations on edges: NAS-Bench-201, TransNAS-Bench-101 micro."""

import numpy as np

#: (target, source) node of each edge, in the order of the keys of both benchmarks.
EDGES = ((1, 0), (2, 0), (2, 1), (3, 0), (3, 1), (3, 2))
#: The paths from node 0 to node 3, as positions in EDGES.
_PATHS = ((3,), (0, 4), (1, 5), (0, 2, 5))


def paths_of(operations: np.ndarray, options: int) -> np.ndarray:
    """The path encoding of cells (White et al., AAAI 2021).

    Args:
        operations: int[n, 6], the operation on each edge, 0 to `options` - 1; 0 is no edge.
        options: Number of operations, that of no edge included.

    Returns:
        bool[n, (options - 1) + (options - 1)^2 + (options - 1)^3]: for each sequence of one, two
        and three operations, whether a path from input to output has it.
    """
    rows, some = np.arange(len(operations)), options - 1
    found = [np.zeros((len(operations), some**length), dtype=bool) for length in (1, 2, 3)]
    for path in _PATHS:
        along = operations[:, path]
        number = (along - 1) @ some ** np.arange(len(path))[::-1]
        there = (along > 0).all(axis=1)
        found[len(path) - 1][rows[there], number[there]] = True
    return np.concatenate(found, axis=1)
