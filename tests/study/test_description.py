"""A study in words."""

from ednag.study.benchmarks import Missing
from ednag.study.configuration import read_study
from ednag.study.description import described


def test_a_study_is_described_by_what_is_really_searched() -> None:
    study = read_study(
        {
            "benchmarks": {"nasbench201": ["cifar10", "cifar10-analog"]},
            "if_present": {"nasbench101": ["cifar10"]},
            "methods": ["ednag", {"id": "random", "seeds": "0-4"}],
            "seeds": "0-19",
            "budget": 300,
        }
    )
    searched = [("nasbench201", "cifar10"), ("nasbench201", "cifar10-analog")]
    lacking = [Missing("nasbench101", "cifar10", ("nasbench101-only108",))]
    found = described(study, searched, lacking)
    assert found["nasbench201"] == "cifar10, cifar10-analog"
    assert found["seeds"] == "0-19"
    assert found["seeds of random"] == "0-4"
    assert "seeds of ednag" not in found
    assert found["budget"] == "300 distinct evaluations"
    assert found["needs data"] == "nasbench101/cifar10"
    assert "needs data" not in described(study, searched, [])
