"""Where machine code is kept, and what happens where it cannot be."""

import os
import resource
import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = """
from ednag.search.compiled_cache import entry

@entry
def twice(number):
    return 2 * number

print(twice(21), sum(twice.stats.cache_hits.values()))
"""


def compiled(folder: Path, largest_file: int | None = None) -> "subprocess.CompletedProcess[str]":
    """A process that compiles a function; its machine code goes to `code` in the home folder.

    Args:
        folder: The home folder.
        largest_file: Bytes that a file may have, as if the disk were full beyond.
    """
    (folder / "script.py").write_text(SCRIPT)

    def limit() -> None:
        if largest_file is not None:
            resource.setrlimit(resource.RLIMIT_FSIZE, (largest_file, largest_file))

    done = subprocess.run(
        [sys.executable, str(folder / "script.py")],
        cwd=folder,
        env={**os.environ, "HOME": str(folder), "NUMBA_CACHE_DIR": "~/code"},
        preexec_fn=limit,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done


def test_machine_code_is_kept_in_the_named_folder(tmp_path: Path) -> None:
    assert compiled(tmp_path).stdout == "42 0\n"
    again = compiled(tmp_path)
    assert again.stdout == "42 1\n"
    assert again.stderr == ""
    assert list((tmp_path / "code").rglob("*.nbc"))


@pytest.mark.parametrize("largest_file", [0, 1000])
def test_a_full_disk_costs_time_and_no_run(largest_file: int, tmp_path: Path) -> None:
    done = compiled(tmp_path, largest_file)
    assert done.stdout == "42 0\n"
    (said,) = done.stderr.splitlines()
    assert said.startswith("machine code is not kept (")
    assert "File too large" in said
    left = [path for path in (tmp_path / "code").rglob("*") if path.is_file()]
    # An index may be left, which numba believes only where the code is there, too.
    assert [path for path in left if path.suffix != ".nbi"] == []


@pytest.mark.parametrize("suffix", [".nbi", ".nbc"])
def test_half_a_file_is_replaced(suffix: str, tmp_path: Path) -> None:
    compiled(tmp_path)
    (path,) = (tmp_path / "code").rglob(f"*{suffix}")
    path.write_bytes(path.read_bytes()[:100])
    assert compiled(tmp_path).stdout == "42 0\n"
    assert compiled(tmp_path).stdout == "42 1\n"


def test_a_folder_that_cannot_be_is_passed_over(tmp_path: Path) -> None:
    (tmp_path / "code").write_text("a file")
    done = compiled(tmp_path)
    assert (done.stdout[:3], done.stderr) == ("42 ", "")
