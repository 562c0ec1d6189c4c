"""What all tests share: an environment that is not the user's, and third-party files.

A test that needs a file which is not here is skipped, and the reason names the file.
"""

import hashlib
import os
import sys
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from ednag import fork_server
from ednag.search.instruction_set import has_instruction_set, kernels
from ednag.sources.obtain import obtain
from ednag.sources.places import in_mirrors, mirror_folders
from ednag.sources.registry import Source, find_source, load_registry

# torch chooses its kernels by the CPU when it is imported. Tests compare its last bits with numbers
# that are the same everywhere (tests/search/rounding.py), so the choice is made here, unless the
# caller has made it.
if has_instruction_set("avx2"):
    os.environ.update(kernels("avx2") | dict(os.environ))

ROOT = Path(__file__).resolve().parents[1]
SHARED = ROOT.parent / "shared"

#: What the environment may say to the tests; all other variables of EDNAG are the user's own.
KEPT = ("EDNAG_MIRROR", "EDNAG_GOLDEN", "EDNAG_ROC_VALIDATOR", "EDNAG_BENCHMARKS", "EDNAG_CODE")

#: Tests that start more commands than it costs to import the libraries for them once.
MANY = 200

#: Gives the file of a registered source by its id, or skips the test.
Mirror = Callable[[str], Path]

#: Folders of third-party files: those of EDNAG_MIRROR, else ../shared/data.
MIRRORS = tuple(
    folder.resolve() for folder in mirror_folders() or [SHARED / "data"] if folder.is_dir()
)

# A slow or busy machine fails no test.
settings.register_profile("tests", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("tests")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Whole workflows come first: the last tests to run are short, and no worker waits for them."""
    items.sort(key=lambda item: item.get_closest_marker("workflow") is None)


@pytest.fixture(scope="session", autouse=True)
def own_environment(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[None]:
    """For the commands that tests start: the folders of MIRRORS, and a cache of the tests' own.

    Of many tests, those whose environment is this one are forks of one process, as in a workflow.
    """
    with pytest.MonkeyPatch.context() as patch:
        for name in list(os.environ):
            if name.startswith("EDNAG_") and name not in KEPT:
                patch.delenv(name)
        patch.setenv("EDNAG_CACHE", str(tmp_path_factory.mktemp("cache")))
        patch.setenv("EDNAG_MIRROR", os.pathsep.join(map(str, MIRRORS)))
        patch.setenv("PATH", str(Path(sys.executable).parent), prepend=os.pathsep)
        for name in fork_server.THREADS:  # as Snakemake does for a job
            patch.setenv(name, "1")
        counted = any(name.startswith("COVERAGE_PROCESS") for name in os.environ)
        if request.session.testscollected >= MANY and not counted:
            fork_server.start(fork_server.FEWEST_JOBS)
        yield
        os.environ.pop(fork_server.VARIABLE, None)


@pytest.fixture(scope="module", autouse=True)
def same_environment(own_environment: None) -> Iterator[None]:
    """Takes back what a module of tests, or what it calls, has set: the next must not see it."""
    before = dict(os.environ)
    yield
    for name in os.environ.keys() - before:
        del os.environ[name]
    os.environ.update(before)


@pytest.fixture(scope="session")
def mirror() -> Mirror:
    """Gives the file of a registered source by its id; skips a test where no mirror holds it.

    A file of the right name with other bytes is not it. The checksum is taken here, and not by
    `ednag.sources`: a fault there must not skip tests.
    """

    registry = load_registry(ROOT / "sources.yaml")

    @cache
    def found(source: Source) -> Path | None:
        for path in in_mirrors(source, MIRRORS):
            with path.open("rb") as stream:
                if hashlib.file_digest(stream, "sha256").hexdigest() == source.sha256:
                    return path
        return None

    def file_of(id: str) -> Path:
        source = find_source(registry, id)
        path = found(source)
        if path is None:
            pytest.skip(f"needs {source.file} as sources.yaml has it in a folder of EDNAG_MIRROR")
        return path

    return file_of


class Traces(type(Path())):
    """A folder; a test that asks for what is not there, by `/`, is skipped."""

    def __truediv__(self, name: str) -> Path:
        path = Path(self, name)
        if not path.exists():
            pytest.skip(f"needs {name} in the folder of EDNAG_GOLDEN")
        return path


@pytest.fixture(scope="session")
def golden() -> Path:
    """The folder of reference traces: EDNAG_GOLDEN, else ../shared/golden."""
    folder = Path(os.environ.get("EDNAG_GOLDEN") or SHARED / "golden").resolve()
    if not folder.is_dir():
        pytest.skip("needs the reference traces: set EDNAG_GOLDEN to the folder that holds them")
    return Traces(folder)


@pytest.fixture(scope="session")
def packaged_bytes() -> Path:
    """The data file of the installed package analog-nasbench, verified."""
    return obtain(find_source(load_registry(), "analog-nasbench"))
