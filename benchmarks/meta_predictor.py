"""Time per cell of the quick meta-predictor, against walking each cell's graph node by node.

    python benchmarks/meta_predictor.py [--cells N] [--repeats N]

One core, weights at random, hidden size 512. The plain walk is the published network in torch, one
cell at a time, each node after the other, its neighbours' messages in one product; it is timed on
--cells of the 15,625 cells (default 60). Ours predicts all 15,625 at once, in float64. Both take
turns, --repeats times (default 3); processor time, the least of them. Beside these: encoding a
dataset of 10 classes with 20 images each, once, and the first call for 30 cells, preparation
included. Prints one JSON object; exits 1 where ours is less than 12 times as fast as the walk in
float32 (its products alone take 4 s at 27 GFLOPS), or where they do not agree.
"""

import argparse
import json
import sys
import time
from collections.abc import Callable

import numpy as np
import torch
from threadpoolctl import threadpool_limits
from torch import Tensor

from ednag.predictor.configuration import NASBENCH201
from ednag.predictor.inference import QuickPredictor
from ednag.predictor.model import MetaPredictor, encode_dataset, new_model
from ednag.predictor.node_types import node_types_of

ASKED = 12.0
#: Largest difference between a walk in float32 and ours.
AGREED = 1e-5


def walk(model: MetaPredictor, encoding: Tensor, types: list[int]) -> Tensor:
    """The prediction for one cell, node by node."""
    graph, indices = NASBENCH201, torch.eye(NASBENCH201.nodes)

    def last_state(order: range, heard: Callable[[int], tuple[int, ...]], way: str) -> Tensor:
        cell, gate, mapper = (
            getattr(model, f"{part}_{way}") for part in ("grue", "gate", "mapper")
        )
        states: dict[int, Tensor] = {}
        for node in order:
            received = torch.zeros(1, graph.hidden)
            if heard(node):
                told = torch.cat(
                    [torch.cat([states[v], indices[v : v + 1]], dim=1) for v in heard(node)]
                )
                received = (gate(told) * mapper(told)).sum(dim=0, keepdim=True)
            one_hot = torch.zeros(1, graph.node_types)
            one_hot[0, types[node]] = 1
            states[node] = cell(one_hot, received)
        return states[order[-1]]

    nodes = range(graph.nodes)
    there = last_state(nodes, graph.predecessors, "forward")
    back = last_state(nodes[::-1], graph.successors, "backward")
    return model(encoding[None], model.fc1(model.hg_unify(torch.cat([there, back], dim=1))))


def seconds(action: Callable[[], object]) -> float:
    """Processor time of one call."""
    start = time.process_time()
    action()
    return time.process_time() - start


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cells", type=int, default=60)
    parser.add_argument("--repeats", type=int, default=3)
    chosen = parser.parse_args()
    torch.set_num_threads(1)
    threadpool_limits(1)
    torch.set_grad_enabled(False)

    model = new_model(NASBENCH201, seed=0).eval()
    images = np.random.default_rng(0).normal(size=(10, 20, 512)).astype(np.float32)
    encoding = encode_dataset(model, images)
    types = node_types_of("nasbench201", np.arange(15625))
    some = np.linspace(0, len(types) - 1, chosen.cells).astype(int)
    parameters = {name: each.numpy() for name, each in model.state_dict().items()}
    ours = QuickPredictor(parameters, NASBENCH201)

    in_torch = torch.from_numpy(encoding).float()
    plain = [walk(model, in_torch, cell).item() for cell in types[some].tolist()]
    apart = np.abs(ours(encoding, types)[some] - plain).max()

    def walk_all() -> None:
        for cell in types[some].tolist():
            walk(model, in_torch, cell)

    walks, predictions = [], []
    for _ in range(chosen.repeats):
        walks.append(seconds(walk_all) / len(some))
        predictions.append(seconds(lambda: ours(encoding, types)))
    walk_s, all_cells_s = min(walks), min(predictions)
    ratio = walk_s * len(types) / all_cells_s
    result = {
        "walk_ms_per_cell": round(walk_s * 1e3, 4),
        "times_as_fast": round(ratio, 1),
        "all_cells_s": round(all_cells_s, 2),
        "encode_dataset_ms": round(1e3 * seconds(lambda: encode_dataset(model, images)), 1),
        "first_30_cells_ms": round(
            1e3
            * seconds(lambda: QuickPredictor(parameters, NASBENCH201)(encoding, types[some[:30]])),
            1,
        ),
        "largest_difference": float(apart),
    }
    print(json.dumps(result, indent=2))
    sys.exit(int(ratio < ASKED or apart > AGREED))


if __name__ == "__main__":
    main()
