"""How torch rounds in this process, found by a probe: what a test may compare with its numbers.

`tests/conftest.py` fixes torch's kernels before torch is imported. The probe then compares bits of
torch's results with those stored here, which are the same on the processors of AMD and of Intel.
"""

import hashlib

import numpy as np
import pytest
import torch

from ednag.search.instruction_set import Arithmetic

#: Digests of `_power` and of `_exponential`, and that of `_square_root` on AMD's processors.
_POWERS: dict[str, str] = {"avx2": "5f8d19a2d58a5cf4", "avx512": "da4d995d6a6b778d"}
_EXPONENTIALS = "713104da1887f4be"
_SQUARE_ROOTS = "c4db1e3dad5ff4fa"


def _digest(*results: torch.Tensor) -> str:
    """16 hexadecimal digits of the bits of float32 results."""
    digest = hashlib.sha256()
    for result in results:
        digest.update(np.ascontiguousarray(result).astype("<f4").tobytes())
    return digest.hexdigest()[:16]


def _power() -> str:
    """Powers and roots of rows of 56 numbers, normal numbers, cosines."""
    rows = torch.linspace(0, 1, 64 * 56).reshape(64, 56)
    exponents = (5, 6, 9, 1 / 5, 1 / 6, 1 / 9)
    normal = torch.randn(1680, generator=torch.Generator().manual_seed(0))
    cosines = torch.cos(torch.linspace(0, torch.pi, 100))
    return _digest(*(row**exponent for row in rows for exponent in exponents), normal, cosines)


def _exponential() -> str:
    return _digest(torch.exp(torch.linspace(-87, 5, 4096)))


def _square_root() -> str:
    return _digest(torch.linspace(0, 1, 4096) ** 0.5)


CAPABILITY = torch.backends.cpu.get_cpu_capability()
#: The arithmetic of torch's kernels in this process; avx2 where it is neither, for tests to skip.
ARITHMETIC: Arithmetic = "avx512" if CAPABILITY == "AVX512" else "avx2"
#: Elements that torch's kernel of `pow` computes together.
BLOCK = {"avx2": 16, "avx512": 32}[ARITHMETIC]

_ROUNDS = _power() == _POWERS[ARITHMETIC] and _exponential() == _EXPONENTIALS
#: For tests that compare with torch's numbers.
needs_known_rounding = pytest.mark.skipif(
    not _ROUNDS,
    reason=f"torch {torch.__version__} with kernels {CAPABILITY} rounds exp or pow in another way "
    "on this CPU than where the arithmetic was recorded",
)
#: MKL's square root starts from an estimate that each maker's processors make in their own way.
needs_known_square_roots = pytest.mark.skipif(
    not _ROUNDS or _square_root() != _SQUARE_ROOTS,
    reason="torch's square roots of AMD's processors are compared; this one rounds otherwise",
)
