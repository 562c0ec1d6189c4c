"""Counts by formula: against NAR's published example and against networks of torch."""

import json

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.utils.flop_counter import FlopCounterMode

from ednag.cells.nasbench101 import (
    MODULES,
    CellBatch,
    counts,
    counts_in_chunks,
    from_cells,
    from_records,
    from_texts,
    vertex_channels,
)
from ednag.errors import EdnagError
from ednag.spaces.nasbench101_cells import NASBench101Cell, enumerate_cells, whole_graphs
from ednag.tables.nasbench101_vis import SOURCE, read
from tests.conftest import Mirror


@pytest.fixture(scope="module")
def example(mirror: Mirror) -> dict[str, object]:
    return json.loads(mirror("nar-example-101").read_bytes())[0]


def random_cells(count: int, seed: int) -> list[NASBench101Cell]:
    """Cells of every size, each with a random form and random operations."""
    generator = np.random.default_rng(seed)
    forms = {vertices: whole_graphs(vertices) for vertices in range(2, 8)}
    cells = []
    for vertices in generator.choice([2, 3, 4, 5, 6, 7, 7, 7], size=count):
        graph = int(generator.choice(forms[int(vertices)]))
        labels = tuple(int(label) for label in generator.integers(3, size=vertices - 2))
        cells.append(NASBench101Cell(int(vertices), graph, labels))
    return cells


class Conv(nn.Sequential):
    """Convolution without bias, batch normalisation, ReLU."""

    def __init__(self, inputs: int, outputs: int, kernel: int) -> None:
        super().__init__(
            nn.Conv2d(inputs, outputs, kernel, padding=kernel // 2, bias=False),
            nn.BatchNorm2d(outputs),
            nn.ReLU(),
        )


class Sum(nn.Module):
    """The sum of maps, each cut to its first `channels`."""

    def forward(self, maps: list[Tensor], channels: int) -> Tensor:
        return sum(each[:, :channels] for each in maps)  # type: ignore[return-value]


class CellModule(nn.Module):
    """One module as the benchmark's paper describes it, written without the package's counts."""

    def __init__(
        self, matrix: np.ndarray, operations: list[str], inputs: int, outputs: int
    ) -> None:
        super().__init__()
        self.matrix, self.last = matrix, len(matrix) - 1
        self.channels = self.share(outputs)
        self.projections, self.operations, self.sums = (nn.ModuleDict() for _ in range(3))
        kinds = {"conv1x1-bn-relu": 1, "conv3x3-bn-relu": 3}
        for vertex in range(1, self.last + 1):
            if matrix[0, vertex]:
                self.projections[str(vertex)] = Conv(inputs, self.channels[vertex], 1)
            self.sums[str(vertex)] = Sum()
            if vertex < self.last:
                width = self.channels[vertex]
                self.operations[str(vertex)] = (
                    Conv(width, width, kinds[operations[vertex]])
                    if operations[vertex] in kinds
                    else nn.MaxPool2d(3, 1, 1)
                )

    def share(self, outputs: int) -> dict[int, int]:
        direct = [v for v in range(1, self.last) if self.matrix[v, self.last]]
        channels = {self.last: outputs}
        for place, vertex in enumerate(direct):
            channels[vertex] = outputs // len(direct) + (place < outputs % len(direct))
        for vertex in reversed(range(1, self.last)):
            if vertex not in channels:
                following = [w for w in range(vertex + 1, self.last) if self.matrix[vertex, w]]
                channels[vertex] = max(channels[w] for w in following)
        return channels

    def forward(self, image: Tensor) -> Tensor:
        maps: dict[int, Tensor] = {}
        for vertex in range(1, self.last):
            arriving = [maps[v] for v in range(1, vertex) if self.matrix[v, vertex]]
            if self.matrix[0, vertex]:
                arriving.append(self.projections[str(vertex)](image))
            summed = self.sums[str(vertex)](arriving, self.channels[vertex])
            maps[vertex] = self.operations[str(vertex)](summed)
        ends = [maps[v] for v in range(1, self.last) if self.matrix[v, self.last]]
        parts = [torch.cat(ends, dim=1)] if ends else []
        if self.matrix[0, self.last]:
            parts.append(self.projections[str(self.last)](image))
        return self.sums[str(self.last)](parts, self.channels[self.last])


def network(matrix: np.ndarray, operations: list[str]) -> nn.Sequential:
    layers: list[nn.Module] = [Conv(3, 128, 3)]
    before = 128
    for channels in (128, 256, 512):
        if channels > 128:
            layers.append(nn.MaxPool2d(2))
        for _ in range(3):
            layers.append(CellModule(matrix, operations, before, channels))
            before = channels
    return nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(512, 10))


