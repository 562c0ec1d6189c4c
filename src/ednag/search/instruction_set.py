"""The instruction set by which torch rounds, fixed before torch is imported.

torch chooses its kernels by the CPU, and so does the mathematical library (MKL) inside it, so that
last bits differ between machines. Two environment variables fix the choice if they are set before
torch is imported: ATEN_CPU_CAPABILITY that of torch, MKL_CBWR that of MKL.
"""

import os
import sys
from typing import Literal

from ednag.errors import EdnagError

#: Instruction sets of the reference machine whose last bits a search reproduces.
Arithmetic = Literal["avx2", "avx512"]
#: What the kernels of each instruction set need of a CPU. torch does not check it.
_FEATURES = {
    "avx2": ("avx2", "fma"),
    "avx512": ("avx2", "fma", "avx512f", "avx512bw", "avx512dq", "avx512vl"),
}


def has_instruction_set(arithmetic: Arithmetic) -> bool:
    """Whether this CPU has an instruction set."""
    from llvmlite import binding

    try:
        features = binding.get_host_cpu_features()
    except RuntimeError:  # LLVM cannot tell on this platform.
        return False
    return all(features.get(name, False) for name in _FEATURES[arithmetic])


def kernels(arithmetic: Arithmetic) -> dict[str, str]:
    """The environment variables that fix the kernels; MKL's are those that it has on AMD's CPUs."""
    return {"ATEN_CPU_CAPABILITY": arithmetic, "MKL_CBWR": "COMPATIBLE"}


def use_instruction_set(arithmetic: Arithmetic) -> None:
    """Let torch compute by an instruction set, on one thread, in this process.

    Raises:
        EdnagError: The CPU lacks it, or torch already computes by another one.
    """
    if "torch" not in sys.modules:
        if not has_instruction_set(arithmetic):
            raise EdnagError(
                f"the readable engine computes by the instruction set {arithmetic}, which this CPU "
                "lacks; use a CPU that has it, or the compiled engine, which needs none"
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
