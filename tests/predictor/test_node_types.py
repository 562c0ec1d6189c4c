"""Architectures as node types."""

import numpy as np
import pytest

from ednag.errors import EdnagError
from ednag.predictor.configuration import CONFIGURATIONS
from ednag.predictor.node_types import node_types_of
from ednag.spaces.mobilenetv3 import EXPANSIONS, KERNELS, NONE, MobileNetV3
from ednag.spaces.nasbench201 import GENOTYPE_SYMBOLS, NASBench201


def test_every_cell_of_nasbench201() -> None:
    space = NASBench201()
    codes = np.arange(space.size)
    types = node_types_of("nasbench201", codes)
    assert types.shape == (15625, 8)
    assert len(np.unique(types, axis=0)) == len(codes)
    assert (types[:, 0] == 0).all()
    assert (types[:, 7] == 1).all()
    some = np.random.default_rng(0).choice(codes, 50)
    for code in some:
        names = [token.split("~")[0] for token in space.key(int(code)).split("|") if "~" in token]
        assert [GENOTYPE_SYMBOLS[kind] for kind in types[code, 1:-1]] == names
    np.testing.assert_array_equal(node_types_of("nasbench201", space.keys(some)), types[some])
    np.testing.assert_array_equal(
        node_types_of("nasbench201", np.array(space.keys(some))), types[some]
    )


def _read_one_network(key: str) -> list[int]:
    """The specification word by word, one stage after the other."""
    types, layers = [0], key.split("_")
    for stage in range(5):
        blocks = [name for name in layers[4 * stage : 4 * stage + 4] if name != "none"]
        for name in blocks + ["3-3"] * (4 - len(blocks)):
            kernel, expand = map(int, name.split("-"))
            types.append(
                2 + 9 * (len(blocks) - 2) + 3 * KERNELS.index(kernel) + EXPANSIONS.index(expand)
            )
    return [*types, 1]


def test_networks_of_mobilenetv3() -> None:
    space = MobileNetV3()
    codes = space.sample(np.random.default_rng(0), 200)
    types = node_types_of("mobilenetv3", space.contents(codes))
    assert types.tolist() == [_read_one_network(key) for key in space.keys(codes)]
    np.testing.assert_array_equal(node_types_of("mobilenetv3", space.keys(codes)), types)
    assert types.max() < CONFIGURATIONS["mobilenetv3"].node_types


def test_where_a_none_stands_does_not_matter() -> None:
    layers = np.zeros((2, 20), dtype=np.uint8)
    layers[0, :4] = 3, NONE, 5, NONE
    layers[1, :4] = 3, 5, NONE, NONE
    first, second = node_types_of("mobilenetv3", layers)
    np.testing.assert_array_equal(first, second)
    assert first[1:5].tolist() == [2 + 3, 2 + 5, 2, 2]


@pytest.mark.parametrize("space", CONFIGURATIONS)
def test_no_architectures(space: str) -> None:
    assert node_types_of(space, []).shape == (0, CONFIGURATIONS[space].nodes)


def test_what_is_not_of_the_space_is_refused() -> None:
    with pytest.raises(EdnagError, match="code 15625 is outside the space"):
        node_types_of("nasbench201", np.array([3, 15625]))
    with pytest.raises(EdnagError, match="is not an architecture of this space"):
        node_types_of("nasbench201", ["3-3"])
    with pytest.raises(EdnagError, match="fewer than 2 blocks"):
        node_types_of("mobilenetv3", np.full((1, 20), NONE, dtype=np.uint8))
    with pytest.raises(EdnagError, match="none for the space 'nasbench101'"):
        node_types_of("nasbench101", ["3-3"])
