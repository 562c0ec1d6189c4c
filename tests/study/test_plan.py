"""Questions to the plan of a study, without Snakemake."""

import re
import subprocess
import sys
from collections.abc import Mapping
from itertools import chain
from pathlib import Path
from types import SimpleNamespace

import pytest

from ednag.errors import EdnagError
from ednag.sources.registry import load_registry
from ednag.study.artefacts import ARTEFACTS, find_artefact, record_path
from ednag.study.configuration import read_study
from ednag.study.plan import Plan

PUBLISHED = Path(__file__).resolve().parents[2] / "published"
ANALOG = {"benchmarks": {"nasbench201": ["cifar10-analog"]}, "ranker": {"seeds": []}}


def plan_of(tmp_path: Path, *here: str, **study: object) -> Plan:
    """The plan of a study in an empty folder where only some sources are here."""
    return Plan(
        read_study({**ANALOG, **study}),
        is_here=here.__contains__,
        file_of=lambda source: f"{source}.file",
        published=PUBLISHED,
        folder=tmp_path,
    )


def at(**wildcards: str) -> SimpleNamespace:
    """Wildcards as Snakemake passes them."""
    return SimpleNamespace(**wildcards)


def test_runs_are_planned_in_blocks_of_the_studys_seeds(tmp_path: Path) -> None:
    plan = plan_of(tmp_path, seeds="0-5", block=4, methods=["random"])
    folder = "results/runs/nasbench201/cifar10-analog/paper/random"
    expected = [f"{folder}/seeds-0-3.parquet", f"{folder}/seeds-4-5.parquet"]
    assert plan.runs(at(space="nasbench201", dataset="cifar10-analog")) == expected
    assert plan.files("run") == expected


def test_too_many_run_files_are_refused_before_anything_runs(tmp_path: Path) -> None:
    plan = plan_of(tmp_path, seeds="0-4999", block=1, methods=["random"])
    with pytest.raises(EdnagError, match="raise block to"):
        plan.check()


@pytest.mark.parametrize(
    ("dataset", "method", "reason"),
    [
        ("aircraft", "nar", "nar: the values are predicted"),
        ("cifar10-analog", "asha", "asha: there are no accuracies after fewer epochs"),
        (
            "digits-unseen",
            "zero-cost-guided",
            "zero-cost-guided: there is no table zero-cost beside it",
        ),
        ("cifar10-valid", "zero-cost-guided", "zero-cost-guided: needs "),
        (
            "cifar10-analog",
            {"id": "random", "datasets": ["cifar10"]},
            "random: its datasets are cifar10",
        ),
    ],
)
def test_a_benchmark_that_no_method_searches_is_refused_with_the_reason(
    tmp_path: Path, dataset: str, method: object, reason: str
) -> None:
    study = {"benchmarks": {"nasbench201": [dataset]}, "methods": [method]}
    told = re.escape(f"methods: none of the study runs on nasbench201/{dataset} ({reason}")
    with pytest.raises(EdnagError, match=told):
        plan_of(tmp_path, **study).check()


def test_a_method_that_runs_on_nothing_here_is_named_with_the_reason(tmp_path: Path) -> None:
    two = {"nasbench201": ["cifar10-analog", "cifar10-valid"]}
    plan = plan_of(tmp_path, benchmarks=two, methods=["random", "asha", "zero-cost-guided"])
    plan.check()
    assert plan.idle == {
        "asha": "nasbench201/cifar10-analog, nasbench201/cifar10-valid: there are no accuracies "
        "after fewer epochs",
        "zero-cost-guided": "nasbench201/cifar10-analog, nasbench201/cifar10-valid: needs "
        "nasbench201-zero-cost",
    }
    absent = {"if_present": {"nasbench101": ["cifar10"]}}
    only = {"id": "local-search-best", "spaces": ["nasbench101"]}
    plan = plan_of(tmp_path, **absent, methods=["random", only])
    plan.check()
    assert plan.idle == {"local-search-best": "files of its benchmarks are not here"}
    with pytest.raises(
        EdnagError, match=r"methods\[1\]: .* searches nasbench101, and the study nasbench201; leave"
    ):
        plan_of(tmp_path, methods=["random", only]).check()


