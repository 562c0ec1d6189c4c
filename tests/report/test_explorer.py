"""The chart of architectures holds what the table and the runs of a study hold."""

import io
import json
import subprocess
from itertools import product
from pathlib import Path

import pandas as pd
import pytest

from ednag.methods.storage import read_runs
from ednag.report.explorer import explored
from ednag.report.interactive import as_text
from tests.docs.pages import DOCS, blocks

PLACE = ("nasbench201", "cifar10-valid")
TABLE = Path("results/tables/nasbench201/cifar10-valid.parquet")
RUNS = Path("results/runs/nasbench201/cifar10-valid/paper")


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A table, and two runs of two methods in blocks of one seed."""
    folder = tmp_path_factory.mktemp("study")

    def ednag(*arguments: str) -> None:
        subprocess.run(["ednag", *arguments], cwd=folder, check=True, capture_output=True)

    where = ("--space", PLACE[0], "--dataset", PLACE[1])
    ednag("tables", "build", *where, "--output", str(TABLE))
    for method in ("random", "ednag"):
        for seed in ("10", "9"):
            output = RUNS / method / f"seeds-{seed}-{seed}.parquet"
            made = ("--method", method, "--seeds", seed, "--output", str(output))
            ednag("run", "--table", str(TABLE), "--budget", "40", *made)
    return folder


def test_a_chart_holds_the_first_run_of_each_method_in_order(root: Path) -> None:
    found = explored(
        root, *PLACE, {"ednag": 9, "random": 9, "nar": 0}, link=lambda path: f"../{path}"
    )
    assert found is not None
    files, chart = found
    read = [
        root / TABLE,
        *(root / RUNS / each / "seeds-9-9.parquet" for each in ("ednag", "random")),
    ]
    assert files == read
    held = pd.read_csv(io.StringIO(chart["datasets"]["runs"]))
    assert list(dict.fromkeys(held["run"])) == ["EDNAG, seed 9", "Random search, seed 9"]
    rows = held[held["run"] == "Random search, seed 9"]
    (run,) = read_runs(read[2]).runs
    table = pd.read_parquet(root / TABLE).set_index("index")
    assert rows["key"].tolist() == table.loc[run.codes, "key"].tolist()
    assert rows["value"].to_numpy() == pytest.approx(run.metrics, rel=1e-5)
    assert rows["order"].tolist() == list(range(1, 41))
    text = as_text(chart)
    assert "../results/provenance/runs/nasbench201/cifar10-valid/paper/ednag/seeds-9-9" in text
    assert [each["name"] for each in chart["params"]] == ["run", "cost"]
    assert len(text) < 1_500_000 and json.loads(text) == chart


def test_a_cost_may_be_the_metric(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The guide's search for low latency, whose table has the column of a cost as its metric."""
    space, accuracies, _, latencies, *_ = blocks(DOCS / "own-search-space.md", "python")
    files = {"chain": space, "my_chains": accuracies, "my_latencies": latencies}
    for name, text in files.items():
        (tmp_path / f"{name}.py").write_text(text, encoding="utf-8")
    keys = ["-".join(each) for each in product(("conv", "pool", "skip"), repeat=4)]
    for name, column in (("my-chains", "test_accuracy"), ("my-latencies", "latency")):
        rows = "".join(f"{key},{50 + number / 10}\n" for number, key in enumerate(keys))
        (tmp_path / f"{name}.csv").write_text(f"key,{column}\n{rows}", encoding="utf-8")
    tables = {"chain": {"mine-fast": "my_latencies:FAST"}}
    own = {"spaces": {"chain": "chain:Chain"}, "tables": tables}
    monkeypatch.setenv("EDNAG_BENCHMARKS", json.dumps(own))
    monkeypatch.setenv("EDNAG_CODE", str(tmp_path))
    table = "results/tables/chain/mine-fast.parquet"
    runs = "results/runs/chain/mine-fast/paper/random/seeds-0-0.parquet"
    for command in (
        "sources add my-chains --path my-chains.csv",
        "sources add my-latencies --path my-latencies.csv",
        f"tables build --space chain --dataset mine-fast --output {table}",
        f"run --table {table} --method random --seeds 0 --budget 9 --output {runs}",
    ):
        subprocess.run(["ednag", *command.split()], cwd=tmp_path, check=True, capture_output=True)
    found = explored(tmp_path, "chain", "mine-fast", {"random": 0}, link=str)
    assert found is not None
    held = pd.read_csv(io.StringIO(found[1]["datasets"]["runs"]))
    assert held["order"].tolist() == list(range(1, 10))
    assert held["value"].min() >= 50 and "latency" not in held


def test_runs_that_another_study_left_are_not_read(root: Path) -> None:
    found = explored(root, *PLACE, {"random": 9}, link=str)
    assert found is not None
    assert found[0] == [root / TABLE, root / RUNS / "random" / "seeds-9-9.parquet"]
    found = explored(root, *PLACE, {"random": 10}, link=str)
    assert found is not None and found[0][1].name == "seeds-10-10.parquet"
    assert explored(root, *PLACE, {"random": 11}, link=str) is None


def test_no_table_or_no_run_is_no_chart(root: Path, tmp_path: Path) -> None:
    assert explored(tmp_path, *PLACE, {"ednag": 9}, link=str) is None
    place = tmp_path / TABLE
    place.parent.mkdir(parents=True)
    place.write_bytes((root / TABLE).read_bytes())
    assert explored(tmp_path, *PLACE, {"ednag": 9}, link=str) is None
