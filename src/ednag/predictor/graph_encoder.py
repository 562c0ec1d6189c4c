"""An architecture as one vector: a walk over its graph from input to output and back.

After D-VAE (Zhang et al., NeurIPS 2019). All graphs of a space have the same edges, so one step
computes a node of all architectures. Attributes have the names of the published checkpoints.
Source: meta-predictor specification.
"""

from collections.abc import Iterable

import torch
from torch import Tensor, nn
from torch.nn import functional

from ednag.predictor.configuration import Configuration


class GraphEncoder(nn.Module):
    """From node types to the encoding of the graph."""

    def __init__(self, configuration: Configuration) -> None:
        super().__init__()
        self.configuration = configuration
        hidden, message = configuration.hidden, configuration.hidden + configuration.nodes
        self.grue_forward = nn.GRUCell(configuration.node_types, hidden)
        self.grue_backward = nn.GRUCell(configuration.node_types, hidden)
        self.gate_forward = nn.Sequential(nn.Linear(message, hidden), nn.Sigmoid())
        self.gate_backward = nn.Sequential(nn.Linear(message, hidden), nn.Sigmoid())
        self.mapper_forward = nn.Sequential(nn.Linear(message, hidden, bias=False))
        self.mapper_backward = nn.Sequential(nn.Linear(message, hidden, bias=False))
        self.hg_unify = nn.Sequential(nn.Linear(2 * hidden, hidden))
        self.fc1 = nn.Linear(hidden, configuration.latent)
        # Part of the checkpoints, not used.
        self.hv_unify = nn.Sequential(nn.Linear(2 * hidden, hidden))
        self.fc2 = nn.Linear(hidden, configuration.latent)

    def forward(self, node_types: Tensor) -> Tensor:
        """Encodings Tensor[n, latent] of node types int64[n, V]."""
        graph, last = self.configuration, self.configuration.nodes - 1
        nodes = range(graph.nodes)
        forward = self._walk("forward", nodes, [graph.predecessors(v) for v in nodes], node_types)
        backward = self._walk(
            "backward", nodes[::-1], [graph.successors(v) for v in nodes], node_types
        )
        return self.fc1(self.hg_unify(torch.cat([forward[last], backward[0]], dim=1)))

    def _walk(
        self,
        way: str,
        order: Iterable[int],
        neighbours: list[tuple[int, ...]],
        node_types: Tensor,
    ) -> dict[int, Tensor]:
        """State Tensor[n, hidden] of each node, computed in `order`.

        The message of a node to its neighbours is computed once.
        """
        cell, gate, mapper = (getattr(self, f"{part}_{way}") for part in ("grue", "gate", "mapper"))
        indices = torch.eye(self.configuration.nodes, dtype=cell.bias_ih.dtype)
        indices = indices.to(node_types.device)
        states: dict[int, Tensor] = {}
        messages: dict[int, Tensor] = {}
        zeros = cell.bias_ih.new_zeros(len(node_types), self.configuration.hidden)
        for node in order:
            one_hot = functional.one_hot(node_types[:, node], self.configuration.node_types)
            received = sum((messages[other] for other in neighbours[node]), zeros)
            states[node] = cell(one_hot.to(zeros.dtype), received)
            sent = torch.cat([states[node], indices[node].expand(len(node_types), -1)], dim=1)
            messages[node] = gate(sent) * mapper(sent)
        return states
