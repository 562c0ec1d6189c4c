"""Memory needed to read source files that take more than any other job of the workflow.

Most readers hold only the rows. NAS-Bench-201's own `.pth` is one pickle, which is loaded whole:
6.25 bytes of memory for each byte of the file. The factor was measured on a file of this structure
(2.5 MB for a cell with three runs; see `nasbench201_official`). Version 1.1 (5.0 GB, 2.4 runs of
each of 15,625 cells) takes some 31 GB, version 1.0 (2.2 GB) some 14 GB. TransNAS-Bench-101's `.pth`
has the same structure, but at 105 MB takes some 0.7 GB.
"""

from collections.abc import Iterable

_BYTES_FOR_A_BYTE = 6.25
#: Source -> megabytes of the file that are loaded whole.
_LOADED_WHOLE = {"nasbench201-v1_0": 2_200, "nasbench201-v1_1": 5_003}


def megabytes_to_read(sources: Iterable[str]) -> int:
    """Megabytes that a process needs to read some source files, one at a time.

    0 if none of them takes more than any other job of the workflow (1.1 GB).

    Args:
        sources: Their ids.
    """
    whole = [_LOADED_WHOLE.get(source, 0) for source in sources]
    return int(_BYTES_FOR_A_BYTE * max(whole, default=0))
