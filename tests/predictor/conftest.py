"""What the tests of the meta-predictor share."""

import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import torch
from threadpoolctl import threadpool_limits

from ednag.predictor.configuration import NASBENCH201, Configuration
from ednag.predictor.model import MetaPredictor, new_model


@pytest.fixture(autouse=True)
def one_thread() -> Iterator[None]:
    """Other tests run on the other cores."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    with threadpool_limits(1):
        yield
    torch.set_num_threads(before)


@pytest.fixture(scope="session")
def reference(golden: Path) -> dict[str, np.ndarray]:
    """Parameters, inputs and outputs of the reference's predictor at small sizes."""
    with np.load(golden / "meta_predictor_nasbench201.npz", allow_pickle=False) as file:
        return dict(file)


@pytest.fixture(scope="session")
def reference_configuration(reference: dict[str, np.ndarray]) -> Configuration:
    """The sizes of the reference's file."""
    described = json.loads(str(reference["config"]))
    assert tuple(map(tuple, described["edges"])) == NASBENCH201.edges
    assert (described["nvt"], described["max_n"]) == (NASBENCH201.node_types, NASBENCH201.nodes)
    return NASBENCH201.sized(described["hs"], described["nz"])


def parameters_of(model: MetaPredictor) -> dict[str, np.ndarray]:
    """A model's parameters as a file holds them."""
    return {name: each.numpy() for name, each in model.state_dict().items()}


def random_model(configuration: Configuration, seed: int = 0) -> MetaPredictor:
    """A model in evaluation mode with weights large enough that every gate moves."""
    model = new_model(configuration, seed).eval().requires_grad_(False)
    for each in model.parameters():
        each.mul_(2)
    return model
