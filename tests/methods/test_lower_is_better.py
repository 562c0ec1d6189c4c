"""A metric where lower is better: minimised by every method, or refused; told so in evidence."""

from dataclasses import replace
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest

from ednag.errors import EdnagError
from ednag.evidence.figures.anytime import anytime, anytime_frame
from ednag.evidence.figures.outcomes import outcomes, outcomes_frame
from ednag.evidence.findings import findings_page
from ednag.evidence.over_datasets import scores_after
from ednag.evidence.record import StudyRecord
from ednag.evidence.summaries import DISTINCT, anytime_curves, summarise_runs
from ednag.evidence.tables import (
    comparison_table,
    equal_budget_table,
    own_end_table,
    write_evidence,
)
from ednag.methods import get_method
from ednag.methods.instances import method_names
from ednag.search.objective import Objective
from ednag.spaces import get_space
from ednag.study.statistics import Statistics
from ednag.tables import TABLES
from ednag.tables.interface import BenchmarkTable, Metric, Protocol
from tests.machines import runs_here
from tests.methods.made_up_costs import proxies_and_costs
from tests.methods.made_up_latencies import LATENCY, TABLE

SPACE = get_space("nasbench201")
PAPER = TABLE.protocols["paper"]
STATISTICS = Statistics(checkpoints=(10, 60), resamples=200)


@pytest.fixture(scope="module")
def table() -> BenchmarkTable:
    return TABLE.build({}, {})


@pytest.mark.parametrize("name", [n for n in method_names() if not get_method(n).epochs])
def test_every_method_minimises_a_latency(name: str, table: BenchmarkTable) -> None:
    if not runs_here(name):
        pytest.skip("needs torch with the kernels of AVX2")
    method = get_method(name)
    objective = Objective(table, PAPER, SPACE, further=proxies_and_costs())
    unlimited = {"quantile": 1.0} if "quantile" in method.hyperparameters.model_fields else {}
    settings = method.read_hyperparameters(unlimited)
    runs = [method.run(objective, seed, 60, settings) for seed in range(3)]
    for run in runs:
        assert run.outcome_metric == table.values["latency"][run.outcome]
        if not method.has_own_end:
            assert run.outcome_metric == run.metrics.min()
        # Some report the best of their last population alone.
        assert run.outcome_metric <= np.quantile(run.metrics, 0.05)
        if run.steps:
            assert not (run.steps["step_best"] > run.steps["step_mean"]).any()
    if name != "ednag-no-denoising":  # It sees a dozen cells.
        assert np.mean([run.outcome_metric for run in runs]) < 10


