"""Reading of `.pth` files that are not trusted.

A `.pth` file is a pickle, alone in a zip archive (since torch 1.6) or after three small pickles
(before). The files of the benchmarks hold dictionaries of numbers, which the restricted unpickler
reads. `torch.load(weights_only=True)` is as safe but takes about 15 times as long (half an hour for
NAS-Bench-201), so it reads only files with tensors.
"""

import pickle
import pickletools
import re
import zipfile
from collections import OrderedDict
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from ednag.errors import EdnagError
from ednag.tables.unpickling import NUMPY_ARRAYS, load_restricted

#: What the files hold besides plain numbers, strings and containers.
_ALLOWED: Mapping[str, Any] = {
    **NUMPY_ARRAYS,
    "collections.OrderedDict": OrderedDict,
    "builtins.set": set,
    "__builtin__.set": set,
}
#: First bytes of a file written before torch 1.6: the pickle of torch's magic number.
_LEGACY = pickle.dumps(0x1950A86A20F9469CFC6C, protocol=2)
#: How a pickle written by torch begins a tensor.
_TENSOR = b"ctorch._utils\n_rebuild_"


def load_pth(path: Path, place: str) -> Any:
    """The object that a `.pth` file holds.

    Args:
        path: A file written by torch.save, already verified by checksum.
        place: Names the file, for error messages.

    Raises:
        EdnagError: It is no such file, or asks for a type that is not allowed; the message names
            the type.
    """
    data = _main_pickle(path, place)
    if _TENSOR in data:
        return _load_with_tensors(path, place)
    return load_restricted(data, _ALLOWED, place)


def _main_pickle(path: Path, place: str) -> bytes:
    """The bytes of the pickle that describes the saved object."""
    if zipfile.is_zipfile(path):
        with zipfile.ZipFile(path) as archive:
            for name in archive.namelist():
                if name.endswith("/data.pkl"):
                    return archive.read(name)
        raise EdnagError(f"{place}: a zip archive without data.pkl, so not written by torch.save")
    with path.open("rb") as stream:
        if stream.read(len(_LEGACY)) != _LEGACY:
            raise EdnagError(f"{place}: {path} was not written by torch.save")
        try:
            # Before the object: the version of the format and the sizes of integers.
            for _ in range(2):
                for _ in pickletools.genops(stream):
                    pass
        except ValueError as error:
            raise EdnagError(f"{place}: broken in its first bytes ({error})") from None
        return stream.read()


def _load_with_tensors(path: Path, place: str) -> Any:
    """The object, read by torch, which admits tensors and these NumPy types."""
    import torch

    scalar, array = np.float64(0).__reduce__()[0], np.empty(0).__reduce__()[0]
    admitted: list[Any] = [
        np.ndarray,
        np.dtype,
        *(type(np.dtype(kind)) for kind in (np.float64, np.float32, np.int64, np.int32)),
    ]
    for module in ("numpy.core.multiarray", "numpy._core.multiarray"):
        admitted += [(scalar, f"{module}.scalar"), (array, f"{module}._reconstruct")]
    try:
        with torch.serialization.safe_globals(admitted):
            return torch.load(path, map_location="cpu", weights_only=True)
    except (pickle.UnpicklingError, RuntimeError, EOFError, ValueError) as error:
        refused = re.search(r"GLOBAL (\S+)", str(error))
        why = f"it asks for {refused[1]}" if refused else " ".join(str(error).split())[:200]
        raise EdnagError(
            f"{place}: not loaded: {why}; fetch the file again from a registered address"
        ) from error
