"""Checkpoints, written completely or not at all, and read without running code in them."""

import io
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch

from ednag.confined import try_confined
from ednag.errors import EdnagError, one_line
from ednag.files import replacing


def save_checkpoint(path: Path, state: Mapping[str, Any]) -> None:
    """Write a state of tensors, numbers, strings and plain containers; equal states, equal bytes.

    Raises:
        OSError: The file cannot be written; an earlier file at `path` is kept.
    """
    # To memory: torch would write the name of a file into the archive.
    memory = io.BytesIO()
    torch.save(dict(state), memory)
    with replacing(path) as temporary:
        temporary.write_bytes(memory.getbuffer())


def load_checkpoint(path: Path) -> dict[str, Any]:
    """The state that `save_checkpoint` wrote, on the CPU.

    Raises:
        EdnagError: The file is not a checkpoint, or has other objects than tensors.
        OSError: It cannot be read.
    """
    return try_confined(lambda: _load_checkpoint(path), [path], "delete it to start again")


def _load_checkpoint(path: Path) -> dict[str, Any]:
    # Read first, since torch raises OSError also for incomplete content.
    memory = io.BytesIO(path.read_bytes())
    try:
        state = torch.load(memory, map_location="cpu", weights_only=True)
    except Exception as error:
        reason = one_line(error)
        raise EdnagError(f"{path}: not a checkpoint ({reason}); delete it to start again") from None
    if not isinstance(state, dict):
        raise EdnagError(f"{path}: not a checkpoint but a {type(state).__name__}")
    return state
