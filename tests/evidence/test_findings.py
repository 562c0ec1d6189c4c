"""The page of findings: every number computed, none typed."""

import re

import numpy as np
import pytest

from ednag.evidence.claims import read_claims
from ednag.evidence.findings import TEMPLATES, findings_page
from ednag.evidence.record import StudyRecord
from ednag.evidence.verdicts import counts, judge

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
    record = record_of(RUNS, RANDOM, generated=generated_of(RUNS))
    page = page_of(record)
    assert "Computed from 80 runs: 2 methods on 1 benchmarks, seeds 0-39" in page
    assert "reached in 30 of 40 runs (75 %" in page
    assert "after 300: EDNAG 94.18; 0 of 1 other methods better, 1 worse, 0 undecided" in page
    assert "8910 look-ups on average and sees 500 distinct" in page
    assert "0 of 40 runs did not complete." in page
    count = counts(judge(read_claims(PUBLISHED / "claims.yaml"), record))
    assert f"{count['reproduced']} are reproduced, {count['partly']} partly" in page
    assert "This study does not run them" in page
    assert page == page_of(record)
    assert "After 300 look-ups, repeated and invalid ones counted: EDNAG 92.78" in page
    assert "nan" not in page


def test_a_benchmark_without_its_data_is_told() -> None:
    claims, record = read_claims(PUBLISHED / "claims.yaml"), record_of(RUNS)
    missing = {("nasbench101", "cifar10"): ["nasbench101-only108"]}
    page = findings_page(record, claims, judge(claims, record), missing)
    assert "## What needs data" in page
    assert "(nasbench101)**: `ednag sources fetch nasbench101-only108`." in page


def test_what_the_study_lacks_is_said() -> None:
    page = page_of(record_of(runs_of(np.full(40, 94.0), dataset="cifar10-analog", method="random")))
    assert "does not run EDNAG" in page
    assert "compares EDNAG with nothing" in page
    assert "reported on by no claim of the paper: CIFAR-10" in page
    assert "What is generated" not in page


def test_no_best_is_told_where_nobody_knows_it() -> None:
    page = page_of(record_of(RUNS.assign(optimum=np.nan, found_optimum=False)))
    assert "the best possible is not known" in page
    assert "nan" not in page


def test_runs_on_predictions_are_told_as_such_beside_measured_ones() -> None:
    predicted = [runs.assign(dataset="pets") for runs in (RUNS, RANDOM)]
    page = page_of(record_of(RUNS, RANDOM, *predicted))
    assert "- **Pets (predicted) (nasbench201)**: mean 94.28" in page
    assert "- **Pets (predicted) (nasbench201)**, after 300: EDNAG 94.18; 0 of 1 other" in page
    assert "nan" not in page


def test_runs_that_did_not_complete_are_told() -> None:
    runs = RUNS.assign(status=np.where(RUNS["seed"] < 3, "degenerate", "completed"))
    assert "3 of 40 runs did not complete (degenerate: 3)." in page_of(record_of(runs))


def test_the_authors_seeds_are_told() -> None:
    listed = seeds_of((94.37, 94.3733), (94.37, 94.0))
    page = page_of(record_of(RUNS, seeds=listed, sets=sets_of(94.37, 94.2, 0.002)))
    assert "On 1 of 1 benchmarks fewer than 5 %" in page
    assert "a chance of 0.200 % (interval 0.100 to 0.300 %)" in page
    assert "1 of 2 of these values are ours" in page
    few = page_of(record_of(RUNS, seeds=listed, sets=sets_of(94.37, 94.2, 0.002, seeds=5)))
    assert "cannot be told from 5 seeds; 30 are needed" in few
