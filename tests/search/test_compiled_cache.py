"""Where machine code is kept, and what happens where it cannot be."""

import ast
import importlib
import os
import resource
import subprocess
import sys
from pathlib import Path

import pytest

import ednag.search.compiled as compiled_package
from ednag.search.compiled import cache

SCRIPT = """
from ednag.search.compiled.cache import entry

@entry
def twice(number):
    return 2 * number

print(twice(21))
"""


def compiled(
    folder: Path, largest_file: int | None = None, options: tuple[str, ...] = ()
) -> "subprocess.CompletedProcess[str]":
    """A process that compiles a function; its machine code goes to `code` in the home folder.

    Args:
        folder: The home folder.
        largest_file: Bytes that a file may have, as if the disk were full beyond.
        options: Of Python.
    """
    (folder / "script.py").write_text(SCRIPT)

    def limit() -> None:
        if largest_file is not None:
            resource.setrlimit(resource.RLIMIT_FSIZE, (largest_file, largest_file))

    done = subprocess.run(
        [sys.executable, *options, str(folder / "script.py")],
        cwd=folder,
        env={**os.environ, "HOME": str(folder), "NUMBA_CACHE_DIR": "~/code"},
        preexec_fn=limit,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done


def machine_code(folder: Path) -> dict[Path, int]:
    """The files of machine code and when each was written; compiling anew writes them anew."""
    return {path: path.stat().st_mtime_ns for path in (folder / "code").rglob("*.nb[ic]")}


def test_machine_code_is_kept_in_the_named_folder(tmp_path: Path) -> None:
    assert compiled(tmp_path).stdout == "42\n"
    kept = machine_code(tmp_path)
    assert sorted(path.suffix for path in kept) == [".nbc", ".nbi"]
    again = compiled(tmp_path)
    assert (again.stdout, again.stderr) == ("42\n", "")
    assert machine_code(tmp_path) == kept


def test_kept_machine_code_is_loaded_without_what_can_be_compiled(tmp_path: Path) -> None:
    runs = [compiled(tmp_path, options=("-X", "importtime")) for _ in range(2)]
    assert [run.stdout for run in runs] == ["42\n", "42\n"]
    assert ["numba.np.arraymath" in run.stderr for run in runs] == [True, False]


@pytest.mark.parametrize("largest_file", [0, 1000])
def test_a_full_disk_costs_time_and_no_run(largest_file: int, tmp_path: Path) -> None:
    done = compiled(tmp_path, largest_file)
    assert done.stdout == "42\n"
    (warning,) = done.stderr.splitlines()
    assert warning.startswith("machine code is not kept (")
    assert "File too large" in warning
    left = [path for path in (tmp_path / "code").rglob("*") if path.is_file()]
    # An index may be left, which numba believes only where the code is there, too.
    assert [path for path in left if path.suffix != ".nbi"] == []


@pytest.mark.parametrize("suffix", [".nbi", ".nbc"])
def test_half_a_file_is_replaced(suffix: str, tmp_path: Path) -> None:
    compiled(tmp_path)
    (path,) = (tmp_path / "code").rglob(f"*{suffix}")
    path.write_bytes(path.read_bytes()[:100])
    assert compiled(tmp_path).stdout == "42\n"
    kept = machine_code(tmp_path)
    (path,) = (path for path in kept if path.suffix == suffix)
    assert path.stat().st_size > 100
    assert compiled(tmp_path).stdout == "42\n"
    assert machine_code(tmp_path) == kept


def test_a_folder_that_cannot_be_is_passed_over(tmp_path: Path) -> None:
    (tmp_path / "code").write_text("a file")
    done = compiled(tmp_path)
    assert (done.stdout, done.stderr) == ("42\n", "")


def test_the_folder_is_named_by_all_sources_of_compiled_code() -> None:
    """numba does not notice a change of a function or a constant in another file."""
    for path in sorted(Path(compiled_package.__file__).parent.glob("*.py")):
        assert path in cache._SOURCES
        source = path.read_text(encoding="utf-8")
        if "@kernel" in source or "@inlined" in source or "@entry" in source:
            for node in ast.walk(ast.parse(source)):
                if isinstance(node, ast.ImportFrom) and str(node.module).startswith("ednag."):
                    module = importlib.import_module(str(node.module))
                    assert Path(str(module.__file__)) in cache._SOURCES, (
                        f"{path.name}: {node.module}"
                    )
