"""A random forest of scikit-learn on the architectures that a search has evaluated."""

import numpy as np

from ednag.methods.budget import Spender
from ednag.ranker.ridge import normal_scores


class Forest:
    """A random forest, fitted to all evaluations of a run.

    It sees the `features` of architectures, 0 or 1 each, and learns the normal scores of their
    values: only order counts. scikit-learn's trees add scalars in the order of the sample, without
    the kernels of BLAS and NumPy that depend on the CPU; the trees are added in their order here.
    """

    def __init__(self, spender: Spender, trees: int, **settings: float) -> None:
        """`settings` are of scikit-learn's `RandomForestRegressor`; its defaults."""
        from sklearn.ensemble import RandomForestRegressor  # here: it takes a second to import

        self._space = spender.objective.space
        codes, values = spender.evaluated()
        seed = int(spender.generator.integers(2**32))
        forest = RandomForestRegressor(trees, n_jobs=1, random_state=seed, **settings)
        #: Normal scores float64[n] of the evaluations.
        self.scores = normal_scores(values)
        forest.fit(self._space.features(codes).astype(np.float32), self.scores)
        self._trees = [each.tree_ for each in forest.estimators_]

    def predict(self, codes: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Mean and variance of predictions, float64[n] each, of architectures int[n].

        Each tree has the mean and variance of its leaf; the variance is that of their mixture
        (Hutter et al., Artificial Intelligence 2014).
        """
        features = self._space.features(codes).astype(np.float32)
        mean, square = np.zeros((2, len(codes)))
        for tree in self._trees:
            leaves = tree.apply(features)
            value = tree.value[leaves, 0, 0]
            mean += value
            square += value * value + tree.impurity[leaves]
        mean /= len(self._trees)
        return mean, np.maximum(square / len(self._trees) - mean * mean, 0.0)