def test_methods_are_compared_over_datasets_where_they_run_on_each(tmp_path: Path) -> None:
    plan = plan_of(tmp_path, methods=["random", "nar"])
    places = [("nasbench201", "cifar10"), ("nasbench-graph", "cora")]
    assert plan.methods_on_all(places) == ("random",)
    assert plan.methods_on_all(places[:1]) == ("random", "nar")


def test_the_best_of_the_studys_own_methods_are_trained(tmp_path: Path) -> None:
    def trained(*methods: object, **top_k: object) -> Plan:
        digits = {"nasbench201": ["digits-unseen"]}
        return plan_of(tmp_path, benchmarks=digits, methods=[*methods], top_k=top_k)

    place = at(space="nasbench201", dataset="digits-unseen")
    for methods, chosen in {
        ("bananas",): ("bananas",),
        ("bananas", "npenas"): ("bananas",),
        ("bananas", "random"): ("random",),
        ("random", "bananas", "ednag"): ("ednag", "random"),
    }.items():
        plan = trained(*methods)
        plan.check()
        assert plan.top_k_methods(place) == chosen
        assert len(plan.top_k_runs(place)) == len(chosen)
    with pytest.raises(
        EdnagError, match=r"top_k\.methods: .* is not searched by ednag; name some of bananas"
    ):
        trained("bananas", methods=["ednag"]).check()


def test_a_benchmark_without_data_is_left_out_and_named(tmp_path: Path) -> None:
    study = {"if_present": {"nasbench101": ["cifar10"]}}
    plan = plan_of(tmp_path, **study)
    assert plan.searched == [("nasbench201", "cifar10-analog")]
    (missing,) = plan.lacking
    assert plan.left_out == {"nasbench101/cifar10": missing.sources}
    assert plan_of(tmp_path, *missing.sources, **study).left_out == {}


def test_figures_of_variants_exist_where_variants_run(tmp_path: Path) -> None:
    figures = {"mapping", "steps", "population", "ablation"}

    def drawn(*methods: str) -> set[str]:
        plan = plan_of(tmp_path, methods=[*methods])
        return {name for name in figures if plan.files(name)}

    assert drawn("ednag", "random") == set()
    assert drawn("ednag", "ednag-power") == {"mapping"}
    assert drawn("ednag-power", "random") == set(), "nothing to compare without EDNAG"
    two = {"nasbench201": ["cifar10-analog", "cifar10-valid"]}
    power = {"id": "ednag-power", "datasets": ["cifar10-valid"]}
    plan = plan_of(tmp_path, benchmarks=two, methods=["ednag", power])
    assert [place["dataset"] for place in plan.drawn_variants("mapping")] == ["cifar10-valid"]


def test_ranks_need_three_measured_datasets(tmp_path: Path) -> None:
    two = {"nasbench201": ["cifar10", "cifar100"]}
    assert plan_of(tmp_path, benchmarks=two).files("ranks") == []
    one = {"nasbench201": ["cifar10", "cifar10-valid", "cifar10-analog", "cifar100-valid"]}
    assert plan_of(tmp_path, benchmarks=one).files("ranks") == [], "two kinds of images"
    three = {"nasbench201": ["cifar10", "cifar100", "ImageNet16-120"]}
    plan = plan_of(tmp_path, benchmarks=three)
    assert plan.files("ranks") == ["figures/ranks-paper.csv"]
    assert len(plan.ranked_summaries(at(protocol="paper"))) == 3
    # A method that looks for cheap architectures as well is in no ranking of one metric.
    flops = {"id": "by-flops", "of": "nsga2", "hyperparameters": {"cost": "flops"}}
    hardware = [source for source in load_registry() if source.startswith("hw-nasbench201")]
    for others, ranks in (([], []), (["random"], ["figures/ranks-paper.csv"])):
        methods = ["ednag", "nsga2", flops, *others]
        plan = plan_of(tmp_path, *hardware, benchmarks=three, methods=methods)
        assert "by-flops" in plan.methods_run
        assert plan.files("ranks") == ranks


