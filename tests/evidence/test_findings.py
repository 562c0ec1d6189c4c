"""The page of findings: every number computed, none typed."""

import re

import numpy as np
import pytest

from ednag.evidence.claims import read_claims
from ednag.evidence.findings import TEMPLATES, findings_page
from ednag.evidence.record import StudyRecord
from ednag.evidence.verdicts import counts, judge
from ednag.methods import get_method

from .claims_data import PUBLISHED, generated_of, record_of, runs_of, seeds_of, sets_of

#: Names that hold digits.
NAMES = r"NAS-Bench-\d+|CIFAR-\d+|TransNAS-Bench-\d+|ImageNet\d+-\d+|MobileNetV\d"


@pytest.mark.parametrize("name", TEMPLATES)
def test_no_number_is_typed(name: str) -> None:
    # What stands in braces is a field; `.2f` in it says how a number is shown.
    text = re.sub(r"\{[^}]*\}", "", TEMPLATES[name])
    assert not re.search(r"\d", re.sub(NAMES, "", text)), text
    spelt = r"\b(two|three|four|five|six|seven|eight|nine|ten|hundred|half|twice|thousand)\b"
    assert not re.search(spelt, text), text


def page_of(record: StudyRecord) -> str:
    claims = read_claims(PUBLISHED / "claims.yaml")
    return findings_page(record, claims, judge(claims, record))


RUNS = runs_of(np.append(np.full(30, 94.37333), np.full(10, 94.0)))
RANDOM = runs_of(np.full(40, 93.5), method="random")


def test_the_numbers_are_those_of_the_runs() -> None:
    record = record_of(generated_of(RUNS), RANDOM)
    page = page_of(record)
    assert "Computed from 80 runs under protocol" in page
    assert "2 methods on 1 dataset, seeds 0-39." in page
    row = next(line for line in page.splitlines() if line.startswith("| CIFAR-10 (nasbench201) |"))
    cells = [cell.strip() for cell in row.strip("|").split("|")]
    assert cells[1:2] + cells[3:9] == ["40", "94.37", "75", "8910", "500", "11", "300"]
    assert cells[2].startswith("94.28 [94.2")
    assert cells[9:] == ["94.18", "0", "1", "0", "0", "Random search (93.40)"]
    assert "did not complete" not in page
    assert "This study does not run them" in page
    assert page == page_of(record)
    assert "nan" not in page


def test_the_first_sentences_rank_ednag_and_count_the_papers_claims() -> None:
    page = page_of(record_of(RUNS, RANDOM))
    first, second, *_ = page.removeprefix("# Findings\n\n").split("\n\n")
    assert "EDNAG has mean rank 1.0 among 2 methods over 1 measured dataset;" in first
    assert "Mean ranks: EDNAG 1.0 and Random search 2.0." in page
    assert "Friedman" not in page
    assert "too few datasets for a test, which needs 3" in first
    assert " of the EDNAG paper could be tested here: " in second
    graphs = [
        runs_of(np.full(40, 70.0 + shift), "nasbench-graph", dataset, method)
        for dataset in ("cora", "citeseer", "pubmed", "cs", "physics", "photo")
        for method, shift in (("ednag", 0.0), ("random", -1.0), ("ednag-plus", 1.0), ("nar", 2.0))
    ]
    page = page_of(record_of(*graphs))
    first = page.split("\n\n")[1]
    assert "EDNAG has mean rank 3.0 among 4 methods over 6 measured datasets;" in first
    nar = get_method("nar").title
    assert f" that 1 method ({nar} 1.0) beats it, and that it beats no method." in first
    assert "Friedman's (p = " in page
    # Two ranks are no difference of four methods on three datasets.
    first = page_of(record_of(*graphs[:12])).split("\n\n")[1]
    assert " that no method beats it, and that it beats no method." in first


def test_other_methods_are_all_others() -> None:
    others = [
        runs_of(np.full(40, value), method=method)
        for method, value in (("ednag-plus", 95.0), ("ednag-identity", 93.0), ("random", 94.28))
    ]
    page = page_of(record_of(RUNS, *others))
    row = next(line for line in page.splitlines() if line.startswith("| CIFAR-10 (nasbench201) |"))
    assert [cell.strip() for cell in row.strip("|").split("|")][10:14] == ["1", "1", "1", "0"]


