"""What a search needs of the noise schedule, in numpy, bit for bit as torch computes it.

torch hands `cos` and `sqrt` to MKL's vector library. Its cosine is rounded from float64; its square
root is not the correctly rounded one but a Newton iteration in float32 that starts from the
processor's estimate of 1/sqrt. That estimate stands here as AMD's Zen processors make it, so that a
run is the same on every machine. Found by comparing bits with torch 2.14 on an EPYC.
"""

import math
from functools import lru_cache

import numpy as np

#: sin s = s + s^3 (c0 + c1 s^2 + c2 s^4 + c3 s^6) for s from -pi / 2 to pi / 2.
_SINE = (
    -0.16666659550425178,
    0.008333066246042969,
    -0.00019809602900059542,
    2.605780635068284e-06,
)
#: What float64 pi / 2 leaves.
_HALF_PI_LOW = 6.123233995736766e-17


def cosine(angle: np.ndarray) -> np.ndarray:
    """cos of float32[n] from 0 to pi; torch's on all but one of these 1,078,530,012 numbers."""
    shifted = (math.pi / 2 - angle.astype(np.float64)) + _HALF_PI_LOW
    square = shifted * shifted
    series = ((_SINE[3] * square + _SINE[2]) * square + _SINE[1]) * square + _SINE[0]
    return (shifted + shifted * square * series).astype(np.float32)


# The estimate of 1/sqrt(m) for m in [1, 2), then in [2, 4): 4 bits of the mantissa pick a row, 4
# more an entry of its first table, the next 4 an entry of its second, to be subtracted; the rest is
# ignored. The first table holds digits to be added to the function itself less one. Unit: 2^-13.
_ESTIMATES = (
    "0001101111111111111111111111111211111111112112121111111111211212"
    "0110111111111121121212112211111111111111112111121111111111111111"
    "2112121212122112111111221111122111211112121111211222112222222222"
    "1112111111121111212121211212211211122221111111111111121111211121"
    "1111122111211211111111111211111211111111122221111211112112112111"
    "1222211111211212121211211221111222211111221121121212121121121112"
    "1111111111111112111211111211111112121121121122211122222222222222"
    "1211111211111121111211111111111212112112112211221111222111111111"
)
_DECREASES = (
    "01234567789abcde01233456789aabcd012234566789abbc0122344567789aab"
    "001223455677899a011233455667889a00122334456678890011223445566788"
    "0112233445566778001122334455667700112233344556670112223344556667"
    "0011122333445566001122233444555600111223334455560001112233344455"
    "011233455677899a001223345567789900122334456677880012233445566778"
    "0011223344556677011122334455666700112223344555660011222334445566"
    "0001122233344555001112223334445500111222333444550111222333444455"
    "0001112222333444000111222233344400111122223333440011112222333344"
)


def _estimates() -> np.ndarray:
    """Estimates float32[2, 4096] of 1/sqrt(m) by the first 12 bits of the mantissa."""
    start = np.array([[1.0], [2.0]]) * (1 + np.arange(256) / 256)
    function = np.floor(2.0**13 / np.sqrt(start)).reshape(2, 16, 16, 1)
    digits = np.array([int(digit) for digit in _ESTIMATES]).reshape(2, 16, 16, 1)
    decreases = np.array([int(digit, 16) for digit in _DECREASES]).reshape(2, 16, 1, 16)
    return ((function + digits - 1 - decreases) / 2.0**13).astype(np.float32).reshape(2, 4096)


#: float32[2, 4096]; see `_estimates`.
INVERSE_ROOTS = _estimates()


def square_root(x: np.ndarray) -> np.ndarray:
    """MKL's sqrt of float32[n], 0 or at least 2^-126; NaN of negative numbers."""
    one, half = np.float32(1), np.float32(0.5)
    bits = x.astype(np.float32).view(np.int32)
    exponent = (bits >> 23) - 127
    with np.errstate(invalid="ignore", over="ignore"):
        guess = INVERSE_ROOTS[exponent & 1, (bits >> 11) & 4095] * np.ldexp(one, -(exponent >> 1))
        root, slope = x * guess, half * guess
        error = half - root * slope
        root, slope = root + root * error, slope + slope * error
        root = root + (x - root * root) * slope
        return np.where(x > 0, root, np.sqrt(x))


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
    alpha = (cosine(angle) + np.float32(1)) / np.float32(2)
    alpha.flags.writeable = False
    return alpha


@lru_cache(maxsize=16)
def step_coefficients(num_step: int, noise_scale: float) -> np.ndarray:
    """What a denoising step needs of the schedule, float32[num_step - 1, 6], a row per step.

    With a and a' the schedule at the step and where it goes to: sqrt(a); 2 (1 - a); sqrt(1 - a);
    sqrt(a'); sqrt(1 - a' - sigma^2); sigma. See `denoising.ddim_step`.
    """
    alpha = cosine_schedule(num_step)[::-1]
    here, following = alpha[:-1], alpha[1:]
    one = np.float32(1)
    rest = square_root(one - here)
    ratio = (one - following) / (one - here) * (one - here / following)
    sigma = np.float32(noise_scale) * square_root(ratio)
    columns = (
        square_root(here),
        np.float32(2) * (rest * rest),
        rest,
        square_root(following),
        square_root(one - following - sigma * sigma),
        sigma,
    )
    coefficients = np.stack(columns, axis=1)
    coefficients.flags.writeable = False
    return coefficients