def test_the_small_instance_trains_only_where_it_is_searched(tmp_path: Path) -> None:
    trained = ("database", "small_predictor", "small_features", "trained_small", "predictor")
    plan = plan_of(tmp_path)
    assert not any(plan.files(name) for name in trained)
    plan = plan_of(tmp_path, benchmarks={"nasbench201": ["digits-unseen"]})
    assert all(plan.files(name) for name in trained)
    parts = [plan.database(part) for part in ("training", "held-out", "reference")]
    assert all(parts) and [*chain(*parts)] == plan.files("database")


def test_authors_seeds_are_run_beside_the_studys(tmp_path: Path) -> None:
    benchmark = {"nasbench201": ["cifar10"]}
    assert plan_of(tmp_path, benchmarks=benchmark).authors_spaces == []
    plan = plan_of(tmp_path, benchmarks=benchmark, authors_seeds="0-199", block=100)
    assert plan.authors_spaces == [{"space": "nasbench201"}]
    beside = set(plan.authors_runs(at(space="nasbench201"))) - set(
        plan.runs(at(space="nasbench201", dataset="cifar10"))
    )
    assert beside and all("/ednag/" in path for path in beside)
    assert beside < set(plan.files("run"))


def test_a_method_with_an_end_of_its_own_gets_no_budget(tmp_path: Path) -> None:
    plan = plan_of(tmp_path, budget=77)
    assert plan.budget_option(at(method="ednag")) == ""
    assert plan.budget_option(at(method="random")) == "--budget 77"


def test_what_a_budget_counts_is_said_to_jobs_and_in_run_files(tmp_path: Path) -> None:
    where = {"space": "nasbench201", "dataset": "cifar10-analog"}
    plans = [plan_of(tmp_path, count=count) for count in ("distinct evaluations", "unique graphs")]
    options = [plan.budget_option(at(method="random")) for plan in plans]
    assert options == ["--budget 512", "--budget 512 --count 'unique graphs'"]
    described = [plan.settings(at(**where))["cifar10-analog"]["paper"] for plan in plans]
    assert [each["random"]["budget"] for each in described] == [512, "512 unique graphs"]
    assert [each["ednag"]["budget"] for each in described] == [None, None]


@pytest.mark.parametrize(
    "study",
    [
        {},
        {"benchmarks": {"nasbench201": ["cifar10", "digits-unseen"]}, "authors_seeds": "0-99"},
        {"benchmarks": {"mobilenetv3": ["pets"]}, "ranker": {"seeds": "0", "if_present": True}},
    ],
)
def test_every_planned_file_is_an_artefact_once(
    tmp_path: Path, study: Mapping[str, object]
) -> None:
    plan = plan_of(tmp_path, "nasbench101-vis-20k", **study)
    files = [path for artefact in ARTEFACTS for path in plan.files(artefact.name)]
    assert len(set(files)) == len(files)
    assert all(find_artefact(path) for path in [*files, *plan.targets()])
    assert set(plan.audited()) <= set(plan.targets(audited=True)) <= set(plan.targets())
    assert len(set(plan.records)) == len(plan.records)


def test_records_of_other_spaces_searches_are_no_part_of_a_chain(tmp_path: Path) -> None:
    plan = plan_of(
        tmp_path, benchmarks={"nasbench201": ["cifar10-analog"], "nasbench-graph": ["cora"]}
    )
    chain = plan.chain_records(at(space="nasbench-graph"))
    assert not [path for path in chain if "/runs/nasbench201/" in path]
    assert [path for path in chain if "/runs/nasbench-graph/" in path]


