"""The compiled engine makes the runs of the readable one, whole records compared.

Both compute by the instruction set of torch's kernels in this process (tests/search/rounding.py).
"""

import subprocess
import sys
from collections.abc import Iterator

import numpy as np
import pytest
import torch

from ednag.methods.interface import Method, Outcome, Run
from ednag.search import compiled, engine
from ednag.search.compiled.cache import entry
from ednag.search.compiled.random import new_stream, next_uniform, permute, seed_stream
from ednag.search.compiled.sorting import STACK, argsort_descending
from ednag.search.compiled.vectors import LANES
from ednag.search.hyperparameters import SearchHyperparameters
from ednag.search.objective import Objective, PredictedObjective, objective_on
from ednag.sources.lookup import locate
from ednag.spaces import get_space
from ednag.spaces.interface import LargeSpace, SearchSpace
from ednag.spaces.mobilenetv3 import NONE, MobileNetV3
from ednag.spaces.transnas import TransNASMacro
from ednag.tables import get_definition
from ednag.tables.interface import BenchmarkTable, Metric, Protocol
from tests.conftest import Mirror
from tests.search.rounding import ARITHMETIC, needs_known_rounding

#: What the ablations change.
ABLATIONS: list[dict[str, object]] = [
    {"proposal": "noise"},
    {"proposal": "parents"},
    {"selection": False},
    {"selection": False, "proposal": "noise"},
    {"selection": False, "proposal": "parents", "mapping": "power"},
]


@pytest.fixture(autouse=True, scope="module")
def one_thread() -> Iterator[None]:
    """As a study's jobs: sums of several threads round otherwise."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


# --- objectives --------------------------------------------------------------------------------


def packaged() -> Objective:
    definition = get_definition("nasbench201", "cifar10-analog")
    table = definition.build(locate(definition.sources), {})
    return Objective(table, definition.protocols["paper"], get_space("nasbench201"))


def tabulated(space: SearchSpace, higher_is_better: bool = True) -> Objective:
    """Made-up values with ties and gaps."""
    values = np.random.default_rng(1).integers(40, 95, space.size).astype(np.float64)
    values[::3] = np.nan
    protocol = Protocol("value", "value", "made up", factor=1.05, zero_below=0.01)
    if not higher_is_better:
        protocol = Protocol("value", "value", "made up", factor=2900.0, rule="inverse")
    metric = Metric("value", "%", "made up", higher_is_better)
    table = BenchmarkTable(space.name, "made-up", {"value": values}, {"value": metric})
    return Objective(table, protocol, space)


def made_up(space: SearchSpace, codes: np.ndarray) -> np.ndarray:
    """An accuracy in % of networks of MobileNetV3, equal for many of them."""
    assert isinstance(space, LargeSpace)
    layers = space.contents(codes).astype(np.int64)
    return 60 + (layers != NONE).sum(axis=1) + (layers * np.arange(20)).sum(axis=1) % 97 / 8


def predicted(predict=made_up, space: MobileNetV3 | None = None) -> PredictedObjective:
    metric = Metric("accuracy", "%", "made up")
    protocol = Protocol("accuracy", "accuracy", "made up")
    return PredictedObjective(predict, metric, protocol, space or MobileNetV3(), "made-up")


def settings_of(**changed: object) -> SearchHyperparameters:
    """Those of the reference, by torch's arithmetic in this process."""
    return SearchHyperparameters(**{"arithmetic": ARITHMETIC, **changed})


def settings_of_mobilenetv3(**changed: object) -> SearchHyperparameters:
    """Those of MobileNetV3, and a shorter schedule."""
    given = {"population_num": 100, "mutate_distri_index": 4, "num_step": 16}
    return settings_of(**{**given, **changed})


# --- comparison --------------------------------------------------------------------------------


def record(module: object, objective: Objective, seed: int, settings: SearchHyperparameters) -> Run:
    def search(objective: Objective, seed: int, budget: int, given: object) -> Outcome:
        result = module.search(objective, seed, given)
        names = ("mean", "best", "valid_rate", "unique_rate")
        steps = {f"step_{name}": np.array(getattr(result.steps, name)) for name in names}
        return Outcome(
            result.outcome, result.status, result.detail, None, result.final_population, steps
        )

    method = Method("m", "m", "m", SearchHyperparameters, search, True)
    return method.run(objective, seed, 0, settings)


def assert_same(ours: Run, theirs: Run) -> None:
    for name in ("seed", "status", "detail", "outcome", "total", "distinct", "invalid", "keys"):
        assert getattr(ours, name) == getattr(theirs, name), name
    np.testing.assert_equal(ours.outcome_metric, theirs.outcome_metric)
    for name in ("codes", "metrics", "lookups", "final_population"):
        np.testing.assert_array_equal(getattr(ours, name), getattr(theirs, name), name)
    for name, trace in theirs.steps.items():
        np.testing.assert_allclose(ours.steps[name], trace, rtol=1e-12, err_msg=name)


