"""Twenty whole runs of the compiled engine as digests, which must be the same on every machine.

`python -m tests.search.whole_runs` prints them as JSON, in the order of `RUNS`.
"""

import hashlib
import json
from dataclasses import dataclass, field

import numpy as np

from ednag.search import compiled
from ednag.search.hyperparameters import SearchHyperparameters
from ednag.search.objective import Objective, PredictedObjective
from ednag.spaces import get_space
from ednag.spaces.mobilenetv3 import NONE, MobileNetV3
from ednag.tables.interface import BenchmarkTable, Metric, Protocol


@dataclass(frozen=True)
class WholeRun:
    """One run.

    Attributes:
        space: Name of the search space.
        seed: The seed.
        settings: Hyper-parameters that differ from the defaults.
        loss: Whether the made-up metric is a loss.
        draws: Whether each evaluation draws one of three trainings.
    """

    space: str
    seed: int
    settings: dict[str, object] = field(default_factory=dict)
    loss: bool = False
    draws: bool = False


AVX512 = {"arithmetic": "avx512"}
RUNS = [
    WholeRun("nasbench201", 0),
    WholeRun("nasbench201", 22, AVX512),
    WholeRun("nasbench201", 1, {"population_num": 17, "num_step": 40}),
    WholeRun("nasbench201", 2, {"mapping": "exponential", "temperature": 0.5}),
    WholeRun("nasbench201", 3, {"mapping": "power", "mutate_distri_index": 1}),
    WholeRun("nasbench201", 4, {"mutate_distri_index": 2, "mapping": "rescale"}),
    WholeRun("nasbench201", 5, {"proposal": "noise"}),
    WholeRun("nasbench201", 6, {"proposal": "parents"} | AVX512),
    WholeRun("nasbench201", 7, {"selection": False}),
    WholeRun("nasbench101", 459),
    WholeRun("nasbench101", 459, AVX512),
    WholeRun("nasbench101", 8, draws=True),
    WholeRun("nasbench301", 2),
    WholeRun("nasbench301", 3, AVX512, draws=True),
    WholeRun("transnas-micro", 459, loss=True),
    WholeRun("transnas-micro", 459, AVX512, loss=True),
    WholeRun("transnas-macro", 19, loss=True),
    WholeRun("nasbench-graph", 10),
    WholeRun("nasbench-macro", 11, draws=True),
    WholeRun("nats-size", 12),
    WholeRun("mobilenetv3", 42, {"population_num": 100, "mutate_distri_index": 4, "num_step": 30}),
    WholeRun("mobilenetv3", 43, {"population_num": 37, "num_step": 30} | AVX512),
]


def made_up_table(name: str, loss: bool, draws: bool) -> Objective:
    """Made-up values with ties and gaps."""
    space = get_space(name)
    generator = np.random.default_rng(1)
    values = generator.integers(40, 95, space.size).astype(np.float64)
    values[::3] = np.nan
    trainings = {f"run_{k}": values + generator.random(space.size) for k in range(3)}
    protocol = Protocol("value", "value", "made up", factor=1.05, zero_below=0.01)
    if loss:
        protocol = Protocol("value", "value", "made up", factor=2969.0, rule="inverse")
    elif draws:
        protocol = Protocol(
            "value", "value", "made up", factor=1.05, drawn_metrics=tuple(trainings)
        )
    columns = {"value": values, **trainings}
    metrics = {column: Metric(column, "%", "made up", not loss) for column in columns}
    return Objective(BenchmarkTable(name, "made-up", columns, metrics), protocol, space)


def made_up_predictor() -> PredictedObjective:
    """An accuracy in % of networks of MobileNetV3, equal for many of them."""

    def predict(space: MobileNetV3, codes: np.ndarray) -> np.ndarray:
        layers = space.contents(codes).astype(np.int64)
        return 60 + (layers != NONE).sum(axis=1) + (layers * np.arange(20)).sum(axis=1) % 97 / 8

    metric = Metric("accuracy", "%", "made up")
    protocol = Protocol("accuracy", "accuracy", "made up")
    return PredictedObjective(predict, metric, protocol, MobileNetV3(), "made-up")


def digest_of(run: WholeRun) -> str:
    """16 hexadecimal digits of all genotypes that a run evaluates, and of how it ends."""
    if run.space == "mobilenetv3":
        objective: Objective = made_up_predictor()
    else:
        objective = made_up_table(run.space, run.loss, run.draws)
    digest = hashlib.sha256()
    ledger = objective.begin(run.seed)
    result = compiled.search(
        objective,
        run.seed,
        SearchHyperparameters(**run.settings),
        observe=lambda batch: digest.update(batch.astype("<f4").tobytes()),
    )
    for numbers in (ledger.codes(), ledger.lookups(), result.final_population):
        digest.update(numbers.astype("<i4").tobytes())
    counts = (result.status, result.outcome, result.outcome_metric, ledger.total, ledger.invalid)
    digest.update(repr(counts).encode())
    return digest.hexdigest()[:16]


if __name__ == "__main__":
    print(json.dumps([digest_of(run) for run in RUNS]))
