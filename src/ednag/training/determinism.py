"""Deterministic computation with torch."""

import hashlib
import os
from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import nn
from torch.utils import deterministic as fill_settings


@contextmanager
def deterministic(device: torch.device, seed: int) -> Iterator[None]:
    """Use deterministic algorithms and seed torch's generators within the context.

    Settings and generators are restored afterwards. The setting for cuBLAS is an environment
    variable, which has an effect only if CUDA is not initialised yet in this process.
    """
    os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")
    algorithms = torch.are_deterministic_algorithms_enabled()
    filled = fill_settings.fill_uninitialized_memory  # type: ignore[attr-defined]
    benchmark = torch.backends.cudnn.benchmark
    devices = [device] if device.type == "cuda" else []
    try:
        with torch.random.fork_rng(devices=devices):
            torch.use_deterministic_algorithms(True)
            # No code here reads uninitialised memory, and filling it takes time.
            fill_settings.fill_uninitialized_memory = False  # type: ignore[attr-defined]
            torch.backends.cudnn.benchmark = False
            torch.manual_seed(seed)
            yield
    finally:
        torch.use_deterministic_algorithms(algorithms)
        fill_settings.fill_uninitialized_memory = filled  # type: ignore[attr-defined]
        torch.backends.cudnn.benchmark = benchmark


def weights_digest(network: nn.Module) -> str:
    """SHA-256, in hexadecimal, of names, types, shapes and bytes of the state of a network."""
    digest = hashlib.sha256()
    for name, value in network.state_dict().items():
        digest.update(f"{name} {value.dtype} {list(value.shape)}".encode())
        digest.update(value.detach().cpu().contiguous().view(-1).view(torch.uint8).numpy().data)
    return digest.hexdigest()
