"""The configuration of a meta-predictor: the graph of its space and its sizes.

This module does not import torch. Source: meta-predictor specification.
"""

from dataclasses import dataclass, replace
from typing import Self

from ednag.errors import EdnagError
from ednag.spaces.mobilenetv3 import EXPANSIONS, KERNELS, LAYERS, MIN_DEPTH, STAGES
from ednag.spaces.nasbench201 import GENOTYPE_SYMBOLS

#: Length of an image's features (ResNet-18).
FEATURES = 512
#: Heads of every attention.
HEADS = 4


@dataclass(frozen=True)
class Configuration:
    """A fixed graph and the sizes of the network.

    Attributes:
        space: Name of the search space in `ednag.spaces`.
        node_types: Number of node types; a type is an integer in [0, node_types).
        nodes: Number of nodes of every graph.
        edges: (source, target) pairs with source < target.
        hidden: Length of a node's state.
        latent: Length of the encodings of dataset and graph; a multiple of HEADS.
    """

    space: str
    node_types: int
    nodes: int
    edges: tuple[tuple[int, int], ...]
    hidden: int = 512
    latent: int = 56

    def __post_init__(self) -> None:
        if self.hidden < 1 or self.latent < HEADS or self.latent % HEADS:
            raise EdnagError(
                f"meta-predictor of {self.space}: hidden {self.hidden}, latent {self.latent}: "
                f"hidden must be 1 or more and latent a multiple of {HEADS}"
            )
        if any(not 0 <= source < target < self.nodes for source, target in self.edges):
            raise EdnagError(
                f"meta-predictor of {self.space}: edges must lead from a node to a later one of "
                f"the nodes 0 to {self.nodes - 1}"
            )

    def sized(self, hidden: int, latent: int) -> Self:
        """The same graph with other sizes."""
        return replace(self, hidden=hidden, latent=latent)

    def predecessors(self, node: int) -> tuple[int, ...]:
        """Nodes with an edge to `node`, ascending."""
        return tuple(sorted(source for source, target in self.edges if target == node))

    def successors(self, node: int) -> tuple[int, ...]:
        """Nodes with an edge from `node`, ascending."""
        return tuple(sorted(target for source, target in self.edges if source == node))


#: Node 0 the input, nodes 1 to 6 the cell's edges in the order of its string, node 7 the output.
NASBENCH201 = Configuration(
    space="nasbench201",
    node_types=len(GENOTYPE_SYMBOLS),
    nodes=8,
    edges=(
        *((0, 1), (1, 2), (1, 3), (1, 5), (2, 3), (2, 6)),
        *((3, 4), (3, 6), (4, 5), (5, 6), (6, 7)),
    ),
)

#: A chain: node 0 the input, nodes 1 to 20 the layers, node 21 the output.
MOBILENETV3 = Configuration(
    space="mobilenetv3",
    node_types=2 + (LAYERS - MIN_DEPTH + 1) * len(KERNELS) * len(EXPANSIONS),
    nodes=2 + STAGES * LAYERS,
    edges=tuple((node, node + 1) for node in range(1 + STAGES * LAYERS)),
)

CONFIGURATIONS = {each.space: each for each in (NASBENCH201, MOBILENETV3)}


def configuration_of(space: str) -> Configuration:
    """The published configuration of a search space; raises EdnagError if there is none."""
    if space not in CONFIGURATIONS:
        raise EdnagError(
            f"meta-predictor: there is none for the space {space!r}; "
            f"choose one of {', '.join(CONFIGURATIONS)}"
        )
    return CONFIGURATIONS[space]
