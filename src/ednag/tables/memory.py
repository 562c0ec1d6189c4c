"""Memory to read source files that need more than any other job of the workflow.

NAS-Bench-201's own `.pth` is one pickle, which is loaded whole and takes 6.25 bytes of memory for
each byte of the file: some 31 GB for version 1.1, 14 GB for version 1.0. The factor was measured on
a file of this structure; see `nasbench201_official`.
"""

from collections.abc import Iterable

_BYTES_FOR_A_BYTE = 6.25
#: Source -> megabytes of the file that are loaded whole.
_LOADED_WHOLE = {"nasbench201-v1_0": 2_200, "nasbench201-v1_1": 5_003}


def megabytes_to_read(sources: Iterable[str]) -> int:
    """Megabytes that a process needs to read these source ids, one at a time.

    0 if none of them takes more than any other job of the workflow (1.1 GB).
    """
    whole = [_LOADED_WHOLE.get(source, 0) for source in sources]
    return int(_BYTES_FOR_A_BYTE * max(whole, default=0))
