"""The once-for-all accuracy predictor as the benchmark of mobilenetv3."""

import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import spearmanr

from ednag.errors import EdnagError
from ednag.search.hyperparameters import SearchHyperparameters
from ednag.search.objective import PredictedObjective
from ednag.spaces.mobilenetv3 import OPERATIONS, MobileNetV3
from ednag.tables.interface import PredictedBenchmark
from ednag.tables.ofa_predictor import (
    IMAGENET,
    SOURCE,
    as_configuration,
    as_predictor,
    encode,
    load,
    predict,
)
from ednag.tables.parquet import read_benchmark, read_table, write_benchmark
from tests.conftest import Mirror

SHAPES = {"0": (400, 128), "2": (400, 400), "4": (400, 400), "6": (1, 400)}


def some_weights() -> dict[str, np.ndarray]:
    generator = np.random.default_rng(0)
    weights: dict[str, np.ndarray] = {}
    for layer, shape in SHAPES.items():
        weights[f"{layer}.weight"] = generator.normal(0, 0.05, shape).astype(np.float32)
        weights[f"{layer}.bias"] = np.full(shape[0], 0.01, dtype=np.float32)
    return weights


def test_the_predictor_ranks_as_the_measurements(mirror: Mirror) -> None:
    measurements = pickle.loads(mirror("ofa-imagenet-2610").read_bytes())
    networks = pd.DataFrame(measurements["configs"])
    kernel, expand, depth = (np.array(networks[name].tolist()) for name in ("ks", "e", "d"))
    size, measured = networks["image_size"].to_numpy(), np.array(measurements["accuracies"])
    predicted = predict(load({SOURCE: mirror(SOURCE)}), encode(kernel, expand, depth, size))
    assert len(measured) == 2610

    def rank(chosen: np.ndarray) -> float:
        return float(spearmanr(predicted[chosen], measured[chosen])[0])

    assert rank(size >= 160) == pytest.approx(0.957, abs=5e-4)
    assert rank(size == 160) == pytest.approx(0.879, abs=5e-4)
    assert rank(size == 192) == pytest.approx(0.889, abs=6e-4)
    assert rank(size == 128) == pytest.approx(0.868, abs=5e-4)
    chosen = size >= 160
    assert (predicted - measured)[chosen].mean() == pytest.approx(0.057, abs=1e-3)


def test_the_layout_of_the_input() -> None:
    kernel, expand = np.full((1, 20), 3), np.full((1, 20), 6)
    kernel[0, 19], expand[0, 0] = 7, 4
    encoded = encode(kernel, expand, np.array([[2, 3, 4, 4, 4]]), np.array([128]))[0]
    assert np.flatnonzero(encoded[:12]).tolist() == [0, 3]
    assert np.flatnonzero(encoded[12:24]).tolist() == [0, 3, 6]
    assert np.flatnonzero(encoded[57:60]).tolist() == [2]
    assert np.flatnonzero(encoded[60:72]).tolist() == [1, 5]
    assert np.flatnonzero(encoded[120:]).tolist() == [1]


@given(st.lists(st.sampled_from(OPERATIONS), min_size=20, max_size=20))
def test_where_none_stands_in_a_stage_makes_no_difference(names: list[str]) -> None:
    layers = np.array([[OPERATIONS.index(name) for name in names]], dtype=np.uint8)
    kernel, expand, depth = as_configuration(layers)
    for stage in range(5):
        kept = [name for name in names[4 * stage : 4 * stage + 4] if name != "none"]
        assert depth[0, stage] == len(kept)
        for at, name in enumerate(kept, start=4 * stage):
            assert name == f"{kernel[0, at]}-{expand[0, at]}"


def save(path: Path, content: Any) -> Path:
    torch.save(content, path)
    return path


def test_parameters_are_read_back(tmp_path: Path) -> None:
    weights = some_weights()
    path = save(tmp_path / "p.pth", {name: torch.from_numpy(w) for name, w in weights.items()})
    for name, values in load({SOURCE: path}).items():
        np.testing.assert_array_equal(values, weights[name])


