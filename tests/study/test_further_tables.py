"""Methods that read a further table: planned where its file is here, and nowhere else."""

from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest
from click.testing import CliRunner, Result

from ednag.cli.run import command as run
from ednag.cli.tables.build import command as build
from ednag.errors import EdnagError
from ednag.study.configuration import read_study
from ednag.study.plan import Plan
from ednag.study.refusals import refuse_contradictions
from ednag.study.sources_read import optional_sources
from ednag.tables.parquet import read_table, write_benchmark
from tests.methods.made_up_proxies import proxies
from tests.study.test_plan import plan_of

PROXIES = "nasbench201-zero-cost"
BESIDE = "results/tables/nasbench201/cifar10-zero-cost.parquet"
METHODS = ["random", "zero-cost-guided", "nwot-guided"]


def plan(folder: Path, *here: str, **study: object) -> Plan:
    return plan_of(folder, *here, **{"methods": METHODS, "seeds": "0-1", "budget": 20, **study})


def test_the_method_runs_where_the_file_is(tmp_path: Path) -> None:
    here = plan(tmp_path, PROXIES)
    place = {"space": "nasbench201", "dataset": "cifar10-analog"}
    assert here.methods(SimpleNamespace(**place)) == tuple(METHODS)
    assert here.further_files(SimpleNamespace(**place, method="nwot-guided")) == [BESIDE]
    assert here.further_files(SimpleNamespace(**place, method="random")) == []
    assert BESIDE in here.files("table") and len(here.files("table")) == 2
    assert PROXIES in here.sources and not here.left_out


def test_without_the_file_it_is_left_out_and_nothing_else_differs(tmp_path: Path) -> None:
    here, without = plan(tmp_path, PROXIES), plan(tmp_path)
    assert without.left_out == {
        f"{name} on nasbench201/cifar10-analog": (PROXIES,) for name in METHODS[1:]
    }
    assert PROXIES not in without.sources and BESIDE not in without.files("table")
    others = [path for path in here.files("run") if "guided" not in path]
    assert without.files("run") == others and others
    assert len(here.files("run")) == 3 * len(others)
    assert PROXIES in optional_sources(without.study)


def test_where_nobody_has_proxies_the_method_is_not_run(tmp_path: Path) -> None:
    benchmarks = {"nasbench201": ["cifar100-valid", "digits-unseen"], "nasbench-graph": ["cora"]}
    elsewhere = plan(tmp_path, PROXIES, benchmarks=benchmarks)
    assert elsewhere.methods_run == ["random"] and not elsewhere.left_out


def test_a_dataset_without_proxies_is_refused_where_it_is_named() -> None:
    entry = {"id": "zero-cost-guided", "datasets": ["cifar100-valid"]}
    study = read_study(
        {"benchmarks": {"nasbench201": ["cifar100-valid"]}, "methods": ["random", entry]}
    )
    with pytest.raises(EdnagError, match=r"methods\[1\].datasets: .* nobody has one of cifar100"):
        refuse_contradictions(study, [("nasbench201", "cifar100-valid")])
    with pytest.raises(EdnagError, match="cannot search nasbench-graph; it searches nasbench201"):
        read_study({"methods": ["random", {"id": "nwot-guided", "spaces": ["nasbench-graph"]}]})


def test_a_study_of_such_methods_alone_says_what_they_need(tmp_path: Path) -> None:
    with pytest.raises(EdnagError, match=f"zero-cost-guided: needs {PROXIES}"):
        plan(tmp_path, methods=["zero-cost-guided"]).check()


def built(space: str, dataset: str, path: Path) -> Path:
    call = ["--space", space, "--dataset", dataset, "--output", str(path)]
    assert CliRunner().invoke(build, call).exit_code == 0
    return path


def search(table: Path, method: str, output: Path, *options: str) -> Result:
    call = ["--table", str(table), "--method", method, "--seeds", "0-1", "--budget", "20"]
    return CliRunner().invoke(run, [*call, *options, "--output", str(output)])


def test_a_run_belongs_to_the_further_table_that_it_read(tmp_path: Path) -> None:
    """Those of other methods belong to none."""
    beside = tmp_path / BESIDE
    table = built("nasbench201", "cifar10-analog", beside.with_name("cifar10-analog.parquet"))
    made_up = replace(proxies(), dataset="cifar10-zero-cost", sources={PROXIES: "0" * 64})
    write_benchmark(made_up, beside)
    for name in METHODS:
        (path,) = [path for path in plan(tmp_path, PROXIES).files("run") if f"/{name}/" in path]
        options = [] if name == "random" else ["--further", str(beside)]
        assert search(table, name, tmp_path / path, *options).exit_code == 0
    assert plan(tmp_path, PROXIES).unfit() == {}

    made_up.values["synflow"][0] += 1
    write_benchmark(replace(made_up), beside)
    assert read_table(beside).digest == replace(made_up).digest
    unfit = plan(tmp_path, PROXIES).unfit()
    assert sorted(path.split("/")[5] for path in unfit) == sorted(METHODS[1:])
    assert all(reason.startswith("further.table is ") for reason in unfit.values())


