"""The noise schedule in numpy, bit for bit as torch computes it.

torch computes `cos` with MKL's vector library, which rounds it from float64, and `sqrt` as in
`ednag.search.square_root`. Found by comparing bits with torch 2.14.
"""

import math
from functools import lru_cache

import numpy as np

from ednag.search.square_root import square_root

#: sin s = s + s^3 (c0 + c1 s^2 + c2 s^4 + c3 s^6) for s from -pi / 2 to pi / 2.
_SINE = (
    -0.16666659550425178,
    0.008333066246042969,
    -0.00019809602900059542,
    2.605780635068284e-06,
)
#: pi / 2 minus its float64 value.
_HALF_PI_LOW = 6.123233995736766e-17


def _cosine(angle: np.ndarray) -> np.ndarray:
    """cos of float32[n] from 0 to pi; as torch's but for one of these 1,078,530,012 numbers."""
    shifted = (math.pi / 2 - angle.astype(np.float64)) + _HALF_PI_LOW
    square = shifted * shifted
    series = ((_SINE[3] * square + _SINE[2]) * square + _SINE[1]) * square + _SINE[0]
    return (shifted + shifted * square * series).astype(np.float32)


@lru_cache(maxsize=16)
def cosine_schedule(num_step: int) -> np.ndarray:
    """alpha, float32[num_step], from 1 (no noise) down to 0 (pure noise); see `denoising`.

    The angles are torch's linspace: from both ends, in the second half with the product not rounded
    (it is exact in float64).
    """
    end = np.float32(math.pi)
    step = end / np.float32(num_step - 1)
    position = np.arange(num_step)
    rising = step * position.astype(np.float32)
    falling = np.float64(end) - np.float64(step) * (num_step - 1 - position)
    angle = np.where(position < num_step // 2, rising, falling.astype(np.float32))
    alpha = (_cosine(angle) + np.float32(1)) / np.float32(2)
    alpha.flags.writeable = False
    return alpha


@lru_cache(maxsize=16)
def step_coefficients(num_step: int, noise_scale: float) -> np.ndarray:
    """The coefficients of each denoising step, float32[num_step - 1, 6], a row per step.

    With a the schedule before the step and a' after it: sqrt(a); 2 (1 - a); sqrt(1 - a); sqrt(a');
    sqrt(1 - a' - sigma^2); sigma. See `denoising.ddim_step`.
    """
    alpha = cosine_schedule(num_step)[::-1]
    present, following = alpha[:-1], alpha[1:]
    one = np.float32(1)
    rest = square_root(one - present)
    ratio = (one - following) / (one - present) * (one - present / following)
    sigma = np.float32(noise_scale) * square_root(ratio)
    columns = (
        square_root(present),
        np.float32(2) * (rest * rest),
        rest,
        square_root(following),
        square_root(one - following - sigma * sigma),
        sigma,
    )
    coefficients = np.stack(columns, axis=1)
    coefficients.flags.writeable = False
    return coefficients
