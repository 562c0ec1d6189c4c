"""`ednag run` under settings of numba that a user may have."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

SMALL = '{"num_step": 5, "population_num": 10}'


@pytest.fixture(scope="module")
def table(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The packaged benchmark table."""
    path = tmp_path_factory.mktemp("table") / "table.parquet"
    built = ["tables", "build", "--space", "nasbench201", "--dataset", "cifar10-analog"]
    done = ednag(path.parent, *built, "--output", str(path))
    assert done.returncode == 0, done.stderr
    return path


def ednag(folder: Path, *arguments: str, **environment: str) -> "subprocess.CompletedProcess[str]":
    """A subcommand in a folder, with variables added to the environment."""
    return subprocess.run(
        [sys.executable, "-m", "ednag", *arguments],
        cwd=folder,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=False,
    )


def run(folder: Path, table: Path, **environment: str) -> "subprocess.CompletedProcess[str]":
    """`ednag run` of one seed."""
    given = ["--table", str(table), "--method", "ednag", "--seeds", "0", "--output", "run.parquet"]
    return ednag(folder, "run", *given, "--hyperparameters", SMALL, **environment)


def refusal(done: "subprocess.CompletedProcess[str]") -> str:
    """The one line with which a command refuses; what it said before is progress."""
    assert done.returncode == 1, done.stderr
    assert "Traceback" not in done.stderr
    (line,) = [line for line in done.stderr.splitlines() if line.startswith("ednag: ")]
    return line


def test_numba_that_may_not_compile_is_refused(table: Path, tmp_path: Path) -> None:
    told = refusal(run(tmp_path, table, NUMBA_DISABLE_JIT="1"))
    assert "unset NUMBA_DISABLE_JIT" in told
    (tmp_path / ".numba_config.yaml").write_text("disable_jit: 1\n")
    assert f".numba_config.yaml in {tmp_path}" in refusal(run(tmp_path, table))
    assert not (tmp_path / "run.parquet").exists()


@pytest.mark.parametrize("content", [b"- a list\n", b"{half", b"\xff\xfe\x00", b"1: 2\n"])
def test_settings_of_numba_that_cannot_be_read_are_named(
    content: bytes, table: Path, tmp_path: Path
) -> None:
    (tmp_path / ".numba_config.yaml").write_bytes(content)
    told = refusal(run(tmp_path, table))
    assert f".numba_config.yaml in {tmp_path}: numba cannot read its settings there" in told
    assert told.endswith("correct the file or delete it")
    assert not (tmp_path / "run.parquet").exists()