def test_a_run_without_its_further_table_is_refused(tmp_path: Path) -> None:
    table = built("nasbench201", "cifar10-analog", tmp_path / "t.parquet")
    other = built("nasbench-graph", "cora", tmp_path / "g.parquet")
    output = tmp_path / "r.parquet"
    failed = search(table, "zero-cost-guided", output)
    assert isinstance(failed.exception, EdnagError)
    assert "reads a table zero-cost beside that of the benchmark" in str(failed.exception)
    failed = search(table, "zero-cost-guided", output, "--further", str(other))
    assert "further table is of nasbench-graph" in str(failed.exception)
    failed = search(table, "zero-cost-guided", output, "--further", str(table))
    assert "has no synflow" in str(failed.exception)
    failed = search(table, "random", output, "--further", str(table))
    assert str(failed.exception) == "--further: random reads no further table; leave it out"
    assert not output.exists()


COSTS = "hw-nasbench201-cifar10"
JUDGED = {"methods": ["random"], "costs": {"names": ["edgegpu_latency"]}}


def test_costs_are_read_where_their_file_is_here(tmp_path: Path) -> None:
    """Runs of methods that read no cost are judged by it, and do not depend on it."""
    here, without = plan(tmp_path, COSTS, **JUDGED), plan(tmp_path, **JUDGED)
    place = SimpleNamespace(space="nasbench201", dataset="cifar10-analog", method="random")
    assert here.cost_files(place) == ["results/tables/nasbench201/cifar10-hardware.parquet"]
    assert here.further_files(place) == [] == without.costed
    assert [at["dataset"] for at in here.costed] == ["cifar10-analog"]
    assert COSTS in here.sources and COSTS in optional_sources(without.study)
    assert without.left_out == {"costs on nasbench201/cifar10-analog": (COSTS,)}
    assert here.files("run") == without.files("run")


def test_costs_of_the_dataset_itself_need_no_further_table(tmp_path: Path) -> None:
    """A dataset is judged by those costs that it has, and a method runs where its cost is."""
    benchmarks = {"nasbench-graph": ["cora"], "nasbench201": ["cifar10-analog"]}
    named = {"benchmarks": benchmarks, "costs": {"names": ["latency", "edgegpu_latency"]}}
    on_latency = {"id": "nsga2", "hyperparameters": {"cost": "latency"}}
    methods = ["random", on_latency, {"id": "moead", "spaces": ["nasbench201"]}]
    made = plan(tmp_path, COSTS, **named, methods=methods, budget=500)
    made.check()
    cora, cell = (SimpleNamespace(space=s, dataset=d) for s, (d,) in benchmarks.items())
    assert (made.costs(cora), made.cost_files(cora)) == (["latency"], [])
    assert made.costs(cell) == ["edgegpu_latency"]
    assert made.cost_files(cell) == ["results/tables/nasbench201/cifar10-hardware.parquet"]
    assert made.methods(cora) == ("random", "nsga2") and made.methods(cell) == ("random", "moead")
    assert made.further_files(SimpleNamespace(**vars(cora), method="nsga2")) == []
    assert [at["dataset"] for at in made.costed] == ["cora", "cifar10-analog"]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"costs": {"names": ["edgegpu_latenc"]}}, r"costs.names\[0\].*did you mean 'edgegpu_lat"),
        (
            {"benchmarks": {"transnas-micro": ["jigsaw"]}},
            "costs: no dataset of the study has a cost",
        ),
        (
            {"benchmarks": {"nasbench-graph": ["cora"]}, "costs": {"names": ["latenc"]}},
            r"costs.names\[0\]: unknown cost 'latenc'; did you mean 'latency'",
        ),
        (
            {"methods": [{"id": "nsga2", "hyperparameters": {"cost": "flop"}}]},
            r"nsga2: unknown cost 'flop'; did you mean 'flops'",
        ),
        (
            {"methods": ["random", {"id": "nsga2", "hyperparameters": {"cost": "flop"}}]},
            r"methods\[1\].hyperparameters.cost: .*did you mean 'flops'",
        ),
    ],
)
def test_wrong_costs_are_refused(tmp_path: Path, changes: dict[str, object], message: str) -> None:
    with pytest.raises(EdnagError, match=message):
        plan(tmp_path, COSTS, **{**JUDGED, "budget": 500, **changes}).check()


def test_a_cost_that_is_named_twice_is_refused() -> None:
    with pytest.raises(EdnagError, match=r"costs.names: one is repeated"):
        read_study({"costs": {"names": ["flops", "flops"]}})