def test_methods_with_fewer_seeds_are_named() -> None:
    page = page_of(record_of(RUNS, RANDOM, runs_of(np.full(3, 93.5), method="nar")))
    nar = get_method("nar").title
    assert f"seeds 0-39 ({nar}: fewer)." in page
    assert "another number of seeds, lack a dataset, were tuned on one, or have drawn" in page
    assert f"within the budget: {nar}." in page


def test_a_benchmark_without_its_data_is_told() -> None:
    claims, record = read_claims(PUBLISHED / "claims.yaml"), record_of(RUNS)
    missing = {("nasbench101", "cifar10"): ["nasbench101-only108"]}
    page = findings_page(record, claims, judge(claims, record), missing)
    assert "## What could not be searched" in page
    assert "(nasbench101)**: `ednag sources fetch nasbench101-only108`." in page


def test_what_the_study_lacks_is_said() -> None:
    page = page_of(record_of(runs_of(np.full(40, 94.0), dataset="cifar10-analog", method="random")))
    assert "What Random search reports at its own end" in page
    assert "ranks Random search among no other method" in page
    page = page_of(record_of(runs_of(np.full(40, 94.0), dataset="cifar10-analog")))
    assert "No claim of the paper is about CIFAR-10" in page
    assert "nan" not in page


def test_no_best_is_told_where_nobody_knows_it() -> None:
    page = page_of(record_of(RUNS.assign(optimum=np.nan, found_optimum=False)))
    assert "| - | - | 8910 |" in page
    assert "nan" not in page


def test_runs_on_predictions_are_told_as_such_beside_measured_ones() -> None:
    predicted = [runs.assign(dataset="pets") for runs in (RUNS, RANDOM)]
    page = page_of(record_of(RUNS, RANDOM, *predicted))
    assert "| Pets (predicted) (nasbench201) | 40 | 94.28" in page
    assert "over 1 measured dataset" in page
    assert "nan" not in page


def test_runs_that_did_not_complete_are_told() -> None:
    runs = RUNS.assign(status=np.where(RUNS["seed"] < 3, "degenerate", "completed"))
    assert "3 of 40 runs of EDNAG did not complete (degenerate: 3)." in page_of(record_of(runs))


def test_the_authors_seeds_are_told() -> None:
    listed = seeds_of((94.37, 94.3733), (94.37, 94.0))
    page = page_of(record_of(RUNS, seeds=listed, sets=sets_of(94.37, 94.2, 0.002)))
    assert "On 1 of 1 dataset the values" in page
    assert "0.200 % of equally large sets of unselected seeds are as good (interval 0.1" in page
    assert "Of the 2 values, 1 are ours" in page
    fine = page_of(record_of(RUNS, seeds=listed, sets=sets_of(94.37, 94.2, 0.2)))
    assert "On 0 of 1 dataset the values" in fine
    few = page_of(record_of(RUNS, seeds=listed, sets=sets_of(94.37, 94.2, 0.002, seeds=5)))
    assert "cannot be told from 5 seeds; 30 are needed" in few


def test_the_papers_claims_are_one_table() -> None:
    claims = read_claims(PUBLISHED / "claims.yaml")
    record = record_of(RUNS, RANDOM)
    judged = judge(claims, record)
    page = findings_page(record, claims, judged)
    table = page.split("## What became of the paper's claims\n\n")[1].split("\n\n")[0]
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in table.splitlines()]
    numbers = np.array([[int(cell) for cell in row[1:]] for row in rows[2:]])
    own = counts(each for each in judged if each.kind == "ednag")
    assert numbers[:, 1:].sum(axis=0).tolist() == list(own.values())
    assert (numbers[:, 0] == numbers[:, 1:].sum(axis=1)).all()


def test_a_study_without_claims_is_told_by_its_first_method() -> None:
    places = [("nasbench-graph", name) for name in ("cora", "citeseer", "pubmed")]
    runs = [
        runs_of(np.full(40, value), *place, method)
        for place in places
        for method, value in (("local-search-best", 71.0), ("random", 70.0))
    ]
    page = findings_page(record_of(*runs), [], [], title="My study")
    title = get_method("local-search-best").title
    first, second = page.split("\n\n")[1:3]
    assert page.startswith("# Findings: My study\n")
    assert f"{title} has mean rank 1.0 among 2 methods over 3 measured datasets;" in first
    assert second.startswith("Computed from 240 runs")
    assert "claim" not in page and "EDNAG" not in page and "verdicts" not in page
