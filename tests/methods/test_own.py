"""A method of the user's that breaks a rule costs its seed, and the run says why."""

import itertools
import math
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from ednag.errors import EdnagError
from ednag.methods import get_method
from ednag.methods.budget import Spender
from ednag.methods.consistency import check_values
from ednag.methods.interface import Method, NoHyperparameters, Outcome, Run
from ednag.methods.storage import RunFile
from ednag.own_code import (
    digests_of,
    files_of,
    imported_from_ednag,
    installed,
    resolve,
    search_in,
)
from ednag.search.objective import Objective
from ednag.spaces import get_space
from ednag.study.configuration import read_study
from ednag.tables import get_definition
from ednag.tables.interface import BenchmarkTable

DEFINITION = get_definition("nasbench201", "cifar10-valid")
PROTOCOL = DEFINITION.protocols["paper"]


@pytest.fixture(scope="module")
def objective() -> Objective:
    """Made-up accuracies of the even cells of NAS-Bench-201."""
    space = get_space("nasbench201")
    values = np.random.default_rng(0).uniform(10, 90, space.size)
    values[1::2] = np.nan
    metrics = {metric.name: metric for metric in DEFINITION.metrics}
    made = {name: values.copy() for name in metrics}
    table = BenchmarkTable("nasbench201", "cifar10-valid", made, metrics)
    return Objective(table, PROTOCOL, space)


def run_of(search: Callable[..., object], objective: Objective, **fields: object) -> Run:
    """A run of seed 3 with a budget of 20."""
    method = Method("own", "Own", "", NoHyperparameters, search, of="my:METHOD", **fields)
    (run,) = method.run_all(objective, [3], 20, NoHyperparameters())
    check_values(Path("run"), RunFile({}, [run]), objective.table, PROTOCOL)
    return run


def repeats(objective: Objective, seed: int, budget: int, settings: object) -> Outcome:
    objective.evaluate(np.array([8, 6, 8]))
    while objective.ledger.spent < budget:
        objective.evaluate_one(6)
    return Outcome(6)


def repeats_known(objective: Objective, seed: int, budget: int, settings: object) -> Outcome:
    spender = Spender(objective, budget, seed)
    while objective.ledger.spent < budget:
        spender.score(6)
    return Outcome(6)


def asks_for_none(objective: Objective, seed: int, budget: int, settings: object) -> Outcome:
    while objective.ledger.spent < budget:
        objective.evaluate(np.array([-1, 1]))
    return Outcome(-1)


@pytest.mark.parametrize(
    ("search", "distinct"), [(repeats, 2), (repeats_known, 1), (asks_for_none, 0)]
)
@pytest.mark.parametrize("own_end", [True, False])
def test_a_method_without_anything_new_stalls(
    search: Callable[..., Outcome], distinct: int, own_end: bool, objective: Objective
) -> None:
    run = run_of(search, objective, has_own_end=own_end)
    assert (run.status, run.distinct) == ("stalled", distinct)
    assert run.detail == f"{run.total} look-ups gave {distinct} distinct architectures"
    assert 2000 <= run.total <= 2010
    best = max(run.metrics, default=math.nan)
    assert run.outcome_metric == best or (math.isnan(best) and math.isnan(run.outcome_metric))


def evaluating(*batches: object, returned: object = None) -> Callable[..., object]:
    """A search that hands in batches and returns something."""

    def search(objective: Objective, seed: int, budget: int, settings: object) -> object:
        for batch in batches:
            objective.evaluate(batch)
        return returned

    return search


def one_by_one(codes: range) -> Callable[..., object]:
    def search(objective: Objective, seed: int, budget: int, settings: object) -> object:
        for code in codes:
            objective.evaluate_one(code)
        return Outcome(codes[0])

    return search


def raising(error: Exception) -> Callable[..., object]:
    def search(objective: Objective, seed: int, budget: int, settings: object) -> object:
        objective.evaluate(np.array([2]))
        raise error

    return search


