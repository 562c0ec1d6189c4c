"""Which benchmarks a study searches, and what is said of those without data."""

import pytest

from ednag.errors import EdnagError
from ednag.study.benchmarks import Missing, compared_sources, split_benchmarks
from ednag.study.configuration import definition_of, protocols_of, read_study

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


def test_an_official_file_takes_the_place_of_the_small_ones() -> None:
    study = read_study(
        {
            "benchmarks": {"nasbench201": ["cifar10-analog"]},
            "if_present": {"nasbench201": ["cifar100"]},
            "official_files": {"nasbench201": {"cifar100": "nats-tss-simple"}},
        }
    )
    assert definition_of(study, "nasbench201", "cifar100").sources == ("nats-tss-simple",)
    chosen, _ = split_benchmarks(study, lambda source: source == "nats-tss-simple")
    assert ("nasbench201", "cifar100") in chosen
    with pytest.raises(EdnagError, match=r"official_files.nasbench201.cifar10: unknown file 'nats"):
        read_study({"official_files": {"nasbench201": {"cifar10": "nats"}}})
    with pytest.raises(EdnagError, match="there is none of this table"):
        read_study({"official_files": {"nasbench201": {"cifar10-analog": "nats"}}})


def test_files_of_the_same_table_are_compared_where_the_study_reads_them() -> None:
    small = read_study({"benchmarks": {"nasbench201": ["cifar10", "cifar100"]}})
    benchmarks, _ = split_benchmarks(small, lambda source: False)
    # The second file of CIFAR-10's table tells of CIFAR-100 as well.
    assert compared_sources(small, benchmarks, lambda source: False) == {
        "nasbench201": ["nasbench201-cifar100-csv", "nats-bench-csv"]
    }
    official = {"nasbench201": {"cifar100": "nats-tss-simple"}}
    study = read_study({"benchmarks": {"nasbench201": ["cifar100"]}, "official_files": official})
    benchmarks, _ = split_benchmarks(study, lambda source: False)
    assert compared_sources(study, benchmarks, lambda source: False) == {}
    assert compared_sources(study, benchmarks, lambda source: True) == {
        "nasbench201": ["nasbench201-cifar100-csv", "nats-tss-simple"]
    }
