"""Where tests find third-party data, and the reference traces; both may be absent."""

import os
from pathlib import Path

import pytest

from ednag.search.instruction_set import has_instruction_set, kernels

# torch chooses its kernels by the CPU when it is imported. Tests compare its last bits with numbers
# that are the same everywhere (tests/search/rounding.py), so the choice is made here, unless the
# caller has made it.
if has_instruction_set("avx2"):
    os.environ.update(kernels("avx2") | dict(os.environ))

ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture(scope="session")
def mirror() -> Path:
    """The folder of real benchmark files: the first of EDNAG_MIRROR, else ../shared/data."""
    given = os.environ.get("EDNAG_MIRROR", "").split(os.pathsep)[0]
    folder = Path(given) if given else ROOT.parent / "shared" / "data"
    if not folder.is_dir():
        pytest.skip("needs the benchmark files: set EDNAG_MIRROR to the folder that holds them")
    os.environ["EDNAG_MIRROR"] = str(folder)
    return folder


@pytest.fixture(scope="session")
def golden() -> Path:
    """The folder of reference traces: EDNAG_GOLDEN, else ../shared/golden."""
    folder = Path(os.environ.get("EDNAG_GOLDEN", ROOT.parent / "shared" / "golden"))
    if not folder.is_dir():
        pytest.skip("needs the reference traces: set EDNAG_GOLDEN to the folder that holds them")
    return folder


@pytest.fixture(scope="session")
def packaged_bytes() -> Path:
    """The data file of the installed package analog-nasbench, verified."""
    from ednag.sources.obtain import obtain
    from ednag.sources.registry import find_source, load_registry

    return obtain(find_source(load_registry(), "analog-nasbench"))
