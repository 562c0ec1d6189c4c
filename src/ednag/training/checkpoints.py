"""Checkpoints: written whole or not at all, read without running anything in them."""

import io
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch

from ednag.errors import EdnagError
from ednag.files import replacing


def save_checkpoint(path: Path, state: Mapping[str, Any]) -> None:
    """Write a state of tensors, numbers, strings and plain containers.

    Equal states give equal bytes: torch names the archive inside after the file it is given, so it
    is given none.

    Raises:
        OSError: There is no room; what stood at `path` before still stands there.
    """
    memory = io.BytesIO()
    torch.save(dict(state), memory)
    with replacing(path) as beside:
        beside.write_bytes(memory.getbuffer())


def load_checkpoint(path: Path) -> dict[str, Any]:
    """The state that `save_checkpoint` wrote, on the CPU.

    Raises:
        EdnagError: The file is no such state, or asks for anything else than tensors.
        OSError: It cannot be read at all.
    """
    # Read beforehand, since torch says OSError too where the bytes are not whole.
    memory = io.BytesIO(path.read_bytes())
    try:
        state = torch.load(memory, map_location="cpu", weights_only=True)
    except Exception as error:
        reason = " ".join(str(error).split())[:200] or type(error).__name__
        raise EdnagError(f"{path}: not a checkpoint ({reason}); delete it to start anew") from None
    if not isinstance(state, dict):
        raise EdnagError(f"{path}: not a checkpoint but a {type(state).__name__}")
    return state
