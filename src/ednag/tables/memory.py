"""Memory that a table's source files take to be read, where it is more than any job takes.

The readers of most files hold the rows alone. NAS-Bench-201's own `.pth` is one pickle, which is
loaded whole: 6.25 bytes of memory for each byte of the file. The factor is that of a file of this
structure (2.5 MB for a cell with three runs; `nasbench201_official`), so that version 1.1, with 2.4
runs of each of 15,625 cells in 5.0 GB, takes some 31 GB, and version 1.0, in 2.2 GB, some 14 GB.
TransNAS-Bench-101's `.pth` is such a file too, but of 105 MB: some 0.7 GB.
"""

from collections.abc import Iterable

_BYTES_FOR_A_BYTE = 6.25
#: Source -> megabytes of the file that are loaded whole.
_LOADED_WHOLE = {"nasbench201-v1_0": 2_200, "nasbench201-v1_1": 5_003}


def megabytes_to_read(sources: Iterable[str]) -> int:
    """Megabytes that a process needs to read the largest of some source files, one at a time.

    0 where none of them takes more than a job of the workflow does anyway, 1.1 GB.

    Args:
        sources: Their ids.
    """
    whole = [_LOADED_WHOLE.get(source, 0) for source in sources]
    return int(_BYTES_FOR_A_BYTE * max(whole, default=0))