def test_reading_a_large_file_asks_for_its_memory(tmp_path: Path) -> None:
    benchmark = at(space="nasbench201", dataset="cifar10")
    small = plan_of(tmp_path, benchmarks={"nasbench201": ["cifar10"]})
    assert small.table_megabytes(benchmark, 1) == 1500
    large = plan_of(
        tmp_path,
        benchmarks={"nasbench201": ["cifar10"]},
        official_files={"nasbench201": {"cifar10": "nasbench201-v1_1"}},
    )
    assert large.table_megabytes(benchmark, 2) > 60_000
    assert large.table_options(benchmark) == "--from nasbench201-v1_1"


def test_a_search_by_prediction_asks_for_its_time(tmp_path: Path) -> None:
    plan = plan_of(tmp_path)
    assert plan.run_minutes(at(space="nasbench201", first="0", last="49"), 1) == 30
    assert plan.run_minutes(at(space="mobilenetv3", first="0", last="49"), 2) == 160


def test_planning_a_study_imports_neither_pandas_nor_torch() -> None:
    code = """
import sys
from pathlib import Path
from ednag.study.configuration import load_study
from ednag.study.plan import Plan
for study in ("config.yaml", "config/tables.yaml"):
    plan = Plan(load_study(Path(study)), lambda source: True, str, Path("published"))
    assert plan.targets() and plan.records
print([name for name in ("pandas", "pyarrow", "scipy", "torch") if name in sys.modules])
"""
    root = PUBLISHED.parent
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=root, capture_output=True, text=True, check=True
    )
    assert done.stdout == "[]\n"


@pytest.mark.parametrize(
    ("keys", "place"),
    [
        ({"methods": ["random", {"id": "nar", "datasets": ["cifar10"]}]}, "methods[1].datasets[0]"),
        ({"methods": ["random"], "ranker": {"datasets": ["cifar10"]}}, "ranker.datasets[0]"),
    ],
)
def test_a_limit_to_a_dataset_that_is_not_searched_is_refused(
    keys: dict[str, object], place: str, tmp_path: Path
) -> None:
    with pytest.raises(EdnagError, match=re.escape(f"{place}: the study does not search cifar10;")):
        plan_of(tmp_path, **keys).check()
    plan_of(tmp_path, **keys, if_present={"nasbench201": ["cifar10"]}).check()


def test_a_method_can_be_limited_to_datasets(tmp_path: Path) -> None:
    plan = plan_of(
        tmp_path,
        benchmarks={"nasbench201": ["cifar10-analog", "cifar10-valid"]},
        methods=["random", {"id": "nar", "datasets": ["cifar10-valid"]}],
    )
    assert plan.methods(at(space="nasbench201", dataset="cifar10-analog")) == ("random",)
    assert plan.methods(at(space="nasbench201", dataset="cifar10-valid")) == ("random", "nar")


@pytest.mark.parametrize(
    ("study", "claimed"),
    [
        ({"benchmarks": {"nasbench-graph": ["cora"]}, "methods": ["ednag", "random"]}, False),
        ({"methods": ["ednag", "random"]}, True),
        ({"methods": ["random", "local-search-best"]}, False),
        ({"methods": ["random"], "ranker": {"seeds": "0"}}, True),
        ({"benchmarks": {"nasbench201": ["digits-unseen"]}, "methods": ["ednag"]}, False),
    ],
)
def test_only_a_study_of_what_papers_claim_has_verdicts(
    tmp_path: Path, study: Mapping[str, object], claimed: bool
) -> None:
    plan = plan_of(tmp_path, **study)
    assert bool(plan.files("verdicts")) is bool(plan.files("published")) is claimed
    assert plan.files("findings") and record_path("verdicts") in plan.records
