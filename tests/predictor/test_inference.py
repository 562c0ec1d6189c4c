"""Quick predictions against the torch module and the reference, and apart from their batch."""

import subprocess
import sys
from collections.abc import Mapping

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from ednag.errors import EdnagError
from ednag.predictor.configuration import CONFIGURATIONS, MOBILENETV3, NASBENCH201, Configuration
from ednag.predictor.inference import (
    NASBENCH201_SCALES,
    QuickPredictor,
    mobilenetv3_scale,
    targets_of,
    to_accuracy,
    training_scale,
)
from ednag.predictor.model import MetaPredictor
from ednag.predictor.node_types import node_types_of

from .conftest import parameters_of, random_model

SIZES = {name: each.sized(24, 8) for name, each in CONFIGURATIONS.items()}


def predict(
    parameters: Mapping[str, np.ndarray],
    configuration: Configuration,
    encoding: np.ndarray,
    types: np.ndarray,
) -> np.ndarray:
    return QuickPredictor(parameters, configuration)(encoding, types)


def by_torch(model: MetaPredictor, encoding: np.ndarray, types: np.ndarray) -> np.ndarray:
    """The module's own predictions, in float64."""
    wide = model.double()
    with torch.no_grad():
        datasets = torch.from_numpy(encoding).expand(len(types), -1)
        return wide(datasets, wide.encode_graphs(torch.from_numpy(types))).numpy()


def any_types(configuration: Configuration, count: int, seed: int) -> np.ndarray:
    """Node types without regard to the space: every type at every node."""
    generator = np.random.default_rng(seed)
    return generator.integers(configuration.node_types, size=(count, configuration.nodes))


def test_the_predictions_of_the_reference(
    reference: dict[str, np.ndarray], reference_configuration: Configuration
) -> None:
    parameters = {
        name.removeprefix("state/"): values
        for name, values in reference.items()
        if name.startswith("state/")
    }
    for encoding, types, expected in zip(
        reference["set_encoding"], reference["node_types"], reference["prediction"], strict=True
    ):
        found = predict(
            parameters, reference_configuration, encoding.astype(np.float64), types[None]
        )
        assert found == pytest.approx(expected, abs=1e-5)


@settings(max_examples=15)
@given(
    space=st.sampled_from(sorted(SIZES)),
    seed=st.integers(0, 1000),
    count=st.integers(1, 300),
)
def test_as_the_torch_module(space: str, seed: int, count: int) -> None:
    model = random_model(SIZES[space], seed)
    parameters = parameters_of(model)
    encoding = np.random.default_rng(seed).normal(size=8)
    types = any_types(SIZES[space], count, seed)
    expected = by_torch(model, encoding, types)
    found = predict(parameters, SIZES[space], encoding, types)
    np.testing.assert_allclose(found, expected, rtol=1e-6, atol=1e-8)


@pytest.mark.parametrize(
    ("configuration", "count"), [(NASBENCH201, 12), (MOBILENETV3, 6)], ids=["cells", "networks"]
)
def test_at_full_size(configuration: Configuration, count: int) -> None:
    model = random_model(configuration)
    encoding = np.random.default_rng(0).normal(size=56)
    types = any_types(configuration, count, 1)
    found = predict(parameters_of(model), configuration, encoding, types)
    np.testing.assert_allclose(found, by_torch(model, encoding, types), rtol=1e-6)


@settings(max_examples=15)
@given(space=st.sampled_from(sorted(SIZES)), seed=st.integers(0, 1000), data=st.data())
def test_a_value_does_not_depend_on_the_batch(space: str, seed: int, data: st.DataObject) -> None:
    predictor = QuickPredictor(parameters_of(random_model(SIZES[space], seed)), SIZES[space])
    encoding = np.random.default_rng(seed).normal(size=8)
    types = any_types(SIZES[space], 600, seed)
    together = predictor(encoding, types)
    some = data.draw(st.lists(st.integers(0, 599), min_size=1, max_size=40))
    np.testing.assert_array_equal(predictor(encoding, types[some]), together[some])
    np.testing.assert_array_equal(predictor(encoding, types[::-1]), together[::-1])