def assert_agree(
    objective: Objective, seeds: Iterator[int] | range, settings: SearchHyperparameters
) -> None:
    for seed in seeds:
        assert_same(
            record(compiled, objective, seed, settings), record(engine, objective, seed, settings)
        )


# --- spaces with a table -----------------------------------------------------------------------


@needs_known_rounding
@pytest.mark.parametrize(
    "changed",
    [
        {},
        {"population_num": 17, "num_step": 40},
        {"mutate_rate": 0.0, "noise_scale": 0.2},
        {"mapping": "identity"},
        {"mapping": "power", "elite_rate": 0.3},
        {"mapping": "exponential", "temperature": 0.5},
        {"mapping": "rescale", "diver_rate": 0.0},
        *ABLATIONS,
    ],
    ids=str,
)
def test_whole_runs_are_the_same(changed: dict[str, object]) -> None:
    assert_agree(packaged(), range(6), settings_of(**changed))


@needs_known_rounding
@pytest.mark.parametrize("changed", [{}, *ABLATIONS], ids=str)
@pytest.mark.parametrize("name", ["nasbench301", "transnas-macro"])
def test_spaces_that_evaluate_their_final_population(name: str, changed: dict[str, object]) -> None:
    settings = settings_of(**{"num_step": 12, **changed})
    for higher_is_better in (True, False):
        assert_agree(tabulated(get_space(name), higher_is_better), range(3), settings)


@needs_known_rounding
@pytest.mark.parametrize("selection", [True, False])
def test_what_is_observed_is_what_is_evaluated(selection: bool) -> None:
    settings = settings_of(num_step=5, selection=selection)
    seen: dict[object, list[np.ndarray]] = {compiled: [], engine: []}
    for module, batches in seen.items():
        objective = tabulated(get_space("nasbench301"))
        objective.begin(3)
        module.search(objective, 3, settings, lambda batch, kept=batches: kept.append(batch.copy()))
    assert [len(batch) for batch in seen[compiled]] == [len(batch) for batch in seen[engine]]
    for ours, theirs in zip(seen[compiled], seen[engine], strict=True):
        np.testing.assert_array_equal(ours, theirs)


# --- MobileNetV3 -------------------------------------------------------------------------------


@needs_known_rounding
@pytest.mark.parametrize(
    "changed",
    [
        {"num_step": 40},
        {"population_num": 4, "num_step": 30},
        {"population_num": 37, "mapping": "rescale"},
        {"population_num": 130, "num_step": 6},
        # More are taken by fitness, diversity and layers left out than the population has places.
        {"population_num": 30, "elite_rate": 0.2, "diver_rate": 0.8},
        *ABLATIONS,
    ],
    ids=str,
)
def test_whole_runs_of_mobilenetv3_are_the_same(changed: dict[str, object]) -> None:
    assert_agree(predicted(), range(2), settings_of_mobilenetv3(**changed))


@needs_known_rounding
@pytest.mark.parametrize("value", [0.0, 80.0])
def test_a_constant_fitness_has_the_same_end(value: float) -> None:
    objective = predicted(lambda space, codes: np.full(len(codes), value))
    settings = settings_of_mobilenetv3(population_num=30)
    expected = "completed" if value else "degenerate"
    assert record(engine, objective, 0, settings).status == expected
    assert_agree(objective, range(2), settings)


@needs_known_rounding
@pytest.mark.parametrize("changed", [{"num_step": 60}, *ABLATIONS[:3]], ids=str)
def test_runs_by_the_published_predictor_are_the_same(
    changed: dict[str, object], mirror: Mirror
) -> None:
    mirror("ofa-acc-predictor")
    definition = get_definition("mobilenetv3", "imagenet")
    benchmark = definition.build(locate(definition.sources), {})
    objective = objective_on(benchmark, definition.protocols["paper"], get_space("mobilenetv3"))
    assert_agree(objective, range(1), settings_of_mobilenetv3(**changed))


@needs_known_rounding
def test_the_same_codes_are_predicted_in_the_same_batches() -> None:
    asked: dict[object, list[list[int]]] = {compiled: [], engine: []}
    known: dict[object, np.ndarray] = {}
    for module, batches in asked.items():

        def predict(space: SearchSpace, codes: np.ndarray, asked=batches) -> np.ndarray:
            asked.append(codes.tolist())
            return made_up(space, codes)

        objective = predicted(predict)
        objective.begin(5)
        module.search(objective, 5, settings_of_mobilenetv3(selection=False))
        known[module] = objective.space.contents(np.arange(objective.space.numbered))
    assert asked[compiled] == asked[engine]
    # The last population is numbered and not evaluated.
    np.testing.assert_array_equal(known[compiled], known[engine])
    assert len(known[compiled]) >= sum(map(len, asked[compiled]))


