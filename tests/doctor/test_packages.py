"""The lock beside what is installed."""

import os
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import pytest

from ednag.doctor.packages import PackageDifference, differences, lock_file, pinned_versions
from ednag.errors import EdnagError


def test_this_environment_is_as_pinned() -> None:
    pinned = pinned_versions(lock_file())
    assert pinned["numpy"] == version("numpy")
    assert differences(pinned) == []


def test_other_missing_and_other_systems_packages(tmp_path: Path) -> None:
    lock = tmp_path / "requirements.lock"
    lock.write_text(
        f"click=={version('click')}\n"
        "colorama==0.4.6 ; sys_platform == 'no-such-system'\n"
        "no-such-package==1.0\n"
        "numpy==1.0 ; python_version >= '3'\n"
    )
    pinned = pinned_versions(lock)
    assert sorted(pinned) == ["click", "no-such-package", "numpy"]
    differing = differences(pinned)
    assert differing == [
        PackageDifference("no-such-package", "1.0", None),
        PackageDifference("numpy", "1.0", version("numpy")),
    ]
    assert str(differing[0]) == "no-such-package is not installed; 1.0 is pinned"
    assert str(differing[1]) == f"numpy {version('numpy')} is installed; 1.0 is pinned"


def test_a_line_that_is_no_pin_is_named(tmp_path: Path) -> None:
    lock = tmp_path / "requirements.lock"
    lock.write_text("# a comment\nclick = 8\n")
    with pytest.raises(EdnagError, match=r"requirements\.lock:2: not a pin: click = 8"):
        pinned_versions(lock)


def test_torch_without_cuda_needs_no_package_of_cuda(tmp_path: Path) -> None:
    metadata = tmp_path / "torch-2.0+cpu.dist-info" / "METADATA"
    metadata.parent.mkdir()
    metadata.write_text("Metadata-Version: 2.1\nName: torch\nVersion: 2.0+cpu\n")
    question = (
        "from ednag.doctor.packages import differences\n"
        "pins = ('torch', 'nvidia-absent', 'cuda-absent', 'no-such-package')\n"
        "print(*(each.name for each in differences(dict.fromkeys(pins, '2.0'))))"
    )
    done = subprocess.run(
        [sys.executable, "-c", question],
        env={**os.environ, "PYTHONPATH": str(tmp_path)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.split() == ["no-such-package"]
