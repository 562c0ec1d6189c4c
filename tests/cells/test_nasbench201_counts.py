"""Counts by formula: against NAR's published example."""

import json

import numpy as np
import pytest

from ednag.cells.nasbench201 import SHAPES, NetworkShape, counts, shape_of
from ednag.errors import EdnagError
from ednag.spaces import get_space
from tests.conftest import Mirror

SPACE = get_space("nasbench201")
#: The example's own name of each dataset.
NAMES = {
    "cifar10": "cifar10-valid",
    "cifar100": "cifar100",
    "ImageNet16-120": "ImageNet16-120",
}


@pytest.mark.parametrize("dataset", SHAPES)
def test_the_published_example_is_reproduced_number_for_number(
    mirror: Mirror, dataset: str
) -> None:
    example = json.loads(mirror("nar-example-201").read_bytes())["0"]
    shape = shape_of(dataset)
    found = counts(shape, np.array([SPACE.code(example["arch_str"])]))
    name = NAMES[dataset]
    assert found.flops[0] == example[f"{name}_total_flops"]
    assert found.parameters[0] == example[f"{name}_total_params"]
    for kind, edges in (("flops", found.edge_flops), ("params", found.edge_parameters)):
        published = example[f"{name}_opt_{kind}"]
        ours = {f"cells{at}": edges[0, stage].tolist() for at, stage in shape.cell_positions}
        assert ours == published


def test_all_cells_at_once_are_the_cells_one_by_one() -> None:
    shape = shape_of("cifar10")
    everything = counts(shape)
    assert everything.edge_flops.shape == (15625, 3, 6)
    assert everything.flops.dtype == np.int64
    for code in (0, 1, 777, 15624):
        one = counts(shape, np.array([code]))
        assert one.flops[0] == everything.flops[code]
        assert (one.edge_parameters[0] == everything.edge_parameters[code]).all()


def test_the_dearest_cell_is_3x3_everywhere() -> None:
    everything = counts(shape_of("cifar10"))
    key = "|nor_conv_3x3~0|+|nor_conv_3x3~0|nor_conv_3x3~1|+"
    key += "|nor_conv_3x3~0|nor_conv_3x3~1|nor_conv_3x3~2|"
    assert everything.flops.argmax() == SPACE.code(key)


def test_what_does_not_exist_is_refused() -> None:
    with pytest.raises(EdnagError, match="did you mean 'cifar10'"):
        shape_of("cifar-10")
    with pytest.raises(EdnagError, match="cells_per_stage is 0"):
        NetworkShape(classes=3, size=8, cells_per_stage=0)
