"""Verdicts: each rule on data made to satisfy it and to break it."""

import json
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from ednag.evidence.cells import enumeration_table
from ednag.evidence.claims import ON_PRINTED, RULES, read_claims
from ednag.evidence.record import StudyRecord
from ednag.evidence.verdicts import (
    NEEDS,
    NOT_COMPARABLE,
    NOT_REPRODUCED,
    PARTLY,
    REPRODUCED,
    ClaimVerdict,
    counts,
    judge,
    verdicts_json,
    verdicts_page,
)
from ednag.study.published import read_listed_seeds

from .claims_data import (
    PUBLISHED,
    STATISTICS,
    claim_of,
    generated_of,
    record_of,
    runs_of,
    seeds_of,
    sets_of,
)

OPTIMUM = 94.37333
NOISE = np.random.Generator(np.random.PCG64(0)).normal(0, 0.1, 40)


def verdict_of(record: StudyRecord, rule: str, **fields: object) -> ClaimVerdict:
    return judge([claim_of(rule, **fields)], record)[0]


def test_a_mean_holds_fails_or_holds_for_the_authors_seeds_only() -> None:
    claim = {"printed": 94.37, "tolerance": 0.005}
    always = record_of(runs_of(np.full(40, OPTIMUM)))
    found = verdict_of(always, "mean", **claim)
    assert found.verdict == REPRODUCED
    assert found.runs == 40
    assert found.rests_on == ("results/runs/nasbench201/cifar10/paper/ednag/",)
    lower = runs_of(94.2 + NOISE)
    found = verdict_of(record_of(lower), "mean", **claim)
    assert found.verdict == NOT_REPRODUCED
    assert found.low is not None
    assert found.high is not None
    assert found.low < 94.2 + NOISE.mean() < found.high < 94.37
    selected = record_of(lower, sets=sets_of(94.37, 94.372, 0.01))
    assert verdict_of(selected, "mean", **claim).verdict == PARTLY


def test_the_worst_of_a_loss_is_its_largest_value() -> None:
    runs = runs_of(60 + np.arange(40.0), "transnas-micro", "room_layout")
    record = record_of(runs, generated=generated_of(runs))
    claim = {"space": "transnas-micro", "dataset": "room_layout"}
    found = verdict_of(record, "extreme", printed=90.0, quantity="last_worst", **claim)
    assert (found.verdict, found.ours) == (REPRODUCED, 90.0)
    found = verdict_of(record, "extreme", printed=60.0, quantity="last_best", **claim)
    assert (found.verdict, found.ours) == (REPRODUCED, 60.0)


def test_missing_data_too_few_seeds_and_missing_methods_are_said() -> None:
    claim = {"printed": 94.37, "tolerance": 0.005}
    analog = record_of(runs_of(np.full(40, 94.37), dataset="cifar10-analog"))
    found = verdict_of(analog, "mean", **claim)
    assert (found.verdict, found.runs, found.ours) == (NEEDS, 0, None)
    assert found.why == "needs data nasbench201-cifar10-csv, nats-bench-csv"
    few = verdict_of(record_of(runs_of(np.full(5, 94.37))), "mean", **claim)
    assert (few.verdict, few.why) == (NEEDS, "needs 30 seeds or more (the study has 5)")
    alone = record_of(runs_of(np.full(40, 94.37)))
    assert verdict_of(alone, "better-than", against="random").why == "needs runs of random"
    assert "authors_seeds: 0-999" in verdict_of(alone, "comments").why
    assert (
        "needs the quantity steps"
        in verdict_of(alone, "every-run", printed=99, quantity="steps").why
    )
    validation = record_of(runs_of(np.full(40, 94.37), protocol="validation"))
    assert verdict_of(validation, "mean", **claim).verdict == NEEDS
    nothing = StudyRecord(pd.DataFrame(columns=["space", "dataset", "protocol", "method"]))
    assert verdict_of(nothing, "mean", **claim).verdict == NEEDS


