"""Many small NAS-Bench-201 networks with different cells, trained at once in one process.

The networks of a group go through each layer together: the edges that leave one node with the same
operation, in any network, are one grouped convolution. Losses are summed, so that the gradient of
each network is its own; one optimiser steps all of them.

Values have the layout float[networks, channels, rows, columns, images]. With the images innermost,
a 3x3 convolution is one grouped 3-D convolution with kernel 3x3x1, a 1x1 convolution is one matrix
product for each network, and batch normalisation reads contiguous memory. It is faster for small
networks on small images only (benchmarks/training_speed.py).

Each network has the initial weights, and sees the batches, of `ednag.training.loop.train` with the
same seed; only rounding differs. Rounding can also depend on the number of networks in a group, as
libraries choose their loops by size. Results are bit for bit the same only for the same groups, so
the group size is part of the definition of a study.
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

from ednag.cells.nasbench201 import STAGES, NetworkShape
from ednag.errors import EdnagError
from ednag.spaces.nasbench201 import EDGES
from ednag.training.batches import (
    Evaluation,
    PlacedImages,
    TrainingImages,
    cross_entropies,
    epoch_record,
    evaluate,
)
from ednag.training.determinism import deterministic, weights_digest
from ednag.training.history import EpochRecord, History
from ednag.training.images import ImageSplit
from ednag.training.loop import TrainingProgress
from ednag.training.networks import (
    OUTPUT_NODE,
    CellBlock,
    CellNetwork,
    ResidualBlock,
    nasbench201_network,
    operations_of,
)
from ednag.training.recipe import Recipe

#: Networks of a group; more gain little on a CPU (benchmarks/training_speed.py).
GROUP = 32
#: Settings of a recipe that are not supported here, and the value that leaves them unused.
_UNSUPPORTED = {
    "head_epochs": 0,
    "accumulation": 1,
    "mixed_precision": "off",
    "channels_last": False,
    "gradient_clip": None,
    "dropout": 0.0,
    "drop_connect": 0.0,
}


def train_side_by_side(
    keys: Sequence[str],
    shape: NetworkShape,
    data: ImageSplit,
    recipe: Recipe,
    seed: int,
    *,
    group: int = GROUP,
    device: str | torch.device = "cpu",
    progress: Callable[[TrainingProgress], object] | None = None,
) -> list[History]:
    """Train one network for each cell; a history for each, in the order of `keys`.

    A network whose loss is not finite any more ends as `diverged`; the others are not affected.
    There are no checkpoints: a group of small networks takes seconds.

    Args:
        keys: Cell strings; they may repeat.
        data: Images with the size, channels and classes of `shape`.
        recipe: How to train; without the settings in `_UNSUPPORTED`.
        seed: Of weights, order and augmentation, the same for all.
        group: Networks of a group, at least 1; see the module.
        progress: Called after each epoch of a group; epochs are counted over all groups.

    Raises:
        EdnagError: A key is not a cell, the recipe has an unsupported setting, or images do not
            fit the shape.
    """
    _check(shape, data, recipe)
    place = torch.device(device)
    groups = [keys[begin : begin + group] for begin in range(0, len(keys), group)]
    epochs = recipe.epochs * len(groups)
    begun, histories, done = time.monotonic(), [], 0
    for some in groups:
        with deterministic(place, 0):
            run = _Group(some, seed, shape, data, recipe, place)
            for epoch in range(recipe.epochs):
                run.train_epoch(epoch)
                done += 1
                if progress is not None:
                    left = (time.monotonic() - begun) / done * (epochs - done)
                    progress(TrainingProgress(done, epochs, left))
            histories += run.histories()
    return histories


def _check(shape: NetworkShape, data: ImageSplit, recipe: Recipe) -> None:
    for name, unused in _UNSUPPORTED.items():
        if getattr(recipe, name) != unused:
            raise EdnagError(
                f"recipe: {name} is {getattr(recipe, name)}, which networks side by side do not "
                f"offer; set it to {unused} or train one by one (ednag.training.loop)"
            )
    expected = (shape.image_channels, shape.size, shape.size)
    if data.train.images.shape[1:] != expected or len(data.train.class_names) != shape.classes:
        raise EdnagError(
            f"{data.train.source}: {len(data.train.class_names)} classes of images "
            f"{list(data.train.images.shape[1:])} for a network of {shape.classes} classes and "
            f"images {list(expected)}; make one like the other"
        )


class _Group:
    """Networks that learn together."""

    def __init__(
        self,
        keys: Sequence[str],
        seed: int,
        shape: NetworkShape,
        data: ImageSplit,
        recipe: Recipe,
        device: torch.device,
    ) -> None:
        self._data, self._recipe, self._seed = data, recipe, seed
        self._networks = [_initial(key, shape, seed) for key in keys]
        cells = [operations_of(key) for key in keys]
        self._stacked = _StackedNetworks(cells, self._networks, shape).to(device)
        self._images = TrainingImages(data.train, recipe, seed, device)
        self._validation = PlacedImages.of(data.validation, device)
        self._test = PlacedImages.of(data.test, device)
        self._records: list[list[EpochRecord]] = [[] for _ in keys]
        self._finite = torch.ones(len(keys), dtype=torch.bool)
        self._optimiser = torch.optim.SGD(
            self._stacked.parameters(),
            lr=recipe.learning_rate,
            momentum=recipe.momentum,
            nesterov=recipe.nesterov,
            weight_decay=recipe.weight_decay,
            fused=True,
        )

    def train_epoch(self, epoch: int) -> None:
        """All steps of an epoch (from 0), then evaluation."""
        self._stacked.train()
        sums = torch.zeros(len(self._networks), 2, dtype=torch.float64, device=self._test.device)
        batches = self._images.order(epoch)
        for step, rows in enumerate(batches):
            for group in self._optimiser.param_groups:
                group["lr"] = self._recipe.rate(epoch, step, len(batches))
            sums += self._take_step(*self._images.batch(epoch, step, rows))
        self._record(epoch, sums.cpu())

    def _take_step(self, images: Tensor, labels: Tensor) -> Tensor:
        """Summed loss and number of correct images of each network, float64[networks, 2]."""
        logits = self._stacked(images)
        losses = cross_entropies(logits, labels)
        self._optimiser.zero_grad(set_to_none=True)
        losses.mean(dim=1).sum().backward()
        self._optimiser.step()
        correct = (logits.argmax(2) == labels).sum(1)
        return torch.stack([losses.detach().double().sum(1), correct.double()], dim=1)

    def _record(self, epoch: int, sums: Tensor) -> None:
        """A record for each network whose loss has been finite so far."""
        self._stacked.eval()
        validation, test = (self._part(epoch, each) for each in (self._validation, self._test))
        self._finite &= torch.isfinite(sums).all(dim=1)
        for at in self._finite.nonzero().flatten().tolist():
            self._records[at].append(
                epoch_record(epoch, sums[at], len(self._data.train), validation, test, at)
            )

    def _part(self, epoch: int, placed: PlacedImages) -> Evaluation | None:
        if not len(placed.labels) or not self._recipe.evaluates(epoch):
            return None
        return evaluate(self._stacked, placed, self._recipe, self._recipe.batch)

    def histories(self) -> list[History]:
        """The history of each network."""
        self._stacked.write_back()
        return [
            History(
                status="complete" if finite else "diverged",
                seed=self._seed,
                data=self._data.digest,
                static_augmentation=self._recipe.augmentation == "static",
                epochs=tuple(records),
                weights=weights_digest(network) if finite else "",
            )
            for finite, records, network in zip(
                self._finite.tolist(), self._records, self._networks, strict=True
            )
        ]


def _initial(key: str, shape: NetworkShape, seed: int) -> CellNetwork:
    """The network with the initial weights that `ednag.training.loop.train` gives it."""
    torch.manual_seed(seed)
    return nasbench201_network(key, shape)


class _Normalisation(nn.Module):
    """Batch normalisation of P stacked networks or edges."""

    mean: Tensor
    variance: Tensor

    def __init__(self, of: Sequence[nn.BatchNorm2d]) -> None:
        super().__init__()
        self._of = of
        self.weight = nn.Parameter(torch.cat([one.weight.detach() for one in of]))
        self.bias = nn.Parameter(torch.cat([one.bias.detach() for one in of]))
        self.register_buffer("mean", torch.cat([one.get_buffer("running_mean") for one in of]))
        self.register_buffer("variance", torch.cat([one.get_buffer("running_var") for one in of]))

    def forward(self, values: Tensor) -> Tensor:
        """float[P, C, H, W, n] to the same shape."""
        normal = functional.batch_norm(
            values.reshape(1, -1, values[0, 0].numel()),
            self.mean,
            self.variance,
            self.weight,
            self.bias,
            self.training,
        )
        return normal.view(values.shape)

    def write_back(self) -> None:
        with torch.no_grad():
            for mine, name in (
                (self.weight, "weight"),
                (self.bias, "bias"),
                (self.mean, "running_mean"),
                (self.variance, "running_var"),
            ):
                for one, values in zip(self._of, mine.chunk(len(self._of)), strict=True):
                    getattr(one, name).copy_(values)


class _Convolution(nn.Module):
    """A convolution without bias of P stacked networks or edges."""

    def __init__(self, of: Sequence[nn.Conv2d]) -> None:
        super().__init__()
        self._of = of
        self._stride, self._padding = of[0].stride[0], int(of[0].padding[0])
        self.weight = nn.Parameter(torch.stack([one.weight.detach() for one in of]))

    def forward(self, values: Tensor) -> Tensor:
        """float[P, inputs, H, W, n] to float[P, outputs, H', W', n]."""
        stacked, outputs, inputs, kernel, _ = self.weight.shape
        if kernel == 1:
            product = torch.bmm(self.weight.flatten(2).flatten(2), values.flatten(2))
            return product.view(stacked, outputs, *values.shape[2:])
        convolved = functional.conv3d(
            values.reshape(1, stacked * inputs, *values.shape[2:]),
            self.weight.view(stacked * outputs, inputs, kernel, kernel, 1),
            stride=(self._stride, self._stride, 1),
            padding=(self._padding, self._padding, 0),
            groups=stacked,
        )
        return convolved.view(stacked, outputs, *convolved.shape[2:])

    def of_common(self, values: Tensor) -> Tensor:
        """float[P, outputs, H, W, n] of the same values float[inputs, H, W, n] for all."""
        weight = self.weight.flatten(0, 1)[..., None]
        padding = (self._padding, self._padding, 0)
        convolved = functional.conv3d(values[None], weight, padding=padding)
        return convolved.view(len(self.weight), -1, *convolved.shape[2:])

    def write_back(self) -> None:
        with torch.no_grad():
            for one, values in zip(self._of, self.weight, strict=True):
                one.weight.copy_(values)


class _ConvolutionOfEdges(nn.Module):
    """Convolution and batch normalisation of stacked (ReLU, convolution, normalisation)."""

    def __init__(self, of: Sequence[nn.Sequential]) -> None:
        super().__init__()
        self.convolution = _Convolution([one[1] for one in of])  # type: ignore[misc]
        self.normalisation = _Normalisation([one[2] for one in of])  # type: ignore[misc]

    def forward(self, rectified: Tensor) -> Tensor:
        return self.normalisation(self.convolution(rectified))


class _Pooling(nn.Module):
    """Average pooling as two products with small matrices, along rows and along columns.

    The average over the pixels inside the image is the average over rows of averages over columns.
    """

    matrix: Tensor

    def __init__(self, pooling: nn.AvgPool2d, size: int) -> None:
        super().__init__()
        kernel, stride, padding = (
            value if isinstance(value, int) else value[0]
            for value in (pooling.kernel_size, pooling.stride, pooling.padding)
        )
        lines = torch.eye(size)[:, None]
        # Padding does not count.
        line = functional.avg_pool1d(lines, kernel, stride, padding, pooling.ceil_mode, False)
        self.register_buffer("matrix", line[:, 0].T.contiguous())

    def forward(self, values: Tensor) -> Tensor:
        """float[P, C, H, W, n] to float[P, C, H', W', n]."""
        stacked, channels, height, width, count = values.shape
        columns = torch.matmul(self.matrix, values.reshape(-1, width, count))
        columns = columns.view(stacked * channels, height, -1)
        return torch.matmul(self.matrix, columns).view(
            stacked, channels, len(self.matrix), len(self.matrix), count
        )


@dataclass(frozen=True)
class _Bundle:
    """Edges that leave one node with one operation, in any network.

    Attributes:
        edges: (network, number of the edge) of each, ordered by target.
        targets: (target node, number of edges to it), in the order of `edges`.
    """

    operation: str
    edges: tuple[tuple[int, int], ...]
    targets: tuple[tuple[int, int], ...]


def _bundles(cells: Sequence[tuple[str, ...]]) -> list[list[_Bundle]]:
    """For each source node the bundles of its edges that reach the output."""
    every: list[list[_Bundle]] = []
    reaching = [_reaching(operations) for operations in cells]
    for source in range(OUTPUT_NODE):
        leaving = [
            (cells[network][edge], target, network, edge)
            for edge, (target, begin) in enumerate(EDGES)
            if begin == source
            for network in range(len(cells))
            if cells[network][edge] != "none" and target in reaching[network]
        ]
        operations = sorted({operation for operation, *_ in leaving})
        every.append([_bundle(name, leaving) for name in operations])
    return every


def _bundle(operation: str, leaving: Sequence[tuple[str, int, int, int]]) -> _Bundle:
    chosen = sorted(edge[1:] for edge in leaving if edge[0] == operation)
    targets = [target for target, _, _ in chosen]
    return _Bundle(
        operation=operation,
        edges=tuple((network, edge) for _, network, edge in chosen),
        targets=tuple((target, targets.count(target)) for target in sorted(set(targets))),
    )


def _reaching(operations: tuple[str, ...]) -> set[int]:
    """Nodes with a path to the output; other nodes do not affect it."""
    reaching = {OUTPUT_NODE}
    for edge in reversed(range(len(EDGES))):
        target, source = EDGES[edge]
        if target in reaching and operations[edge] != "none":
            reaching.add(source)
    return reaching


class _Edges(nn.Module):
    """The edges of a bundle: from their source's node to sums in their targets."""

    networks: Tensor

    def __init__(self, bundle: _Bundle, of: Sequence[CellBlock], size: int) -> None:
        super().__init__()
        modules = [of[network].edges[edge] for network, edge in bundle.edges]
        self.is_convolution = bundle.operation.startswith("nor_conv")
        if self.is_convolution:
            self.operation: nn.Module = _ConvolutionOfEdges(modules)  # type: ignore[arg-type]
        elif bundle.operation == "avg_pool_3x3":
            self.operation = _Pooling(modules[0], size)  # type: ignore[arg-type]
        else:
            self.operation = nn.Identity()
        self.register_buffer("networks", torch.tensor([network for network, _ in bundle.edges]))
        self._targets = bundle.targets
        self._sizes = [count for _, count in bundle.targets]

    def forward(self, source: Tensor, nodes: Sequence[Tensor]) -> None:
        """Add the outputs of the edges to the nodes float[K, C, H, W, n]."""
        parts = self.operation(source.index_select(0, self.networks)).split(self._sizes)
        for (target, _), networks, part in zip(
            self._targets, self.networks.split(self._sizes), parts, strict=True
        ):
            nodes[target].index_add_(0, networks, part)


