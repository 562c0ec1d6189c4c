"""What a method sees of a benchmark, and how its evaluations are counted."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ednag.errors import EdnagError
from ednag.search.objective import Ledger, Objective
from ednag.spaces import get_space
from ednag.tables.interface import BenchmarkTable, Metric, Protocol


@given(st.lists(st.lists(st.integers(-1, 30), max_size=12), max_size=12))
def test_the_ledger_agrees_with_counting_one_by_one(batches: list[list[int]]) -> None:
    ledger = Ledger(31)
    first: dict[int, int] = {}
    total = invalid = 0
    for batch in batches:
        ledger.enter(np.array(batch, dtype=np.int32))
        for code in batch:
            if code < 0:
                invalid += 1
            else:
                first.setdefault(code, total)
            total += 1
    assert (ledger.total, ledger.invalid, ledger.distinct) == (total, invalid, len(first))
    single = Ledger(31)
    for code in (code for batch in batches for code in batch if code >= 0):
        single.enter_one(code)
    assert single.codes().tolist() == list(first)
    assert ledger.codes().tolist() == list(first)
    assert ledger.lookups().tolist() == list(first.values())


@given(st.lists(st.integers(-1, 9), max_size=12), st.lists(st.integers(-1, 9), max_size=12))
def test_a_batch_is_affordable_up_to_the_budget(before: list[int], batch: list[int]) -> None:
    for budget in range(1, 12):
        ledger = Ledger(10)
        ledger.enter(np.array(before, dtype=np.int32))
        codes = np.array(batch, dtype=np.int32)
        count = ledger.affordable(codes, budget)
        fits = [
            n
            for n in range(len(batch) + 1)
            if len({c for c in [*before, *batch[:n]] if c >= 0}) <= max(budget, ledger.distinct)
        ]
        assert count == max(fits)


@given(
    st.lists(st.lists(st.integers(-1, 9), max_size=8), max_size=6),
    st.lists(st.integers(0, 4), min_size=10, max_size=10),
)
def test_architectures_of_one_graph_are_spent_once(
    batches: list[list[int]], graphs: list[int]
) -> None:
    ledger = Ledger(10, np.array(graphs, dtype=np.int32))
    seen: set[int] = set()
    for batch in batches:
        codes = np.array(batch, dtype=np.int32)
        spent = [
            len({*seen, *(graphs[code] for code in batch[:count] if code >= 0)})
            for count in range(1 + len(batch))
        ]
        assert ledger.spending(codes).tolist() == np.flatnonzero(np.diff(spent)).tolist()
        for budget in range(len(seen), 6):
            fits = [count for count, each in enumerate(spent) if each <= budget]
            assert ledger.affordable(codes, budget) == max(fits)
        ledger.enter(codes)
        seen |= {graphs[code] for code in batch if code >= 0}
        assert ledger.spent == len(seen)
    assert ledger.distinct == len({code for batch in batches for code in batch if code >= 0})


def small_objective(factor: float = 1.0) -> Objective:
    space = get_space("nasbench201")
    values = {"accuracy": np.linspace(10, 95, space.size)}
    table = BenchmarkTable(
        "nasbench201", "made-up", values, {"accuracy": Metric("accuracy", "%", "")}
    )
    return Objective(table, Protocol("accuracy", "accuracy", "", factor), space)


def test_invalid_architectures_have_no_metric_and_no_fitness() -> None:
    metric, fitness = small_objective().evaluate(np.array([-1, 0]))
    assert metric.tolist() == [0.0, 10.0]
    assert fitness[0] == 0.0


def test_the_factor_acts_before_the_rescaling() -> None:
    _, fitness = small_objective(2.0).evaluate(np.array([0]))
    assert fitness[0] == pytest.approx(2.0)


def test_a_protocol_needs_its_metrics() -> None:
    objective = small_objective()
    with pytest.raises(EdnagError, match="needs metric 'test'"):
        Objective(objective.table, Protocol("accuracy", "test", ""), objective.space)
