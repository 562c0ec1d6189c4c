"""The tables of the package nas-bench-graph: what they hold, and what a wrong file does."""

import pickle
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ednag.errors import EdnagError
from ednag.methods import get_method
from ednag.search.objective import Objective
from ednag.sources.obtain import obtain
from ednag.sources.registry import find_source, load_registry
from ednag.spaces import get_space
from ednag.tables import TABLES, get_definition
from ednag.tables.interface import BenchmarkTable
from ednag.tables.unpickling import NUMPY_NUMBERS, load_restricted

DATASETS = list(TABLES["nasbench-graph"])
SPACE = get_space("nasbench-graph")


def path_of(dataset: str) -> dict[str, Path]:
    source = f"nas-bench-graph-{dataset}"
    return {source: obtain(find_source(load_registry(), source))}


@cache
def build(dataset: str) -> BenchmarkTable:
    return get_definition("nasbench-graph", dataset).build(path_of(dataset), {})


@pytest.mark.parametrize("dataset", DATASETS)
def test_factors_send_the_optimum_to_just_below_100(dataset: str) -> None:
    definition = get_definition("nasbench-graph", dataset)
    rows = definition.read(path_of(dataset))
    for protocol in definition.protocols.values():
        best = rows[protocol.fitness_metric].max()
        # The rule of the reference: 100 over the optimum, rounded down to two decimals.
        assert protocol.factor == np.floor(1e4 / best) / 100
        assert protocol.reported_metric == "test_performance"


def test_cora_is_complete_and_in_percent() -> None:
    table = build("cora")
    assert all(table.present(name).all() for name in table.values)
    assert table.optimum("test_performance") == pytest.approx(83.13333333333333)
    assert table.optimum("validation_performance") == pytest.approx(81.93333333333334)
    code = SPACE.code("|gat~0|gat~0|gat~0|gat~0|")
    assert {name: values[code] for name, values in table.values.items()} == pytest.approx(
        {
            "validation_performance": 77.33333333333334,
            "test_performance": 79.7,
            "latency": 0.005922238032023112,
            "parameters": 1.736711,
        }
    )


def test_proteins_holds_the_networks_of_five_operations() -> None:
    table = build("proteins")
    present = table.present("test_performance")
    assert present.sum() == 2021
    foreign = ("gat~", "gin~", "cheb~", "graph~")
    expected = [not any(name in SPACE.key(code) for name in foreign) for code in range(SPACE.size)]
    np.testing.assert_array_equal(present, expected)


@pytest.mark.parametrize("method", ["ednag", "random"])
@pytest.mark.parametrize("dataset", ["cora", "proteins"])
def test_methods_search_it_and_report_the_test_performance(dataset: str, method: str) -> None:
    table = build(dataset)
    protocol = get_definition("nasbench-graph", dataset).protocols["validation"]
    chosen = get_method(method)
    settings = chosen.hyperparameters(**({"num_step": 6} if method == "ednag" else {}))
    run = chosen.run(Objective(table, protocol, SPACE), seed=1, budget=40, settings=settings)
    assert run.status == "completed"
    # A network that the table lacks is none: nothing of it is reported or counted as distinct.
    assert table.present("test_performance")[run.codes].all()
    assert run.outcome_metric == table.values["test_performance"][run.outcome]
    np.testing.assert_array_equal(run.metrics, table.values["validation_performance"][run.codes])


Change = Callable[[dict[Any, Any]], None]


def _drop(records: dict[Any, Any]) -> None:
    del records[1111]


def _set(name: object, **values: object) -> Change:
    def change(records: dict[Any, Any]) -> None:
        del records[1111]
        records[name] = {"valid_perf": 0.5, "perf": 0.5, "latency": 0.1, "para": 1.0, **values}

    return change


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (_drop, "nas-bench-graph-proteins: 2021 networks expected, it holds 2020"),
        (_set(91111), r"row 2021: not as version 1.4.0 writes it: .*digit above 8"),
        (_set("1111"), "row 2021: .*'1111' is not a number of five digits"),
        (_set(True), "row 2021: .*True is not a number of five digits"),
        (_set(1111, perf="high"), "row 2021: .*perf = 'high' is not a number"),
        (_set(1111, perf="0.5"), "row 2021: .*perf = '0.5' is not a number"),
        (_set(1111, perf=True), "row 2021: .*perf = True is not a number"),
        (_set(1111, perf=10**400), r"row 2021: .*perf = 10+\.\.\. \(401 characters\) is not a num"),
        (_set(1111, perf=float("nan")), "row 2021: test_performance = nan is not a number"),
        (_set(1111, valid_perf=1.5), "row 2021: validation_performance = 150.0 is not"),
        # The same kind of network as 1114, which stands in the table too.
        (_set(4111), r"row 2021: \|sage~0\|gcn~0\|gcn~0\|gcn~0\| is repeated"),
        (_set(88888), "row 2021: .*is not an architecture of this space"),
    ],
)
def test_a_wrong_record_is_refused_by_its_row(tmp_path: Path, change: Change, message: str) -> None:
    definition = get_definition("nasbench-graph", "proteins")
    (source,) = definition.sources
    original = path_of("proteins")[source].read_bytes()
    records = load_restricted(original, NUMPY_NUMBERS, source)
    change(records)
    path = tmp_path / "proteins.bench"
    path.write_bytes(pickle.dumps(records))
    with pytest.raises(EdnagError, match=message):
        definition.build({source: path}, {})


class _Import:
    def __reduce__(self) -> tuple:
        return (print, ("a pickle ran code",))


def test_a_pickle_that_wants_to_import_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "cora.bench"
    path.write_bytes(pickle.dumps({0: _Import()}))
    with pytest.raises(EdnagError, match=r"the pickle asks for builtins\.print"):
        get_definition("nasbench-graph", "cora").read({"nas-bench-graph-cora": path})
    assert "ran code" not in capsys.readouterr().out