FIRST = np.array([2, 4])
CASES: dict[str, tuple[Callable[..., object], str]] = {
    "beyond": (evaluating(FIRST, np.array([15_625])), "hands in the code 15625; nasbench201 has"),
    "below": (evaluating(FIRST, np.array([-2])), "hands in the code -2; nasbench201 has codes"),
    "one below": (one_by_one(range(-5, 0)), "hands in the code -5; nasbench201 has codes"),
    "NaN code": (evaluating(FIRST, np.array([np.nan])), "hands in an array float64[1], not codes"),
    "objects": (evaluating(np.array([None])), "hands in an array object[1], not codes"),
    "matrix": (evaluating(np.zeros((2, 2), int)), "hands in an array int64[2, 2], not codes"),
    "raises": (raising(ValueError("no\n luck")), "ValueError: no luck (test_own.py, line "),
    "address": (raising(ValueError(str(object()))), "ValueError: <object object> (test_own.py"),
    "silent": (raising(AssertionError()), "AssertionError: AssertionError (test_own.py, line "),
    "batch": (evaluating(np.arange(0, 100, 2)), "asks for more than its budget of 20"),
    "one more": (one_by_one(range(0, 42, 2)), "asks for more than its budget of 20"),
    "nothing": (evaluating(FIRST), "returns a value of the class NoneType, not an Outcome"),
    "a code": (evaluating(FIRST, returned=4), "returns 4, not an Outcome"),
    "NaN": (evaluating(FIRST, returned=Outcome(np.nan)), "reports nan, a code that it has not"),
    "unseen": (evaluating(FIRST, returned=Outcome(8)), "reports 8, a code that it has not"),
    "absent": (evaluating(np.array([1]), returned=Outcome(1)), "reports 1, a code that it has"),
    "drawn": (evaluating(FIRST, returned=Outcome(4, drawn=np.nan)), "returns nan as the value"),
    "status": (evaluating(FIRST, returned=Outcome(4, "fine")), "returns the status 'fine'"),
    "population": (
        evaluating(FIRST, returned=Outcome(4, final_population=np.array([0.5]))),
        "returns a final population that is no array",
    ),
    "population beyond": (
        evaluating(FIRST, returned=Outcome(4, final_population=np.array([99_999]))),
        "hands in the code 99999",
    ),
    "steps": (
        evaluating(
            FIRST,
            returned=Outcome(4, steps={"step_mean": np.zeros(2), "step_best": np.zeros(3)}),
        ),
        "returns steps other than",
    ),
    "other steps": (
        evaluating(FIRST, returned=Outcome(4, steps={"mine": np.zeros(2)})),
        "returns steps other than",
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES)
def test_a_broken_rule_is_the_status_of_the_run(case: str, objective: Objective) -> None:
    search, reason = CASES[case]
    run, again = (run_of(search, objective) for _ in range(2))
    assert run.status == "failed" and run.detail.startswith(reason), run.detail
    assert "\n" not in run.detail and run.detail == again.detail
    assert run.outcome == -1 and math.isnan(run.outcome_metric)
    assert run.distinct == len(run.codes) <= 20


def test_a_seed_that_fails_leaves_the_others(objective: Objective) -> None:
    sound = get_method("random").search

    def search(objective: Objective, seed: int, budget: int, settings: object) -> Outcome:
        if seed == 1:
            raise RuntimeError("once")
        return sound(objective, seed, budget, settings)

    own = replace(get_method("random"), search=search, of="my:METHOD")
    runs = list(own.run_all(objective, range(3), 20, NoHyperparameters()))
    assert [run.status for run in runs] == ["completed", "failed", "completed"]
    expected = get_method("random").run(objective, 2, 20, NoHyperparameters())
    assert runs[2].codes.tolist() == expected.codes.tolist()


@pytest.mark.parametrize("name", ["ednag", "local-search-first", "genetic-algorithm"])
def test_a_method_that_keeps_the_rules_has_the_same_runs(name: str, objective: Objective) -> None:
    method = get_method(name)
    settings = method.read_hyperparameters({}, objective.space, PROTOCOL)
    own = replace(method, of="my:METHOD")
    (first,), (second,) = (
        list(each.run_all(objective, [0], 40, settings)) for each in (method, own)
    )
    assert first.codes.tolist() == second.codes.tolist()
    assert (first.status, first.total) == (second.status, second.total)


def test_what_is_not_installed_stops_the_job(objective: Objective) -> None:
    error = ModuleNotFoundError("none", name="no_such.part")
    with pytest.raises(
        EdnagError, match=r"method own imports 'no_such.part'.*pip install no_such$"
    ):
        run_of(raising(error), objective)


def test_a_registered_method_that_raises_is_not_hidden(objective: Objective) -> None:
    broken = replace(get_method("random"), search=raising(ValueError("a fault")))
    with pytest.raises(ValueError, match="a fault"):
        broken.run(objective, 0, 20, NoHyperparameters())


def test_no_entry_point_replaces_a_registered_method() -> None:
    assert get_method("random").of is None
    assert not set(installed("methods")) & {"random", "ednag"}


NUMBER = itertools.count()


def a_package(folder: Path) -> str:
    """A package with a module beside it; its name is new, as Python keeps modules by name."""
    name = f"own_package_{next(NUMBER)}"
    (folder / name / "parts").mkdir(parents=True)
    (folder / name / "__init__.py").write_text("")
    (folder / name / "parts" / "__init__.py").write_text("from . import first\n")
    (folder / name / "parts" / "first.py").write_text("from ..second import VALUE\n")
    (folder / name / "second.py").write_text(f"import math\nimport {name}_beside\nVALUE = 3\n")
    (folder / name / "unused.py").write_text("")
    (folder / f"{name}_beside.py").write_text("from ednag.methods import budget\n")
    return name


def test_the_code_of_a_module_is_what_it_imports_from_its_place(tmp_path: Path) -> None:
    name = a_package(tmp_path)
    search_in(tmp_path)
    parts = {"", ".parts", ".parts.first", ".second", "_beside"}
    assert set(files_of(f"{name}.parts")) == {f"{name}{part}" for part in parts}
    assert {"ednag.methods", "ednag.methods.budget"} <= imported_from_ednag(f"{name}.parts")
    assert resolve(f"{name}.parts.first:VALUE", int) == 3
    assert len(set(digests_of(f"{name}.parts").values())) == 5
    assert files_of("no_such_module") == {}


def test_a_reference_in_a_study_needs_an_id() -> None:
    with pytest.raises(EdnagError, match=r"give a:B an id: \{id: my-method, of: .a:B.\}"):
        read_study({"methods": ["random", "a:B"]})


@pytest.mark.parametrize("reference", ["a:", ":b", "a b:c", "a:b:c", "../a:b", "1a:b"])
def test_no_reference_is_refused(reference: str) -> None:
    with pytest.raises(EdnagError, match=r"is no module:attribute, such as my_method:METHOD"):
        get_method(reference)