def measured(matrix: np.ndarray, operations: list[str]) -> tuple[int, int, int]:
    """(FLOPs of convolutions and classifier, other FLOPs, parameters) of a real network.

    The first are torch's own count, the second come from hooks; on the meta device shapes flow
    through every layer and nothing is computed.
    """
    with torch.device("meta"):
        net = network(matrix, operations)
        image = torch.empty(1, 3, 32, 32)
    other = 0

    def note(module: nn.Module, given: tuple, result: Tensor) -> None:
        nonlocal other
        if isinstance(module, Sum):
            other += (len(given[0]) - 1) * result.numel()
        elif isinstance(module, nn.MaxPool2d):
            other += int(module.kernel_size) ** 2 * result.numel()
        elif isinstance(module, nn.AdaptiveAvgPool2d):
            other += given[0].numel()
        elif isinstance(module, nn.Linear):
            other += module.bias.numel()

    for module in net.modules():
        module.register_forward_hook(note)
    with FlopCounterMode(display=False) as counter, torch.no_grad():
        net(image)
    return counter.get_total_flops(), other, sum(each.numel() for each in net.parameters())


def matrix_and_operations(cell: NASBench101Cell) -> tuple[np.ndarray, list[str]]:
    """A cell as the benchmark's records have it."""
    digits = [int(digit) for digit in cell.adjacency]
    return np.array(digits).reshape(cell.vertices, -1), cell.operations.split(",")


def agree_with_networks(count: int, seed: int) -> None:
    batch = from_cells(random_cells(count, seed))
    found = counts(batch)
    for row in range(count):
        matrix, operations = matrix_and_operations(batch.cell(row))
        convolved, other, parameters = measured(matrix, operations)
        place = f"{operations} {matrix.tolist()}"
        assert found.parameters[row] == parameters, place
        assert found.flops[row] == convolved + other, place


def test_the_published_example_is_reproduced_number_for_number(example: dict) -> None:
    batch = from_records([example["module_adjacency"]], [example["module_operations"]])
    found = counts(batch)
    for name, vertices in (
        ("vertex_flops", found.vertex_flops),
        ("vertex_params", found.vertex_parameters),
    ):
        ours = {module.name: vertices[0, at].tolist() for at, module in enumerate(MODULES)}
        assert ours == example[name]
    assert found.flops[0] == example["flops"]
    assert found.parameters[0] == example["trainable_parameters"]


def test_counts_agree_with_networks_of_torch() -> None:
    agree_with_networks(50, seed=1)


@pytest.mark.slow
def test_counts_of_500_cells_agree_with_networks_of_torch() -> None:
    agree_with_networks(500, seed=2)


@pytest.mark.slow
def test_parameters_are_those_that_the_benchmark_itself_tells(mirror: Mirror) -> None:
    # Of 20,001 cells the parameters are public, but not the numbering. That does not matter where
    # one, two or four vertices share the output's channels.
    told = read(mirror(SOURCE))
    cells = enumerate_cells()
    batch = from_cells(cells[key] for key in told["key"])
    agree = counts(batch).parameters == told["parameters"].to_numpy()
    divides = np.isin(batch.adjacency[:, 1:, -1].sum(axis=1), [0, 1, 2, 4])
    straight = batch.adjacency[:, 0, -1]
    assert (divides.sum(), (divides & straight).sum()) == (15791, 3297)
    assert agree[divides].all()