def test_evidence_says_that_lower_is_better(
    table: BenchmarkTable, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setitem(TABLES["nasbench201"], "latencies", "tests.methods.made_up_latencies:TABLE")
    objective = Objective(table, PAPER, SPACE)
    runs = {
        ("paper", name): [get_method(name).run(objective, s, 60, given) for s in range(5)]
        for name in ("ednag", "random", "local-search-best")
        for given in [get_method(name).read_hyperparameters({})]
    }
    best = table.values["latency"].min()
    summary = summarise_runs(runs, table, STATISTICS.checkpoints)
    assert (summary["optimum"] == best).all()
    assert (summary["best_after_60"] <= summary["best_after_10"]).all()
    for row, run in zip(summary.itertuples(), runs["paper", "ednag"], strict=False):
        assert (row.best_seen, row.best_after_10) == (run.metrics.min(), run.metrics[:10].min())

    own = own_end_table(summary, STATISTICS)
    np.testing.assert_allclose(own["regret"], own["mean"] - best, rtol=1e-12)
    assert (own["regret"] > 0).all()
    write_evidence(own, "", [tmp_path / "own.md"])
    assert "| latency (ms, lower is better) |" in (tmp_path / "own.md").read_text()
    page = findings_page(StudyRecord(summary, statistics=STATISTICS), [], [])
    assert "Latencies (nasbench201, lower is better)" in page
    equal = equal_budget_table(summary, STATISTICS)
    for _, group in equal.groupby(["counted", "budget"]):
        assert group.sort_values("mean")["rank"].is_monotonic_increasing
    compared = comparison_table(summary, STATISTICS)
    means = equal.set_index(["counted", "budget", "method"])["mean"]
    for row in compared.itertuples():
        here = means[row.counted, row.budget]
        assert row.difference == pytest.approx(here[row.against] - here[row.method])
    scores = scores_after(summary, ["ednag", "random"], 60).iloc[0]
    assert (scores < 0).all()

    curves = anytime_curves(runs, table)
    drawn = anytime_frame(curves, ["ednag", "random"], best, higher_is_better=False)
    np.testing.assert_allclose(drawn["mean_regret"], drawn["mean"] - best, rtol=1e-9)
    figure = anytime(drawn, best, "latency (ms, lower is better)", "made up")
    low, high = figure.axes[0].get_ylim()
    assert low < best < drawn[drawn["counted"] == DISTINCT]["median"].max() < high
    plt.close(figure)


def test_the_optimum_is_in_sight_where_no_run_comes_near_it() -> None:
    rows = {"seed": [0, 1], "status": "completed", "outcome": [20.0, 30.0], "distinct": 60}
    summary = pd.DataFrame({"method": "random", "optimum": 1.0, "found_optimum": False, **rows})
    figure = outcomes(outcomes_frame(summary, ["random"]), "latency (ms)", "made up")
    low, high = figure.axes[0].get_xlim()
    assert low < 1.0 < 30.0 < high
    plt.close(figure)


GAIN = Metric("gain", "", "made up", low=-99, high=0)


@pytest.mark.parametrize(
    ("metric", "changes", "message"),
    [
        (LATENCY, {"rule": "scaled"}, 'lower is better, but rule "scaled".*rule="inverse"'),
        (GAIN, {"rule": "scaled"}, 'from -99 to 0, higher is better, but rule "scaled"'),
        (replace(GAIN, high=1), {}, 'higher is better, but rule "inverse".*rule="scaled"'),
        (replace(LATENCY, low=-1), {}, 'lower is better, but rule "inverse".*add a constant'),
        (LATENCY, {"factor": -1.0}, "factor = -1"),
        (LATENCY, {"factor": float("nan")}, "factor = nan"),
        (LATENCY, {"factor": float("inf")}, "factor = inf"),
        (LATENCY, {"rule": "Inverse"}, "there is no rule 'Inverse'"),
        (LATENCY, {"reported_metric": "lost"}, "no metric is called 'lost'"),
    ],
)
def test_a_rule_against_the_metrics_direction_is_refused(
    metric: Metric, changes: dict[str, object], message: str
) -> None:
    protocol = replace(PAPER, fitness_metric=metric.name, reported_metric=metric.name)
    protocol = replace(protocol, **changes)  # type: ignore[arg-type]
    with pytest.raises(EdnagError, match=f"^nasbench201/latencies, protocol mine: .*{message}"):
        replace(TABLE, metrics=(metric,), protocols={"mine": protocol})


def test_a_negated_loss_is_inverted_as_it_stands() -> None:
    protocol = replace(PAPER, fitness_metric="gain", reported_metric="gain")
    replace(TABLE, metrics=(GAIN,), protocols={"paper": protocol})


@pytest.mark.parametrize(
    ("values", "higher", "protocol"),
    [
        # A loss of 0 has no inverse; the reference counts what is beyond 99,999 as nothing.
        ((0.0, 5.0), False, Protocol("m", "m", "", rule="inverse")),
        ((5e4, 2e5), True, Protocol("m", "m", "")),
        # No value has any fitness.
        ((1.0, 5.0), True, Protocol("m", "m", "", zero_below=200)),
        ((1.0, 5.0), True, Protocol("m", "m", "", factor=1e9)),
        # A table whose direction is not that of its protocol's definition.
        ((1.0, 5.0), False, Protocol("m", "m", "")),
        ((1.0, 5.0), True, Protocol("m", "m", "", rule="inverse")),
    ],
)
def test_a_table_whose_best_is_not_the_fittest_is_refused(
    values: tuple[float, float], higher: bool, protocol: Protocol
) -> None:
    metric = Metric("m", "", "made up", higher)
    dense = np.resize(np.array(values), SPACE.size)
    made_up = BenchmarkTable("nasbench201", "made-up", {"m": dense}, {"m": metric})
    with pytest.raises(EdnagError, match=r"the best m, .* has fitness .* another rule or factor"):
        Objective(made_up, protocol, SPACE)
