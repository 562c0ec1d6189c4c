"""Encodings: equal to the reference's of both published examples."""

import json

import numpy as np
import pytest

from ednag.cells.nasbench101 import from_records
from ednag.cells.nasbench201 import SHAPES
from ednag.ranker.encoding import encode_nasbench101, encode_nasbench201
from ednag.ranker.sampling import operation_counts
from ednag.spaces import get_space
from tests.conftest import Mirror

SPACE = get_space("nasbench201")
NAMES = {"cifar10": "cifar10-valid", "cifar100": "cifar100", "ImageNet16-120": "ImageNet16-120"}


def test_101_is_the_reference_s_encoding(
    mirror: Mirror, reference_encodings: dict[str, np.ndarray]
) -> None:
    (record,) = json.loads(mirror("nar-example-101").read_bytes())
    batch = from_records([record["module_adjacency"]], [record["module_operations"]])
    encoded = encode_nasbench101(batch)
    assert encoded.dtype == np.float32
    np.testing.assert_array_equal(encoded, reference_encodings["nasbench101_example"])


@pytest.mark.parametrize("dataset", SHAPES)
def test_201_is_the_reference_s_encoding(
    mirror: Mirror, reference_encodings: dict[str, np.ndarray], dataset: str
) -> None:
    record = json.loads(mirror("nar-example-201").read_bytes())["0"]
    code = SPACE.code(record["arch_str"])
    encoded = encode_nasbench201(dataset)
    assert encoded.dtype == np.float32 and encoded.shape == (15625, 31, 4, 4)
    expected = reference_encodings[f"nasbench201_{NAMES[dataset]}"]
    np.testing.assert_array_equal(encoded[code], expected)
    expected = reference_encodings["nasbench201_edge_op_counts"]
    np.testing.assert_array_equal(operation_counts(np.array([code])), expected)


def test_101_puts_empty_vertices_before_the_output() -> None:
    batch = from_records([[[0, 1, 1], [0, 0, 1], [0, 0, 0]]], [["input", "maxpool3x3", "output"]])
    first = encode_nasbench101(batch)[0, 0]
    assert first[0, 1] == 4 and first[0, 6] == first[1, 6] == 5
    assert np.count_nonzero(first) == 3
