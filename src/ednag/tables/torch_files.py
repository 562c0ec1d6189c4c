"""Reading of `.pth` files that are not trusted.

A `.pth` file is a pickle, alone in a zip archive (since torch 1.6) or after three small pickles
(before). The files of the benchmarks hold dictionaries of numbers, which the restricted unpickler
reads. `torch.load(weights_only=True)` is as safe but takes about 15 times as long (half an hour for
NAS-Bench-201).
"""

import pickle
import pickletools
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ednag.errors import EdnagError
from ednag.tables.unpickling import CONTAINERS, NUMPY_ARRAYS, load_restricted

#: What the files hold besides plain numbers, strings and containers.
_ALLOWED: Mapping[str, type] = {**NUMPY_ARRAYS, **CONTAINERS}
#: The flag of an encrypted file in a zip archive.
_ENCRYPTED = 1
#: First bytes of a file written before torch 1.6: the pickle of torch's magic number.
_LEGACY = pickle.dumps(0x1950A86A20F9469CFC6C, protocol=2)


def load_pth(path: Path, place: str) -> Any:
    """The object that a `.pth` file, already verified by checksum, holds; tensors are refused.

    `place` names the file in messages. Raises EdnagError if it is no such file or asks for a type
    that is not allowed, which the message names.
    """
    return load_restricted(_main_pickle(path, place), _ALLOWED, place)


def _main_pickle(path: Path, place: str) -> bytes:
    """The bytes of the pickle that describes the saved object."""
    if zipfile.is_zipfile(path):
        return _main_member(path, place)
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


def _main_member(path: Path, place: str) -> bytes:
    """The file `data.pkl` in a zip archive as torch.save writes it, without compression."""
    try:
        with zipfile.ZipFile(path) as archive:
            found = [each for each in archive.infolist() if each.filename.endswith("/data.pkl")]
            if len(found) != 1:
                raise ValueError(f"a zip archive with {len(found)} files data.pkl")
            if found[0].compress_type != zipfile.ZIP_STORED or found[0].flag_bits & _ENCRYPTED:
                raise ValueError("its data.pkl is compressed or encrypted")
            return archive.read(found[0])
    except (zipfile.BadZipFile, ValueError, NotImplementedError, RuntimeError, EOFError) as error:
        raise EdnagError(
            f"{place}: not a file as torch.save writes it ({error}); fetch {path} again"
        ) from None