def test_chunks_are_the_whole_in_order() -> None:
    cells = random_cells(100, seed=3)
    whole_batch = from_cells(cells)
    whole = counts(whole_batch)
    chunks = list(counts_in_chunks(iter(cells), chunk=33))
    assert [len(batch) for batch, _ in chunks] == [33, 33, 33, 1]
    for field in ("vertex_flops", "vertex_parameters", "flops", "parameters"):
        joined = np.concatenate([getattr(part, field) for _, part in chunks])
        assert (joined == getattr(whole, field)).all()
    labels = np.concatenate([batch.labels for batch, _ in chunks])
    assert (labels == whole_batch.labels).all()


def test_records_and_enumerated_cells_are_the_same_arrays() -> None:
    cells = random_cells(60, seed=4)
    batch = from_cells(cells)
    assert [batch.cell(row) for row in range(60)] == cells
    matrices, operations = zip(*map(matrix_and_operations, cells), strict=True)
    again = from_records([matrix.tolist() for matrix in matrices], operations)
    assert (again.adjacency == batch.adjacency).all() and (again.labels == batch.labels).all()
    texts = from_texts([cell.adjacency for cell in cells], [cell.operations for cell in cells])
    assert (texts.adjacency == batch.adjacency).all() and (texts.labels == batch.labels).all()
    for adjacency in ("010", "0120"):
        with pytest.raises(EdnagError, match=r"cell 7: adjacency '.*' with 2 operations; give one"):
            from_texts([adjacency], ["input,output"], first=7)


def test_the_first_vertices_take_the_remainder() -> None:
    # input -> three vertices -> output: 128 = 43 + 43 + 42
    matrix = np.zeros((5, 5), dtype=int)
    matrix[0, 1:4] = matrix[1:4, 4] = 1
    batch = from_records([matrix.tolist()], [["input", *["maxpool3x3"] * 3, "output"]])
    assert vertex_channels(batch.adjacency, 128)[0].tolist() == [0, 43, 43, 42, 0, 0, 128]


def test_the_smallest_cell_is_a_projection() -> None:
    batch = from_records([[[0, 1], [0, 0]]], [["input", "output"]])
    found = counts(batch)
    assert found.vertex_flops[0, 0].tolist() == [0] * 6 + [2 * 128 * 128 * 32 * 32]
    assert found.vertex_parameters[0, 0, -1] == 128 * 128 + 2 * 128


@pytest.mark.parametrize(
    ("matrix", "operations", "reason"),
    [
        ([[0, 1], [0, 0]], ["input", "maxpool3x3", "output"], "one row and column per operation"),
        ([[0, 1], [0, 0]], ["input", "input"], "end with 'output'"),
        ([[0, 1, 0], [0, 0, 1], [0, 0, 0]], ["input", "conv2", "output"], "no operation 'conv2'"),
        ([[0, 0, 1], [0, 0, 1], [0, 0, 0]], ["input", "maxpool3x3", "output"], "no path"),
        ([[0, 1], [1, 0]], ["input", "output"], "backwards"),
        (np.triu(np.ones((7, 7)), 1), ["input", *["maxpool3x3"] * 5, "output"], "than 9 edges"),
    ],
)
def test_what_is_no_cell_is_refused(matrix: list, operations: list[str], reason: str) -> None:
    with pytest.raises(EdnagError, match=reason):
        from_records([matrix], [operations])


def test_no_cells_at_all() -> None:
    found = counts(CellBatch(np.zeros((0, 7, 7), dtype=bool), np.zeros((0, 7), dtype=np.int8)))
    assert found.flops.shape == (0,)
