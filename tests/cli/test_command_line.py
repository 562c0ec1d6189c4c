"""The command line: help is instant, errors are one line with exit status 1."""

import resource
import subprocess
import sys
from pathlib import Path

import click
import pandas as pd
import pytest

from ednag.cli import group
from ednag.methods.storage import read_runs
from tests.conftest import Mirror

#: What takes time to import, none of which help needs.
HEAVY = {
    *("torch", "torchvision", "numpy", "pandas", "pyarrow", "scipy", "sklearn", "numba"),
    *("matplotlib", "snakemake", "pydantic", "rich", "yaml", "requests", "pooch"),
}


def ednag(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "ednag", *arguments], capture_output=True, text=True, check=False
    )


@pytest.mark.parametrize("name", group.list_commands(click.Context(group)))
def test_every_subcommand_explains_itself(name: str) -> None:
    result = ednag(name, "--help")
    assert result.returncode == 0, result.stderr
    assert "Usage: " in result.stdout


def test_help_imports_no_heavy_library() -> None:
    code = (
        "import sys, ednag.cli as cli\n"
        "try:\n cli.group(['--help'])\nexcept SystemExit:\n pass\n"
        f"heavy = {HEAVY!r} & set(sys.modules)\n"
        "sys.exit(f'imported {heavy}' if heavy else 0)"
    )
    command = [sys.executable, "-c", code]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stderr


def test_help_takes_less_than_a_third_of_a_second() -> None:
    """Of the processor: on a busy machine the clock says more than help takes."""
    taken = []
    for _ in range(5):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        assert ednag("--help").returncode == 0
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        taken.append(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
    assert min(taken) < 0.3


def test_an_error_is_one_line_and_status_1(tmp_path: Path) -> None:
    result = ednag(
        "tables", "build", "--space", "nasbench201", "--dataset", "cifar-10", "--output",
        str(tmp_path / "t.parquet"),
    )  # fmt: skip
    assert result.returncode == 1
    assert result.stderr.startswith("ednag: unknown dataset 'cifar-10'")
    assert "did you mean 'cifar10'" in result.stderr
    assert result.stderr.count("\n") == 1


def test_building_and_running_by_hand(tmp_path: Path) -> None:
    table, runs = tmp_path / "t.parquet", tmp_path / "seeds-0-2.parquet"
    built = ednag(
        "tables", "build", "--space", "nasbench201", "--dataset", "cifar10-analog",
        "--output", str(table),
    )  # fmt: skip
    assert built.returncode == 0, built.stderr
    assert "optimum 94.066400" in built.stderr
    for threads, path in (("1", runs), ("2", tmp_path / "again.parquet")):
        run = ednag(
            "run", "--table", str(table), "--method", "random", "--seeds", "0-2", "--budget", "9",
            "--threads", threads, "--output", str(path),
        )  # fmt: skip
        assert run.returncode == 0, run.stderr
        assert "random cifar10-analog seeds 0-2: 3/3" in run.stderr
        assert path.read_bytes() == runs.read_bytes()


def test_a_space_without_a_table_is_searched_the_same_way(mirror: Mirror, tmp_path: Path) -> None:
    mirror("ofa-acc-predictor")
    names = ("imagenet", "again", "runs", "summary", "anytime", "steps")
    table, again, runs, summary, anytime, steps = (tmp_path / f"{name}.parquet" for name in names)
    for path in (table, again):
        built = ednag(
            "tables", "build", "--space", "mobilenetv3", "--dataset", "imagenet",
            "--output", str(path),
        )  # fmt: skip
        assert built.returncode == 0, built.stderr
    assert "predicted_accuracy, optimum unknown" in built.stderr
    assert "a predictor of 372801 parameters written" in built.stderr
    assert table.read_bytes() == again.read_bytes()
    run = ednag(
        "run", "--table", str(table), "--method", "diffusion-evolution", "--seeds", "0-1",
        "--budget", "9", "--hyperparameters", '{"num_step": 50}', "--output", str(runs),
    )  # fmt: skip
    assert run.returncode == 0, run.stderr
    assert "'num_step': 50, 'population_num': 100" in run.stderr
    described = read_runs(runs).described
    assert described["hyperparameters"]["population_num"] == 100
    assert len(described["sources"]["ofa-acc-predictor"]) == 64
    summarised = ednag(
        "summarise", str(runs), "--table", str(table), "--seeds", "0-1",
        "--output", str(summary), "--anytime", str(anytime), "--steps", str(steps),
    )  # fmt: skip
    assert summarised.returncode == 0, summarised.stderr
    rows = pd.read_parquet(summary)
    assert rows["outcome_key"].str.fullmatch("([357]-[346]_|none_){19}([357]-[346]|none)").all()
    assert rows["optimum"].isna().all()
    assert rows["outcome"].between(70, 85).all()
    drawn = ednag(
        "plot", "dataset", "convergence", "--summary", str(summary), "--anytime", str(anytime),
        "--steps", str(steps), "--folder", str(tmp_path / "figures"),
    )  # fmt: skip
    assert drawn.returncode == 0, drawn.stderr
    assert (tmp_path / "figures" / "convergence.csv").stat().st_size > 1000


def test_a_source_given_by_hand_is_verified(tmp_path: Path) -> None:
    wrong = tmp_path / "data.anb"
    wrong.write_bytes(b"not it")
    result = ednag(
        "tables", "build", "--space", "nasbench201", "--dataset", "cifar10-analog",
        "--source", f"analog-nasbench={wrong}", "--output", str(tmp_path / "t.parquet"),
    )  # fmt: skip
    assert result.returncode == 1
    assert not (tmp_path / "t.parquet").exists()


def test_no_parquet_is_written_under_another_name(tmp_path: Path) -> None:
    wrong = tmp_path / "table.csv"
    where = ("--space", "nasbench201", "--dataset", "cifar10-analog")
    refused = ednag("tables", "build", *where, "--output", str(wrong))
    assert refused.returncode and not wrong.exists()
    assert refused.stderr == (
        f"ednag: {wrong}: a file in the format of .parquet is written; "
        f"name it {tmp_path / 'table.parquet'}\n"
    )