def test_all_cells_in_any_order() -> None:
    configuration = NASBENCH201.sized(32, 8)
    predictor = QuickPredictor(parameters_of(random_model(configuration)), configuration)
    types = node_types_of("nasbench201", np.arange(15625))
    encoding = np.linspace(-1, 1, 8)
    together = predictor(encoding, types)
    order = np.random.default_rng(0).permutation(15625)
    np.testing.assert_array_equal(predictor(encoding, types[order]), together[order])
    # More than fit one batch, every architecture several times.
    twice = np.concatenate([order, order[:2000]])
    np.testing.assert_array_equal(predictor(encoding, types[twice]), together[twice])
    assert len(np.unique(together)) > 15000


def test_no_architectures() -> None:
    model = random_model(SIZES["nasbench201"])
    types = np.empty((0, 8), dtype=np.int64)
    assert predict(parameters_of(model), SIZES["nasbench201"], np.zeros(8), types).shape == (0,)


def test_a_graph_whose_nodes_hear_no_one_or_the_first_node_twice_removed() -> None:
    graph = Configuration("odd", 3, 5, ((0, 3), (1, 3), (0, 4), (3, 4)), hidden=8, latent=4)
    model = random_model(graph)
    types, encoding = any_types(graph, 100, 0), np.ones(4)
    found = predict(parameters_of(model), graph, encoding, types)
    np.testing.assert_allclose(found, by_torch(model, encoding, types), rtol=1e-6, atol=1e-8)


@pytest.mark.parametrize(
    ("encoding", "types", "message"),
    [
        (np.zeros(7), np.zeros((1, 8), int), r"dataset encoding of shape \(7,\), not \(8,\)"),
        (np.zeros(8), np.zeros((1, 7), int), r"node types must be int\[n, 8\]"),
        (np.zeros(8), np.full((1, 8), 7), "in 0 to 6"),
        (np.zeros(8), np.full((1, 8), -1), "in 0 to 6"),
    ],
)
def test_inputs_that_do_not_fit(encoding: np.ndarray, types: np.ndarray, message: str) -> None:
    predictor = QuickPredictor(
        parameters_of(random_model(SIZES["nasbench201"])), SIZES["nasbench201"]
    )
    with pytest.raises(EdnagError, match=message):
        predictor(encoding, types)


def test_scales() -> None:
    y = np.array([-1.0, 0.0, 0.02])
    np.testing.assert_allclose(to_accuracy(y, NASBENCH201_SCALES["nasbench201"]), [-455, 95, 106])
    np.testing.assert_allclose(
        to_accuracy(y, NASBENCH201_SCALES["nasbench201-aircraft"])[1:], [87.4, 97.52]
    )
    np.testing.assert_allclose(
        to_accuracy(y, NASBENCH201_SCALES["nasbench201-pets"])[1:], [98.8, 110.24]
    )
    np.testing.assert_allclose(
        to_accuracy(y, training_scale(71.5715, 6.6932)), 669.32 * y + 71.5715
    )
    np.testing.assert_allclose(to_accuracy(y, mobilenetv3_scale(75.0, 2.0)), [0, 75, 79])


@pytest.mark.parametrize("std", [0.5, 2.0, 1e6])
def test_an_accuracy_by_logit_stays_in_range_and_order(std: float) -> None:
    y = np.concatenate([[-1e9], np.linspace(-0.03, 0.03, 61), [1e9]])
    accuracy = to_accuracy(y, training_scale(1.0, std, "logit"))
    assert accuracy.min() >= 0 and accuracy.max() <= 100 and (np.diff(accuracy) >= 0).all()
    assert (np.diff(to_accuracy(y[1:-1], training_scale(1.0, 0.5, "logit"))) > 0).all()


def test_the_logit_is_inverted() -> None:
    measured = np.array([0.0, 0.5, 20.0, 50.0, 97.5, 99.5, 100.0])
    learnt = targets_of(measured, "logit")
    mean, std = learnt.mean(), learnt.std(ddof=1)
    found = to_accuracy((learnt - mean) / std / 100, training_scale(mean, std, "logit"))
    np.testing.assert_allclose(found, measured.clip(0.5, 99.5), atol=1e-6)
    np.testing.assert_array_equal(targets_of(measured, "accuracy"), measured)


def test_a_search_that_predicts_imports_no_torch() -> None:
    program = (
        "import sys, ednag.predictor.inference, ednag.predictor.node_types, "
        "ednag.predictor.parameters; sys.exit('torch' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0
