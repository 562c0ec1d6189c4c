"""Traces that bring their own benchmark."""

import gzip
import json
from pathlib import Path

import numpy as np
import pytest

from ednag.errors import EdnagError
from ednag.search.compiled import search
from ednag.search.replay import own_objective, read_trace, replay


def edited(golden: Path, tmp_path: Path, name: str, **changes: object) -> Path:
    trace = json.loads(gzip.decompress((golden / f"{name}.json.gz").read_bytes()))
    path = tmp_path / "edited.json.gz"
    path.write_bytes(gzip.compress(json.dumps(trace | changes).encode()))
    return path


def test_what_the_run_reports_is_compared_too(golden: Path) -> None:
    trace = read_trace(golden / "nasbench301-cifar10-seed2.json.gz")
    objective = own_objective(trace)
    assert objective is not None
    difference = replay(trace.model_copy(update={"final_best": 94.0}), objective, search)
    assert difference == "reported value differs: reference 94.0, here 94.01219177246094"
    difference = replay(trace.model_copy(update={"distinct_valid": 25}), objective, search)
    assert difference == "number of distinct valid differs: reference 25, here 26"


def test_a_synthetic_accuracy_is_a_formula_of_the_key(golden: Path) -> None:
    from hashlib import sha256

    trace = read_trace(golden / "nasbench101-synthetic-seed7.json.gz")
    objective = own_objective(trace)
    assert objective is not None
    key = next(key for key in trace.keys if key != "invalid")
    u = int(sha256(key.encode()).hexdigest()[:8], 16) / 2**32
    code = objective.space.code(key)
    assert objective.report(code) == (0.80 + 0.15 * u**2) * 100


def test_another_formula_is_refused(golden: Path, tmp_path: Path) -> None:
    path = edited(golden, tmp_path, "nasbench101-synthetic-seed4", fitness="synthetic: 7*u")
    with pytest.raises(EdnagError, match="is unknown: 'synthetic: 7"):
        own_objective(read_trace(path))


def test_settings_of_another_profile_are_refused(golden: Path, tmp_path: Path) -> None:
    name = "mobilenetv3-synthetic-seed42"
    given = json.loads(gzip.decompress((golden / f"{name}.json.gz").read_bytes()))
    changed = given["hyperparameters"] | {"init_valid_rate": 0.25}
    path = edited(golden, tmp_path, name, hyperparameters=changed)
    with pytest.raises(EdnagError, match=r"init_valid_rate = 0\.25, but mobilenetv3 has 0\.5"):
        read_trace(path)


def test_a_trace_without_its_own_benchmark_needs_a_table(golden: Path) -> None:
    assert own_objective(read_trace(golden / "transnas-micro-jigsaw-seed1.json.gz")) is None


def test_a_pool_without_fitness_ends_the_run_with_a_reason(golden: Path) -> None:
    trace = read_trace(golden / "nasbench301-cifar10-seed2.json.gz")
    objective = own_objective(trace)
    assert objective is not None
    for _ in range(2):
        # The first 60 groups of seed 17 are none of the few in the table.
        ledger = objective.begin(17)
        result = search(objective, 17, trace.hyperparameters)
        assert result.status == "degenerate"
        assert result.detail.startswith("denoising step 1: all individuals of the pool")
        assert (result.outcome, ledger.total, ledger.distinct) == (-1, 90, 0)
        assert np.isnan(result.outcome_metric)
