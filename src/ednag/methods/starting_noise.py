"""The first population of methods that search genotypes: Gaussian noise."""

import numpy as np

from ednag.spaces.interface import SearchSpace


def starting_noise(space: SearchSpace, count: int, generator: np.random.Generator) -> np.ndarray:
    """A first population float64[count, R * C]: standard normal, not normalised.

    In a space where noise rarely decodes to an architecture (MobileNetV3), the first rows are
    well-formed genotypes; their share is that of the reference.
    """
    rows, columns = space.shape
    population = generator.standard_normal((count, rows * columns))
    well_formed = int(count * space.profile.init_valid_rate)
    if well_formed:
        state = np.random.RandomState(generator.bit_generator)
        population[:well_formed] = space.well_formed(well_formed, state).reshape(well_formed, -1)
    return population