class _Import:
    def __reduce__(self) -> tuple:
        return (print, ("a pickle ran code",))


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ({"0.weight": _Import()}, "not a file of parameters"),
        ([1, 2], "not a file of parameters"),
        ({"0.weight": torch.zeros(400, 127)}, r"0.weight has shape \(400, 127\), not \(400, 128\)"),
        ({}, r"parameter 0.weight has shape \(0,\)"),
        (
            {name: torch.from_numpy(w) for name, w in some_weights().items()}
            | {"8.weight": torch.zeros(2)},
            r"parameter 8.weight has shape \(2,\), not None",
        ),
    ],
)
def test_other_parameters_are_refused(
    tmp_path: Path, content: Any, message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(EdnagError, match=message):
        load({SOURCE: save(tmp_path / "p.pth", content)})
    assert "ran code" not in capsys.readouterr().out


def test_the_file_gives_the_predictor_back_and_has_the_same_bytes(tmp_path: Path) -> None:
    benchmark = IMAGENET.with_parameters(some_weights(), {SOURCE: "abc"})
    write_benchmark(benchmark, tmp_path / "a.parquet")
    write_benchmark(benchmark, tmp_path / "b.parquet")
    assert (tmp_path / "a.parquet").read_bytes() == (tmp_path / "b.parquet").read_bytes()
    back = read_benchmark(tmp_path / "a.parquet")
    assert isinstance(back, PredictedBenchmark)
    assert (back.space, back.dataset, back.sources) == ("mobilenetv3", "imagenet", {SOURCE: "abc"})
    assert back.metrics == benchmark.metrics
    assert back.extent == "a predictor of 372801 parameters"
    assert np.isnan(back.optimum("predicted_accuracy"))
    for name, values in benchmark.parameters.items():
        np.testing.assert_array_equal(back.parameters[name], values)
        assert back.parameters[name].dtype == np.float32
    space = MobileNetV3()
    codes = space.sample(np.random.default_rng(0), 9)
    assert (back.predict(space, codes) == benchmark.predict(space, codes)).all()
    with pytest.raises(EdnagError, match="its format is 'ednag benchmark predictor 2'"):
        read_table(tmp_path / "a.parquet")


def test_a_file_with_another_predictors_parameters_is_refused(tmp_path: Path) -> None:
    weights = some_weights()
    altered = IMAGENET.with_parameters(weights, {})
    weights["6.bias"] = np.zeros(2, dtype=np.float32)
    write_benchmark(altered, tmp_path / "a.parquet")
    with pytest.raises(EdnagError, match=r"parameter 6.bias has shape \(2,\), not \(1,\)"):
        read_benchmark(tmp_path / "a.parquet")


def test_a_search_on_a_predictor_repeats_itself_and_counts() -> None:
    from ednag.search.engine import search

    asked: list[int] = []

    def counted(space: Any, codes: np.ndarray) -> np.ndarray:
        asked.extend(codes.tolist())
        return as_predictor(some_weights())(space, codes)

    metric, protocol = IMAGENET.metrics[0], IMAGENET.protocols["paper"]
    objective = PredictedObjective(counted, metric, protocol, MobileNetV3(), "imagenet")
    settings = SearchHyperparameters(num_step=6, population_num=20, mutate_distri_index=4)
    runs = []
    for _ in range(2):
        asked.clear()
        ledger = objective.begin(5)
        result = search(objective, 5, settings)
        assert ledger.total == 5 * 60
        assert len(asked) == len(set(asked)) == ledger.distinct
        assert result.outcome_metric == np.float32(objective.report(result.outcome))
        assert np.isnan(objective.optimum)
        codes = ledger.codes()
        keys = [objective.space.key(code) for code in codes.tolist()]
        runs.append((result.outcome, keys, objective.metric(codes).tolist()))
    assert runs[0] == runs[1]
    fresh = MobileNetV3()
    again = np.array([fresh.code(key) for key in runs[0][1]])
    alone = [as_predictor(some_weights())(fresh, code[None])[0] for code in again]
    assert alone == runs[0][2], "a value depends on what else is in the batch"