class _StackedCell(nn.Module):
    """One cell of every network."""

    def __init__(self, bundles: list[list[_Bundle]], of: Sequence[CellBlock], size: int) -> None:
        super().__init__()
        self._edges = [[_Edges(bundle, of, size) for bundle in leaving] for leaving in bundles]
        self._registered = nn.ModuleList(edges for leaving in self._edges for edges in leaving)

    def forward(self, values: Tensor) -> Tensor:
        """float[K, C, H, W, n] to the same shape."""
        nodes = [values, *(torch.zeros_like(values) for _ in range(OUTPUT_NODE))]
        for source, leaving in enumerate(self._edges):
            rectified = None
            for edges in leaving:
                if edges.is_convolution and rectified is None:
                    rectified = functional.relu(nodes[source])
                edges(rectified if edges.is_convolution else nodes[source], nodes)
        return nodes[OUTPUT_NODE]


class _StackedBlock(nn.Module):
    """One residual block of every network."""

    def __init__(self, of: Sequence[ResidualBlock], size: int) -> None:
        super().__init__()
        self.first = _ConvolutionOfEdges([one.first for one in of])
        self.second = _ConvolutionOfEdges([one.second for one in of])
        self.pooling = _Pooling(of[0].pooling, size)
        self.shortcut = _Convolution([one.shortcut for one in of])

    def forward(self, values: Tensor) -> Tensor:
        """float[K, inputs, H, W, n] to float[K, outputs, H', W', n]."""
        made = self.second(functional.relu(self.first(functional.relu(values))))
        return made + self.shortcut(self.pooling(values))