def test_runs_without_an_outcome_are_left_out_and_told() -> None:
    values = np.append(np.full(40, OPTIMUM), np.nan)
    found = verdict_of(record_of(runs_of(values)), "mean", printed=94.37, tolerance=0.005)
    assert "1 runs without a value left out" in found.why


def test_always_the_best() -> None:
    every = record_of(runs_of(np.full(40, OPTIMUM)))
    assert verdict_of(every, "always").verdict == REPRODUCED
    mixed = runs_of(np.append(np.full(39, OPTIMUM), 94.0))
    found = verdict_of(record_of(mixed), "always")
    assert (found.verdict, found.ours) == (NOT_REPRODUCED, 97.5)
    theirs = record_of(mixed, seeds=seeds_of((94.37, OPTIMUM), (94.37, OPTIMUM)))
    assert verdict_of(theirs, "always").verdict == PARTLY


def test_every_run_and_extremes() -> None:
    runs = runs_of(94.2 + NOISE)
    record = record_of(runs, generated=generated_of(runs))
    count = {"quantity": "distinct", "tolerance": 0.5}
    assert verdict_of(record, "every-run", printed=500, **count).verdict == REPRODUCED
    assert verdict_of(record, "every-run", printed=1, **count).verdict == NOT_REPRODUCED
    valid = {"quantity": "last_valid_share", "percent": True, "tolerance": 0.005}
    found = verdict_of(record, "every-run", printed=100, **valid)
    assert (found.verdict, "39 of 40" in found.why) == (PARTLY, True)
    worst = {"quantity": "last_worst", "tolerance": 0.005}
    assert verdict_of(record, "extreme", printed=80.0, **worst).verdict == REPRODUCED
    assert verdict_of(record, "extreme", printed=85.0, **worst).verdict == PARTLY
    assert verdict_of(record, "extreme", printed=70.0, **worst).verdict == NOT_REPRODUCED


def test_the_best_possible_and_its_factor() -> None:
    record = record_of(runs_of(np.full(40, 94.0)))
    best = {"printed": 94.37, "tolerance": 0.005}
    assert verdict_of(record, "best-possible", **best).verdict == REPRODUCED
    assert (
        verdict_of(record, "best-possible", printed=95.0, tolerance=0.1).verdict == NOT_REPRODUCED
    )
    scene = runs_of(np.full(40, 54.0), "transnas-micro", "class_scene", optimum=54.94)
    found = verdict_of(
        record_of(scene),
        "best-possible",
        printed=100.0,
        tolerance=0.5,
        scaled=True,
        space="transnas-micro",
        dataset="class_scene",
    )
    assert (found.verdict, found.ours) == (REPRODUCED, pytest.approx(1.82 * 54.94))


def test_gaps_between_methods() -> None:
    runs = runs_of(94.2 + NOISE)
    others = runs_of(93.77 + NOISE, method="ednag-identity")
    record = record_of(runs, others)
    gap = {"against": "ednag-identity", "tolerance": 0.005}
    assert verdict_of(record, "gap", printed=0.43, **gap).verdict == REPRODUCED
    assert verdict_of(record, "gap", printed=1.0, **gap).verdict == PARTLY
    assert verdict_of(record, "gap", printed=-0.43, **gap).verdict == NOT_REPRODUCED


def test_better_than_is_judged_at_equal_distinct_evaluations() -> None:
    runs = runs_of(94.2 + NOISE)
    for shift, verdict in ((-0.5, REPRODUCED), (0.5, NOT_REPRODUCED), (0.0, PARTLY)):
        others = runs_of(94.2 + NOISE + shift, method="random")
        found = verdict_of(record_of(runs, others), "better-than", against="random")
        assert found.verdict == verdict
        # The runs end at 500 distinct evaluations, so that 800 would compare nothing.
        assert "after 300 distinct" in found.why
    room = {"space": "transnas-micro", "dataset": "room_layout"}
    ours, theirs = runs_of(59.0 + NOISE, **room), runs_of(60.0 + NOISE, method="random", **room)
    found = verdict_of(record_of(ours, theirs), "better-than", against="random", **room)
    assert found.verdict == REPRODUCED


