"""What Python ran is what a record says: no compiled module of an earlier source."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import ednag


@pytest.fixture
def package(tmp_path: Path) -> Path:
    """A copy of the package without compiled modules."""
    package = tmp_path / "src" / "ednag"
    ignored = shutil.ignore_patterns("__pycache__")
    shutil.copytree(Path(ednag.__file__).parent, package, ignore=ignored)
    return package


def ask(package: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """Run Python with the copied package; compiled modules are kept."""
    kept_out = ("PYTHONDONTWRITEBYTECODE", "PYTHONPYCACHEPREFIX")
    inherited = {name: value for name, value in os.environ.items() if name not in kept_out}
    return subprocess.run(
        [sys.executable, *words],
        cwd=package.parent.parent,
        env={**inherited, "PYTHONPATH": str(package.parent), "EDNAG_COMMIT": ""},
        capture_output=True,
        text=True,
        check=False,
    )


def record(package: Path) -> subprocess.CompletedProcess[str]:
    """A recorded job that imports the module."""
    job = ("plot", "illustration", "--output", "illustration.csv")
    return ask(package, "-m", "ednag", "--record=record.json", *job)


def edit(path: Path, begin: str) -> None:
    """Another first line of equal size, with the time stamp of the text before."""
    (first, rest), state = path.read_text(encoding="utf-8").split("\n", 1), path.stat()
    path.write_text(f"{begin:{len(first)}}\n{rest}", encoding="utf-8")
    assert path.stat().st_size == state.st_size
    os.utime(path, ns=(state.st_atime_ns, state.st_mtime_ns))


def test_a_job_that_ran_an_earlier_source_writes_no_record(package: Path) -> None:
    source, written = (
        package / "evidence/figures/__init__.py",
        package.parent.parent / "record.json",
    )
    first = record(package)
    assert first.returncode == 0, first.stderr
    written.unlink()
    edit(source, '"""Edited.')
    told = record(package)
    assert told.returncode == 1 and not written.exists()
    error = told.stderr.splitlines()[-1]
    assert error.startswith("ednag: ednag.evidence.figures: Python ran an older compiled file")
    assert "Traceback" not in told.stderr
    step = error.partition("run again: ")[2]
    assert subprocess.run(step, shell=True, check=False).returncode == 0
    again = record(package)
    assert again.returncode == 0 and written.exists(), again.stderr


def test_an_import_added_without_a_new_time_stamp_counts(package: Path) -> None:
    question = ("-c", "from ednag.code import modules_of; print(modules_of('lock'))")
    assert "ednag.naming" in ask(package, *question).stdout
    assert "ednag.doctor" not in ask(package, *question).stdout
    edit(package / "cli" / "lock.py", "import ednag.doctor")
    assert "'ednag.doctor'" in ask(package, *question).stdout
