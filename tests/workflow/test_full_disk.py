"""A full disk: a clear error, nothing half-written, and the rest is done when there is room."""

import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from .conftest import Workflow

pytestmark = pytest.mark.workflow


def mount(folder: Path, option: str) -> bool:
    """Mount or remount a small file system in memory; False where that is not allowed."""
    command = ["mount", "-t", "tmpfs", "-o", option, "tmpfs", str(folder)]
    try:
        return subprocess.run(command, capture_output=True, check=False).returncode == 0
    except FileNotFoundError:
        return False


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A folder on a file system of 6.5 MB: room for the source, not for all results."""
    folder = tmp_path / "disk"
    folder.mkdir()
    if not mount(folder, "size=6500k"):
        pytest.skip("needs the right to mount a file system in memory")
    yield folder
    subprocess.run(["umount", "-l", str(folder)], check=True)


def test_a_full_disk_stops_clearly_and_nothing_is_half_written(small_disk: Path) -> None:
    workflow = Workflow(small_disk / "study")
    workflow.folder.mkdir()
    workflow.configure()
    filler = small_disk / "filler"
    assert workflow.run("--until", "fetch").returncode == 0
    free = shutil.disk_usage(small_disk).free // 1024
    filler.write_bytes(b"\0" * 1024 * max(free - 150, 0))
    stopped = workflow.run()
    assert stopped.returncode != 0
    assert "No space left on device" in stopped.stdout
    assert not list((workflow.folder / "results").rglob("*.parquet"))
    assert not list((workflow.folder / "results").rglob("*.partial*"))
    filler.unlink()
    assert mount(small_disk, "remount,size=60m")
    assert workflow.run().returncode == 0
