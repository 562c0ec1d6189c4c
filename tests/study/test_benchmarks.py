"""Which benchmarks a study searches, and what is said of those without data."""

from ednag.study.benchmarks import Missing, split_benchmarks
from ednag.study.configuration import protocols_of, read_study

STUDY = read_study(
    {
        "benchmarks": {"nasbench201": ["cifar10-analog"], "transnas-micro": ["jigsaw"]},
        "if_present": {"nasbench101": ["cifar10"], "transnas-micro": ["jigsaw", "normal"]},
        "protocols": ["paper", "validation"],
    }
)


def test_benchmarks_of_if_present_are_searched_where_their_data_is() -> None:
    chosen, missing = split_benchmarks(STUDY, lambda source: source.startswith("transnas"))
    assert chosen == [
        ("nasbench201", "cifar10-analog"),
        ("transnas-micro", "jigsaw"),
        ("transnas-micro", "normal"),
    ]
    assert missing == [Missing("nasbench101", "cifar10", ("nasbench101-only108",))]


def test_a_benchmark_named_without_condition_is_never_left_out() -> None:
    chosen, _ = split_benchmarks(STUDY, lambda source: False)
    assert chosen == [("nasbench201", "cifar10-analog"), ("transnas-micro", "jigsaw")]


def test_a_benchmark_is_searched_under_the_protocols_it_has() -> None:
    assert protocols_of(STUDY, "nasbench201", "cifar10-analog") == ("paper",)
    assert protocols_of(STUDY, "transnas-micro", "jigsaw") == ("paper", "validation")
