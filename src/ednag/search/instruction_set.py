"""Fix the instruction set with which torch computes, before torch is imported.

torch and its mathematical library MKL choose their kernels by the CPU, so that last bits differ
between machines. Environment variables that are set before torch is imported fix the choice.
"""

import os
import sys
from collections.abc import Mapping
from typing import Literal, cast

from ednag.errors import EdnagError

#: Instruction sets of the reference machine whose last bits a search reproduces.
Arithmetic = Literal["avx2", "avx512"]
#: Features of a CPU that the kernels of each instruction set need. torch does not check them.
_FEATURES = {
    "avx2": ("avx2", "fma"),
    "avx512": ("avx2", "fma", "avx512f", "avx512bw", "avx512dq", "avx512vl"),
}


def has_instruction_set(arithmetic: Arithmetic) -> bool:
    """Whether this CPU has an instruction set."""
    features = _features()
    return all(features.get(name, False) for name in _FEATURES[arithmetic])


def multiplies_bfloat16() -> bool:
    """Whether this CPU has instructions for products in bfloat16, of which torch makes use."""
    features = _features()
    return any(features.get(name, False) for name in ("amx-bf16", "avx512bf16"))


def _features() -> Mapping[str, bool]:
    """What LLVM calls the features of this CPU: whether it has each; empty where it cannot tell."""
    from llvmlite import binding

    try:
        return cast(Mapping[str, bool], binding.get_host_cpu_features())
    except RuntimeError:
        return {}


def kernels(arithmetic: Arithmetic) -> dict[str, str]:
    """The environment variables that fix the kernels; MKL gets its kernels for AMD's CPUs."""
    return {"ATEN_CPU_CAPABILITY": arithmetic, "MKL_CBWR": "COMPATIBLE"}


def use_instruction_set(arithmetic: Arithmetic) -> None:
    """Make torch compute with an instruction set, on one thread, in this process.

    Raises:
        EdnagError: The CPU lacks it, or torch already computes with another one.
    """
    if "torch" not in sys.modules:
        if not has_instruction_set(arithmetic):
            raise EdnagError(
                f"this CPU lacks the instruction set {arithmetic}, which the readable engine "
                "needs; use the compiled engine, which runs on every CPU"
            )
        os.environ.update(kernels(arithmetic))
    import torch

    torch.set_num_threads(1)
    present = torch.backends.cpu.get_cpu_capability()
    if present != arithmetic.upper():
        raise EdnagError(
            f"torch computes by {present} in this process, not by {arithmetic}; start another "
            f"process with ATEN_CPU_CAPABILITY={arithmetic}, or use the compiled engine"
        )
