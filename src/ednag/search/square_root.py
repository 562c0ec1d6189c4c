"""The square root of MKL's vector library, in numpy, which both engines use.

torch computes `sqrt` with MKL. MKL does not round correctly: it makes a Newton iteration in float32
that starts from the processor's estimate of 1/sqrt, and estimates differ between processors. The
estimate here is that of AMD's Zen processors, so that a run is the same on every machine. It was
found by comparing bits with torch 2.14 on an EPYC.
"""

import numpy as np

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
