"""A study in words."""

from pathlib import Path

from ednag.study.description import described

from .test_plan import plan_of


def test_a_study_is_described_by_what_is_really_searched(tmp_path: Path) -> None:
    study = {
        "benchmarks": {"nasbench201": ["cifar10", "cifar10-analog"]},
        "if_present": {"nasbench101": ["cifar10"]},
        "methods": ["ednag", {"id": "random", "seeds": "0-4"}],
        "seeds": "0-19",
        "budget": 300,
    }
    description = described(plan_of(tmp_path, **study))
    assert description["nasbench201"] == "cifar10, cifar10-analog"
    assert description["seeds"] == "0-19"
    assert description["seeds of random"] == "0-4"
    assert "seeds of ednag" not in description
    assert description["budget"] == "300 distinct evaluations"
    assert description["needs data"] == "nasbench101/cifar10"
    assert "needs data" not in described(plan_of(tmp_path, **{**study, "if_present": {}}))
