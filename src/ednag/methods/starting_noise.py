"""Where methods that search genotypes start: Gaussian noise."""

import numpy as np

from ednag.spaces.interface import SearchSpace


def starting_noise(space: SearchSpace, count: int, generator: np.random.Generator) -> np.ndarray:
    """A first population float64[count, R * C]: standard normal, not normalised.

    In a space where noise hardly ever decodes to an architecture (MobileNetV3), the share of it
    that the reference replaces by well-formed genotypes comes first.
    """
    rows, columns = space.shape
    population = generator.standard_normal((count, rows * columns))
    given = int(count * space.profile.init_valid_rate)
    if given:
        state = np.random.RandomState(generator.bit_generator)
        population[:given] = space.well_formed(given, state).reshape(given, -1)
    return population
