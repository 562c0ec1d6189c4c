"""An architecture as one vector: its graph walked from the input to the output and back.

After D-VAE (Zhang et al., NeurIPS 2019). All graphs of a space have the same edges, so that one
step serves a node of every architecture at once. Names of attributes are those of the published
checkpoints. Source: meta-predictor specification.
"""

from collections.abc import Iterable

import torch
from torch import Tensor, nn
from torch.nn import functional

from ednag.predictor.configuration import Configuration


class GraphEncoder(nn.Module):
    """Node types -> the graph's encoding."""

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
        # In the checkpoints, in no computation.
        self.hv_unify = nn.Sequential(nn.Linear(2 * hidden, hidden))
        self.fc2 = nn.Linear(hidden, configuration.latent)

    def forward(self, node_types: Tensor) -> Tensor:
        """Encodings Tensor[n, latent] of node types int64[n, V]."""
        graph, last = self.configuration, self.configuration.nodes - 1
        onward, back = range(graph.nodes), range(last, -1, -1)
        there = self._walk("forward", onward, [graph.predecessors(v) for v in onward], node_types)
        again = self._walk(
            "backward", back, [graph.successors(v) for v in range(graph.nodes)], node_types
        )
        return self.fc1(self.hg_unify(torch.cat([there[last], again[0]], dim=1)))

    def _walk(
        self,
        way: str,
        order: Iterable[int],
        neighbours: list[tuple[int, ...]],
        node_types: Tensor,
    ) -> dict[int, Tensor]:
        """State Tensor[n, hidden] of each node, the nodes taken in `order`.

        A node's message to its neighbours is made once, however many read it.
        """
        cell, gate, mapper = (getattr(self, f"{part}_{way}") for part in ("grue", "gate", "mapper"))
        indices = torch.eye(self.configuration.nodes, dtype=cell.bias_ih.dtype)
        indices = indices.to(node_types.device)
        states: dict[int, Tensor] = {}
        messages: dict[int, Tensor] = {}
        silence = cell.bias_ih.new_zeros(len(node_types), self.configuration.hidden)
        for node in order:
            one_hot = functional.one_hot(node_types[:, node], self.configuration.node_types)
            received = sum((messages[other] for other in neighbours[node]), silence)
            states[node] = cell(one_hot.to(silence.dtype), received)
            told = torch.cat([states[node], indices[node].expand(len(node_types), -1)], dim=1)
            messages[node] = gate(told) * mapper(told)
        return states
