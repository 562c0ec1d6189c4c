"""The Python interface gives what the command line gives, and refuses what it must."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner

import ednag
from ednag.cli import group
from ednag.errors import EdnagError
from ednag.methods.storage import read_runs
from ednag.spaces import get_space
from ednag.tables.interface import Benchmark
from ednag.tables.parquet import write_benchmark
from tests.docs.pages import DOCS, blocks


@pytest.fixture(scope="module")
def benchmark() -> Benchmark:
    return ednag.load("nasbench201", "cifar10-analog")


def measured(count: int, seed: int = 0) -> pd.DataFrame:
    """Made-up values above 0 of the first architectures of NAS-Bench-201."""
    space = get_space("nasbench201")
    values = np.random.default_rng(seed).uniform(5, 90, count)
    return pd.DataFrame({"key": [space.key(code) for code in range(count)], "made": values})


def test_importing_the_package_imports_nothing_else() -> None:
    code = (
        "import sys, ednag; print(sorted({'numpy', 'pandas', 'torch'} & {*sys.modules}),"
        " [name for name in sys.modules if name.startswith('ednag.')], callable(ednag.load))"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout == "[] [] True\n"


def test_every_function_is_an_attribute_and_a_wrong_name_is_refused() -> None:
    for name in ednag.__all__:
        assert callable(getattr(ednag, name))
        assert name in dir(ednag)
    with pytest.raises(AttributeError, match="serch"):
        ednag.serch  # noqa: B018


def test_the_page_runs(tmp_path: Path) -> None:
    script = "\n".join(blocks(DOCS / "python-api.md", "python"))
    ran = subprocess.run(
        [sys.executable, "-c", script], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert ran.returncode == 0, ran.stderr
    assert ran.stdout.startswith("completed |")
    assert "local-search-first" in ran.stdout


@pytest.mark.parametrize("method", ["ednag", "random"])
def test_a_search_is_the_run_of_the_command(
    method: str, benchmark: Benchmark, tmp_path: Path
) -> None:
    table, file = tmp_path / "table.parquet", tmp_path / "runs.parquet"
    write_benchmark(benchmark, table)
    arguments = ["run", "--table", table, "--method", method, "--seeds", "7", "--output", file]
    done = CliRunner().invoke(group, [*map(str, arguments), "--budget", "50"])
    assert done.exit_code == 0, done.output
    stored = read_runs(file)
    run = ednag.search(method, ednag.read_table(table), seed=7, budget=50)
    (theirs,) = stored.runs
    assert run.result.codes.tolist() == theirs.codes.tolist()
    assert run.value == theirs.outcome_metric
    assert run.described == {name: stored.described[name] for name in run.described}


def test_the_best_so_far_has_a_row_for_each_distinct_evaluation(benchmark: Benchmark) -> None:
    run = ednag.search("local-search-first", benchmark, seed=np.int64(1), budget=40)
    rows = run.best_so_far()
    assert rows["evaluations"].tolist() == list(range(1, 41))
    assert rows["best"].tolist() == np.maximum.accumulate(rows["queried"]).tolist()
    assert (rows["lookups"] >= rows["evaluations"]).all()
    assert run.outcome in set(rows["key"]) and run.value == rows["best"].iloc[-1]


def test_a_comparison_has_the_numbers_of_the_runs(benchmark: Benchmark) -> None:
    runs = [
        ednag.search(method, benchmark, seed=seed, budget=30)
        for method in ("random", "local-search-first")
        for seed in range(4)
    ]
    table = ednag.compare(runs, budgets=(10,))
    row = table[(table["method"] == "random") & (table["counted"] == "distinct evaluations")]
    best = [run.best_so_far()["best"].iloc[9] for run in runs[:4]]
    assert row["mean"].item() == pytest.approx(np.mean(best))
    assert ednag.compare(runs)["budget"].unique().tolist() == [30]
    (against,) = ednag.compare(runs, against="random")["against"].unique()
    assert against == "local-search-first"


def test_a_comparison_refuses_what_it_would_mix(benchmark: Benchmark) -> None:
    first = ednag.search("random", benchmark, seed=0, budget=5)
    with pytest.raises(EdnagError, match="seed 0 of random is twice"):
        ednag.compare([first, first])
    other = ednag.search("random", benchmark, seed=1, budget=6)
    with pytest.raises(EdnagError, match="random differ in budget"):
        ednag.compare([first, other])
    with pytest.raises(EdnagError, match="no runs"):
        ednag.compare([])
    with pytest.raises(EdnagError, match="no run is of 'ednag'; name one of random"):
        ednag.compare([first], against="ednag")
    with pytest.raises(EdnagError, match=r"compare: 7 is no run; give what ednag\.search returned"):
        ednag.compare(7)  # type: ignore[arg-type]
    with pytest.raises(EdnagError, match=r"compare: .* is no run; give what"):
        ednag.compare(benchmark)  # type: ignore[arg-type]


def test_a_comparison_takes_one_run_and_one_budget(benchmark: Benchmark) -> None:
    run = ednag.search("random", benchmark, seed=0, budget=5)
    assert ednag.compare(run).equals(ednag.compare([run]))
    assert ednag.compare([run], budgets=3).equals(ednag.compare([run], budgets=(3,)))
    for wrong, message in [
        (0, "budgets: 0 is no whole number from 1"),
        (2.5, "budgets: 2.5 is no whole number"),
        ("3", "budgets: '3' is no whole number"),
        ((3, 2), r"budgets: \(3, 2\) does not ascend"),
    ]:
        with pytest.raises(EdnagError, match=message):
            ednag.compare(run, budgets=wrong)  # type: ignore[arg-type]


def test_a_method_with_other_settings_has_its_own_name(benchmark: Benchmark) -> None:
    runs = [
        ednag.search("regularised-evolution", benchmark, seed=0, budget=30),
        ednag.search(
            "regularised-evolution",
            benchmark,
            seed=0,
            budget=30,
            name="small",
            population_num=5,
            sample_size=2,
        ),
    ]
    table = ednag.compare(runs)
    assert table["method"].unique().tolist() == ["regularised-evolution", "small"]
    with pytest.raises(EdnagError, match="'random' is another method"):
        ednag.search("ednag", benchmark, seed=0, name="random")


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"method": "randm"}, "did you mean 'random'"),
        ({"method": 3}, "method: 3 is no text"),
        ({"benchmark": "chain"}, "benchmark: 'chain' is no benchmark; give what ednag.load"),
        ({"protocol": "papre"}, "did you mean 'paper'"),
        ({"seed": -1}, "seed: -1 is no whole number from 0"),
        ({"seed": True}, "seed: True is no whole number"),
        ({"budget": 0}, "budget: 0 is no whole number from 1"),
        ({"budget": 2.5}, "budget: 2.5 is no whole number"),
        ({"strat": 3}, "unknown key 'strat'"),
    ],
)
def test_a_wrong_argument_of_a_search_is_refused(
    wrong: dict[str, object], message: str, benchmark: Benchmark
) -> None:
    arguments = {"method": "random", "benchmark": benchmark, "seed": 0, **wrong}
    with pytest.raises(EdnagError, match=message):
        ednag.search(**arguments)


def test_a_wrong_benchmark_is_refused() -> None:
    with pytest.raises(EdnagError, match="did you mean 'nasbench201'"):
        ednag.load("nasbench20", "cifar10")
    with pytest.raises(EdnagError, match="did you mean 'cifar10-valid'"):
        ednag.load("nasbench201", "cifar10-vaild")
    with pytest.raises(EdnagError, match=r"read_table\(.results/tables/nasbench201/digits"):
        ednag.load("nasbench201", "digits-unseen")


def test_a_table_is_kept_and_made_again_for_other_bytes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("EDNAG_CACHE", str(tmp_path))
    first = ednag.load("nasbench201", "cifar10-analog")
    (kept,) = tmp_path.glob("tables/nasbench201/cifar10-analog-*.parquet")
    again = ednag.load("nasbench201", "cifar10-analog")
    assert first.digest == again.digest and first.sources == again.sources
    other = ednag.table_of(measured(20), "nasbench201", metric="made", dataset="kept")
    write_benchmark(other, kept)
    assert ednag.load("nasbench201", "cifar10-analog").digest == first.digest
    assert ednag.read_table(kept).digest == first.digest


@pytest.mark.parametrize("higher", [True, False])
def test_a_frame_is_a_benchmark(higher: bool) -> None:
    frame = measured(60)
    table = ednag.table_of(
        frame,
        "nasbench201",
        metric="made",
        unit="points",
        higher_is_better=higher,
        dataset=f"made-{higher}",
    )
    run = ednag.search("random", table, seed=0, budget=60)
    assert run.value == (frame["made"].max() if higher else frame["made"].min())
    best = run.best_so_far()["best"]
    assert best.is_monotonic_increasing if higher else best.is_monotonic_decreasing


@pytest.mark.parametrize("higher", [True, False])
def test_ednag_improves_on_a_frame(higher: bool) -> None:
    frame = measured(get_space("nasbench201").size)
    table = ednag.table_of(
        frame,
        "nasbench201",
        metric="made",
        higher_is_better=higher,
        dataset=f"whole-{higher}",
    )
    run = ednag.search("ednag", table, seed=0, num_step=20)
    assert run.status == "completed"
    best = frame["made"].nlargest(200) if higher else frame["made"].nsmallest(200)
    assert run.value in best.to_numpy()


def test_a_wrong_frame_is_refused() -> None:
    frame = measured(10)
    wrong = [
        (frame, {"metric": "mode"}, "no column 'mode'"),
        (frame.assign(key="x"), {}, "row 1: key"),
        (pd.concat([frame, frame]), {}, "row 11: .* is repeated"),
        (frame.assign(made=-frame["made"]), {}, "needs one above 0"),
        (frame.assign(made="a"), {}, "needs one above 0"),
        (frame.assign(made=frame["made"] * 9), {}, "made"),
        (frame, {"dataset": "cifar10"}, "nasbench201/cifar10 is another table"),
    ]
    for given, arguments, message in wrong:
        with pytest.raises(EdnagError, match=message):
            ednag.table_of(given, "nasbench201", **{"metric": "made", **arguments})
    ednag.table_of(frame, "nasbench201", metric="made", dataset="twice")
    ednag.table_of(frame, "nasbench201", metric="made", dataset="twice")
    with pytest.raises(EdnagError, match="twice is another table"):
        ednag.table_of(frame, "nasbench201", metric="made", unit="points", dataset="twice")


def test_a_space_and_a_table_of_ones_own_have_their_names(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("EDNAG_CODE", str(DOCS / "example-package" / "chains"))
    monkeypatch.setenv("EDNAG_BENCHMARKS", "{}")
    monkeypatch.setenv("EDNAG_CACHE", str(tmp_path))
    benchmark = ednag.load("chain:Chain", "my_chains:TABLE")
    assert (benchmark.space, benchmark.dataset) == ("chain", "mine")
    runs = [ednag.search(name, benchmark, seed=1, budget=40) for name in ("ednag", "random")]
    assert [run.status for run in runs] == ["completed", "completed"]
    assert ednag.load("chain", "mine").digest == benchmark.digest
    with pytest.raises(EdnagError, match=r"unknown dataset 'min' of space chain; did you mean 'mi"):
        ednag.load("chain", "min")


def test_a_frame_is_a_table_of_a_space_of_ones_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EDNAG_CODE", str(DOCS / "example-package" / "chains"))
    monkeypatch.setenv("EDNAG_BENCHMARKS", "{}")
    frame = pd.DataFrame({"key": ["conv-conv-conv-conv"], "made": [90.0]})
    own = ednag.table_of(frame, "chain:Chain", metric="made")
    assert (own.space, own.dataset) == ("chain", "own")


def test_a_file_that_is_no_table_is_not_to_be_deleted_unread(tmp_path: Path) -> None:
    with pytest.raises(EdnagError, match=r"^there is no file .*none\.parquet; check its name"):
        ednag.read_table(tmp_path / "none.parquet")
    (tmp_path / "mine.csv").write_text("key,accuracy\n")
    with pytest.raises(EdnagError, match=r"name one that is; if the workflow made this one, del"):
        ednag.read_table(tmp_path / "mine.csv")


def test_a_method_of_the_users_is_searched_and_compared(
    benchmark: Benchmark, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(DOCS / "example-package")
    runs = [
        ednag.search(method, benchmark, seed=seed, budget=30)
        for method in ("greedy_mutation:METHOD", "random")
        for seed in range(2)
    ]
    assert {run.status for run in runs} == {"completed"}
    assert ednag.compare(runs)["method"].unique().tolist() == ["greedy-mutation", "random"]