class _StackedNetworks(nn.Module):
    """K networks, from images to logits."""

    def __init__(
        self, cells: Sequence[tuple[str, ...]], of: Sequence[CellNetwork], shape: NetworkShape
    ) -> None:
        super().__init__()
        self._of = of
        bundles = _bundles(cells)
        self.stem = _Convolution([one.stem[0] for one in of])  # type: ignore[misc]
        self.stem_normalisation = _Normalisation([one.stem[1] for one in of])  # type: ignore[misc]
        self.blocks = nn.Sequential(*_stacked_blocks(bundles, of, shape))
        self.last = _Normalisation([one.last[0] for one in of])  # type: ignore[misc]
        self.weight = nn.Parameter(torch.stack([one.classifier.weight.detach() for one in of]))
        self.bias = nn.Parameter(torch.stack([one.classifier.bias.detach() for one in of]))

    def forward(self, images: Tensor) -> Tensor:
        """Logits float[K, n, classes] of images float[n, C, H, W]."""
        values = self.stem.of_common(images.permute(1, 2, 3, 0).contiguous())
        values = functional.relu(self.last(self.blocks(self.stem_normalisation(values))))
        features = values.mean(dim=(2, 3)).transpose(1, 2)
        return torch.baddbmm(self.bias[:, None], features, self.weight.transpose(1, 2))

    def write_back(self) -> None:
        for module in self.modules():
            if isinstance(module, (_Normalisation, _Convolution)):
                module.write_back()
        with torch.no_grad():
            for at, one in enumerate(self._of):
                one.classifier.weight.copy_(self.weight[at])
                one.classifier.bias.copy_(self.bias[at])


def _stacked_blocks(
    bundles: list[list[_Bundle]], of: Sequence[CellNetwork], shape: NetworkShape
) -> list[nn.Module]:
    """The cells and residual blocks of all networks, in their order."""
    made: list[nn.Module] = []
    for stage in range(STAGES):
        size = shape.stage_sizes[stage]
        if stage:
            blocks = [one.blocks[len(made)] for one in of]
            made.append(_StackedBlock(blocks, shape.stage_sizes[stage - 1]))  # type: ignore[arg-type]
        for _ in range(shape.cells_per_stage):
            cells = [one.blocks[len(made)] for one in of]
            made.append(_StackedCell(bundles, cells, size))  # type: ignore[arg-type]
    return made