def test_the_authors_seeds() -> None:
    runs = runs_of(94.2 + NOISE)
    for pairs, verdict in (
        (((94.37, 94.3733), (94.3, 94.3)), REPRODUCED),
        (((94.37, 94.3733), (94.3, 94.1)), PARTLY),
        (((94.37, 94.0), (94.3, 94.1)), NOT_REPRODUCED),
    ):
        record = record_of(runs, seeds=seeds_of(*pairs))
        assert verdict_of(record, "comments", tolerance=0.005).verdict == verdict
    for chance, verdict in ((0.2, REPRODUCED), (0.05, PARTLY), (0.001, NOT_REPRODUCED)):
        record = record_of(runs, sets=sets_of(94.37, 94.2, chance))
        assert verdict_of(record, "unselected").verdict == verdict
    few = record_of(runs, sets=sets_of(94.37, 94.2, 0.001, seeds=10))
    assert verdict_of(few, "unselected").verdict == NEEDS


def test_the_mean_of_the_authors_comments_needs_no_runs() -> None:
    nothing = StudyRecord(pd.DataFrame(columns=["space", "dataset", "protocol", "method"]))
    assert verdict_of(nothing, "comments-mean", printed=94.37, tolerance=0.01).verdict == NEEDS
    listed = {("nasbench201", "cifar10"): {4: 94.36, 7: 94.38}}
    record = replace(nothing, listed=listed)
    for printed, verdict in ((94.37, REPRODUCED), (94.4, NOT_REPRODUCED)):
        found = verdict_of(record, "comments-mean", printed=printed, tolerance=0.01)
        assert (found.verdict, found.ours, found.runs) == (verdict, 94.37, 0)
        assert found.rests_on == ()


def test_arithmetic_needs_no_runs() -> None:
    record = record_of(runs_of(np.full(2, 94.0)))
    relative = {"numbers": (46.17, 41.8), "tolerance": 0.005}
    assert verdict_of(record, "arithmetic", printed=10.45, **relative).verdict == REPRODUCED
    assert verdict_of(record, "arithmetic", printed=4.37, **relative).verdict == NOT_REPRODUCED


def searches_of(used: float, uniform_used: float, *gaps: float) -> pd.DataFrame:
    """Two rows (of two k) of each search, one search per gap between guided and random draws."""
    rows = [
        {
            "space": "nasbench201",
            "dataset": "cifar10",
            "protocol": protocol,
            "draws": draws,
            "top": top,
            "seed": seed,
            "used_flops": used if draws == "tiers" else uniform_used,
            "used_parameters": 0.0,
            "used_structure": 0.0,
            "guided_first_tier": 0.2 + gap,
            "random_first_tier": 0.2,
            "guided_mean": 80.0,
            "random_mean": 85.0,
        }
        for draws in ("tiers", "uniform")
        for protocol in ("honest", "paper")
        for top in (1, 5)
        for seed, gap in enumerate(gaps)
    ]
    return pd.DataFrame(rows)


def test_what_guides_the_draws_of_a_ranker_and_whether_it_helps() -> None:
    def verdict(rule: str, *made: float) -> ClaimVerdict:
        return verdict_of(record_of(runs_of(np.ones(3)), searches=searches_of(*made)), rule)

    assert verdict("tier-draws", 1.0, 0.9, 0.1).verdict == REPRODUCED
    found = verdict("tier-draws", 0.95, 0.0, 0.1, 0.1)
    assert (found.verdict, found.ours, found.runs) == (PARTLY, 0.0, 2)
    assert "used in 0 % of the iterations" in found.why
    assert "flops in 95 %, parameters in 0 %" in found.why
    assert found.rests_on == ("results/ranker/nasbench201/cifar10/",)
    assert verdict("tier-draws", 0.0, 0.0, 0.1).verdict == NOT_REPRODUCED

    assert verdict("guided-draws", 1.0, 0.0, 0.1, 0.2).verdict == REPRODUCED
    assert verdict("guided-draws", 1.0, 0.0, 0.1, -0.1).verdict == PARTLY
    found = verdict("guided-draws", 1.0, 0.0, -0.1, -0.2)
    assert found.verdict == NOT_REPRODUCED
    assert (found.ours, found.low, found.high) == pytest.approx((-15, -20, -10))
    assert "so in 0 of 2 searches; truly of the best tier are 5.0 %" in found.why
    assert verdict("guided-draws", 1.0, 0.0, np.nan).why.startswith("needs a search of two iter")


