"""What the tests of the ranker share."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import torch


@pytest.fixture(autouse=True)
def one_thread() -> Iterator[None]:
    """Other tests run on the other cores."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="session")
def reference_ranker(golden: Path) -> dict[str, np.ndarray]:
    """Parameters, inputs and outputs of the reference's ranker at small sizes."""
    with np.load(golden / "nar_ranker.npz", allow_pickle=False) as file:
        return dict(file)


@pytest.fixture(scope="session")
def reference_encodings(golden: Path) -> dict[str, np.ndarray]:
    """The reference's encodings of the published examples."""
    with np.load(golden / "nar_encodings.npz", allow_pickle=False) as file:
        return dict(file)