@needs_known_rounding
def test_a_search_goes_on_from_codes_and_evaluations_that_there_are() -> None:
    kept = {}
    for module in (compiled, engine):
        objective = predicted()
        ledger = objective.begin(9)
        # Some that the first population has, with codes in another order, and some that it has not.
        drawn = MobileNetV3().well_formed(50, np.random.RandomState(9))[::-2]
        others = objective.space.sample(np.random.default_rng(0), 40)
        objective.evaluate(others)
        objective.evaluate(objective.decode(drawn))
        objective.space.sample(np.random.default_rng(1), 5)
        result = module.search(objective, 9, settings_of_mobilenetv3())
        objective.evaluate(result.final_population)
        kept[module] = (
            ledger.codes().tolist(),
            ledger.lookups().tolist(),
            (ledger.total, ledger.distinct, ledger.invalid, result.outcome),
            objective.metric(ledger.codes()).tolist(),
            objective.space.contents(np.arange(objective.space.numbered)).tolist(),
        )
    assert kept[compiled] == kept[engine]


def test_no_tensor_library_is_imported() -> None:
    script = """
import sys
import numpy as np
from ednag.search import compiled
from ednag.search.hyperparameters import SearchHyperparameters
from ednag.search.objective import PredictedObjective
from ednag.spaces.mobilenetv3 import MobileNetV3
from ednag.tables.interface import Metric, Protocol
protocol, metric = Protocol("a", "a", ""), Metric("a", "%", "")
objective = PredictedObjective(
    lambda space, codes: 60.0 + codes % 30, metric, protocol, MobileNetV3(), "made-up"
)
result = compiled.search(objective, 1, SearchHyperparameters(num_step=5, population_num=20))
assert result.status == "completed" and result.outcome >= 0, result
assert "torch" not in sys.modules
"""
    subprocess.run([sys.executable, "-c", script], check=True)


# --- what only MobileNetV3 needs ---------------------------------------------------------------


@entry
def permutation(stream, seed, order, count):
    """`permute`, and the uniform number that comes after it."""
    seed_stream(stream, seed)
    permute(stream, order, count)
    return next_uniform(stream)


def test_permutations_are_torchs_and_so_is_what_comes_after() -> None:
    stream = new_stream()
    for count in (*range(1, 130), 200, 400, 623, 624, 625, 1000):
        for seed in (count, 2**32 - count):
            generator = torch.Generator().manual_seed(seed)
            theirs = torch.randperm(count, generator=generator).numpy()
            order = np.empty(count, np.int64)
            following = permutation(stream, np.uint64(seed), order, count)
            np.testing.assert_array_equal(order, theirs)
            assert following == torch.rand(1, generator=generator).item()


@entry
def argsort(values, count, pairs, order, stack):
    """`argsort_descending`."""
    argsort_descending(values, count, pairs, order, stack)


def test_whole_numbers_are_sorted_as_torch_sorts_int64() -> None:
    """Counts of layers left out: torch sorts them as int64, we as float32."""
    generator = np.random.default_rng(0)
    for count in (*range(1, 450), 600, 800):
        for kinds, share in ((11, 1.0), (3, 1.0), (11, 0.2)):
            counts = generator.integers(0, kinds, count) * (generator.random(count) < share)
            values = np.append(counts, np.zeros(LANES)).astype(np.float32)
            order = np.empty(count, np.int64)
            pairs = np.zeros(count + LANES, np.uint64)
            argsort(values, count, pairs, order, np.zeros((STACK, 3), np.int64))
            theirs = torch.argsort(torch.from_numpy(counts.astype(np.int64)), descending=True)
            np.testing.assert_array_equal(order, theirs.numpy(), f"{count} numbers")


# --- spaces with code of their own -------------------------------------------------------------


class OwnDecoding(TransNASMacro):
    """A space that decodes genotypes by code of its own."""

    reading = None

    def decode_raw(self, genotypes: np.ndarray) -> np.ndarray:
        return TransNASMacro.reading.raw(genotypes)


@pytest.mark.parametrize("changed", [{}, *ABLATIONS], ids=str)
def test_a_space_may_decode_by_code_of_its_own(changed: dict[str, object]) -> None:
    settings = settings_of(**{"num_step": 12, **changed})
    for seed in range(3):
        ours, known = (
            record(compiled, tabulated(space), seed, settings)
            for space in (OwnDecoding(), TransNASMacro())
        )
        assert_same(ours, known)


def test_a_large_space_that_numbers_by_itself_is_left_to_the_readable_engine() -> None:
    class OwnNumbering(LargeSpace):
        name = "own"

    OwnNumbering.__abstractmethods__ = frozenset()
    objective = predicted(space=OwnNumbering())
    reason = compiled.unsupported(objective)
    assert reason == "own numbers its architectures by code of its own"
    with pytest.raises(ValueError, match=f"not for the compiled engine: {reason}"):
        compiled.search(objective, 1, SearchHyperparameters())
