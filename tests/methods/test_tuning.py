"""Tuning: counts of the halving, seeds from 1000 on, the same bytes, refusals of one line."""

import json
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner, Result

from ednag.cli import group
from ednag.errors import EdnagError
from ednag.methods import METHODS, get_method
from ednag.methods.interface import Method, Outcome
from ednag.methods.tuning import draw_settings, halve, worth_of
from ednag.search.objective import Objective
from ednag.spaces import get_space
from ednag.study.configuration import read_study
from ednag.tables.interface import BenchmarkTable, Metric, Protocol

SEEDS = range(1000, 1008)
GENETIC = get_method("genetic-algorithm")


def made_up(higher_is_better: bool = True) -> Objective:
    space = get_space("nasbench201")
    values = 1 + np.random.default_rng(1).permutation(space.size) / (space.size - 1)
    metric = Metric("value", "%", "made up", higher_is_better)
    table = BenchmarkTable("nasbench201", "made-up", {"value": values}, {"value": metric})
    rule: dict[str, Any] = {} if higher_is_better else {"rule": "inverse", "factor": 50.0}
    return Objective(table, Protocol("value", "value", "made up", **rule), space)


def test_each_round_halves_the_settings_and_doubles_the_seeds() -> None:
    calls: list[tuple[int, int]] = []

    def search(objective: Objective, seed: int, budget: int, settings: object) -> Outcome:
        calls.append((settings.population_num, seed))  # type: ignore[attr-defined]
        return GENETIC.search(objective, seed, budget, settings)

    method = replace(GENETIC, search=search)
    objectives = [made_up(), made_up(higher_is_better=False)]
    rounds = halve(method, objectives, SEEDS, 8, 20)
    assert [(len(each.scores), each.seeds) for each in rounds] == [(8, 2), (4, 4), (2, 8)]
    for one, following in pairwise(rounds):
        kept = [setting for setting, _ in one.scores[: len(following.scores)]]
        assert sorted(map(str, kept)) == sorted(str(setting) for setting, _ in following.scores)
        assert [score for _, score in one.scores] == sorted(
            (score for _, score in one.scores), reverse=True
        )
    # No run is made twice, and the own settings, 30, are among the first.
    assert len(calls) == 2 * (8 * 2 + 4 * 2 + 2 * 4)
    assert {seed for _, seed in calls} == set(SEEDS)
    assert 30 in {population for population, _ in calls[:32]}
    assert {} in [setting for setting, _ in rounds[0].scores]


@pytest.mark.parametrize("higher", [True, False])
def test_a_score_is_0_for_the_mean_and_1_for_the_best(higher: bool) -> None:
    objective = made_up(higher)
    worth = worth_of(objective)
    assert (worth.low, worth.best) == (pytest.approx(1.5), 1.0 + higher)
    run = GENETIC.run(objective, 1000, 30, GENETIC.read_hyperparameters({}))
    best = run.metrics[:20].max() if higher else run.metrics[:20].min()
    assert worth.of(run, 20) == pytest.approx(2 * abs(best - 1.5))
    assert worth.of(replace(run, distinct=0, metrics=run.metrics[:0]), 20) == 0.0


def test_settings_are_declared_values_within_bounds_and_all_different() -> None:
    tunable = [name for name in METHODS if get_method(name).tunable]
    assert {"ednag", "regularised-evolution", "genetic-algorithm"} <= set(tunable)
    for name in tunable:
        method = get_method(name)
        for parameter, values in method.tunable.items():
            for value in values:
                method.read_hyperparameters({parameter: value})
        settings = draw_settings(method, 64, 1000)
        assert settings[0] == {} and len({json.dumps(each) for each in settings}) == 64
        assert settings == draw_settings(method, 64, 1000) != draw_settings(method, 64, 1001)
    beyond = replace(GENETIC, tunable={"population_num": (0, 1, 2, 3)})
    with pytest.raises(EdnagError, match="population_num") as caught:
        draw_settings(beyond, 4, 1000)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("method", "settings", "seeds", "reason"),
    [
        (get_method("random"), 4, SEEDS, "random has no settings to tune"),
        (GENETIC, 6, SEEDS, "name a power of two"),
        (GENETIC, 128, range(1000, 1064), "has 99"),
        (GENETIC, 4, range(999, 1007), "999 is one of those that judge"),
        (GENETIC, 16, range(1000, 1007), "name a multiple of 8"),
    ],
)
def test_what_cannot_be_tuned_is_refused_before_any_run(
    method: Method, settings: int, seeds: range, reason: str
) -> None:
    never = replace(method, search=lambda *_: pytest.fail("a run was made"))
    with pytest.raises(EdnagError, match=reason) as caught:
        halve(never, [made_up()], seeds, settings, 20)
    assert "\n" not in str(caught.value)


def call(*arguments: object) -> Result:
    return CliRunner().invoke(group, list(map(str, arguments)))


def test_the_command_writes_the_same_bytes_and_prints_an_entry_of_a_study(tmp_path: Path) -> None:
    table = tmp_path / "cora.parquet"
    call("tables", "build", "--space", "nasbench-graph", "--dataset", "cora", "--output", table)
    options = ("--table", table, "--seeds", "1000-1007", "--settings", 8, "--budget", 50)
    written = []
    for name in ("one.json", "other.json"):
        done = call("tune", "regularised-evolution", *options, "--output", tmp_path / name)
        assert done.exit_code == 0, done.exception
        written.append((tmp_path / name).read_bytes())
    assert written[0] == written[1]
    found = json.loads(written[0])
    assert found["tuned_on"] == ["nasbench-graph/cora"]
    assert [len(each["scores"]) for each in found["rounds"]] == [8, 4, 2]
    assert found["hyperparameters"] == found["rounds"][-1]["scores"][0][0]
    entry = json.loads(done.stdout.splitlines()[-1])
    (method,) = read_study({"methods": [entry]}).methods
    assert (method.id, method.tuned_on) == ("regularised-evolution-tuned", ("nasbench-graph/cora",))
    refused = call("tune", "random", *options, "--output", tmp_path / "none.json")
    assert isinstance(refused.exception, EdnagError) and not (tmp_path / "none.json").exists()
    twice = (*options, "--table", table, "--output", tmp_path / "none.json")
    refused = call("tune", "regularised-evolution", *twice)
    assert "nasbench-graph/cora is given twice" in str(refused.exception)