def test_claims_on_ranking_need_the_study_of_it_or_its_data() -> None:
    without = record_of(runs_of(np.ones(3)))
    assert verdict_of(without, "tier-draws").why == "needs the ranking study: ranker.seeds"
    elsewhere = record_of(runs_of(np.ones(3), dataset="cifar10-analog"))
    found = verdict_of(elsewhere, "guided-draws")
    assert (found.verdict, found.why) == (
        NEEDS,
        "needs data nasbench201-cifar10-csv, nats-bench-csv",
    )
    other = {"dataset": "", "needs": ("nar-example-201",)}
    assert verdict_of(without, "published-records", **other).why == "needs data nar-example-201"


def test_published_records_and_the_number_of_cells() -> None:
    def verdict(agreeing: int) -> str:
        table = pd.DataFrame(
            {"space": ["nasbench201", "x"], "file": "f.json", "records": 2, "agreeing": agreeing}
        )
        record = record_of(runs_of(np.ones(3)), published_records=table)
        return verdict_of(record, "published-records", dataset="").verdict

    assert [verdict(count) for count in (2, 1, 0)] == [REPRODUCED, PARTLY, NOT_REPRODUCED]
    counted = enumeration_table({"enumerated": 10, "within_reach": 3})
    record = record_of(runs_of(np.ones(3)), enumerated=counted)
    assert verdict_of(record, "enumerated", printed=10, dataset="").verdict == REPRODUCED
    found = verdict_of(record, "enumerated", printed=11, dataset="")
    assert (found.verdict, found.ours, found.why) == (NOT_REPRODUCED, 10, "10 cells found")


def test_all_claims_get_one_verdict_on_any_study() -> None:
    claims = read_claims(PUBLISHED / "claims.yaml")
    analog = record_of(runs_of(94.2 + NOISE, dataset="cifar10-analog"))
    judged = judge(
        claims, replace(analog, listed=read_listed_seeds(PUBLISHED / "reference-seeds.csv"))
    )
    count = counts(judged)
    assert sum(count.values()) == len(claims) == len(judged)
    # Another set of trainings in the same space decides nothing but what needs no runs.
    tested = [each.claim for each in judged if each.verdict not in (NEEDS, NOT_COMPARABLE)]
    without_runs = [claim.id for claim in claims if claim.rule in ON_PRINTED]
    assert tested == without_runs
    assert len(tested) == 19
    for each in judged:
        if each.verdict == NEEDS:
            assert each.why.startswith("needs data ")


def test_the_pages_tell_all_and_are_the_same_each_time() -> None:
    claims = read_claims(PUBLISHED / "claims.yaml")
    runs = runs_of(94.2 + NOISE)
    record = record_of(runs, generated=generated_of(runs), sets=sets_of(94.37, 94.2, 0.001))
    judged = judge(claims, record)
    page, data = verdicts_page(claims, judged, record), verdicts_json(claims, judged, record)
    assert page == verdicts_page(claims, judge(claims, record), record)
    assert data == verdicts_json(claims, judge(claims, record), record)
    for claim in claims:
        assert f"| {claim.id} |" in page
    for rule in RULES:
        assert f"- **{rule}**" in page
    assert "(runs/nasbench201/cifar10/paper/ednag/)" in page
    entries = json.loads(data)["claims"]
    assert [entry["id"] for entry in entries] == [claim.id for claim in claims]
    assert "NaN" not in data
    assert STATISTICS.confidence == 0.95
    assert "95 %" in page
