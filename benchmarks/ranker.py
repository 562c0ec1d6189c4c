"""Counts, encodings and the ranker of NAR: time and memory.

    python benchmarks/ranker.py [--quick]

1. FLOPs and parameters of every vertex of all 423,624 cells of NAS-Bench-101, in chunks; with their
   enumeration, which takes about a minute (--quick: of 100,000 cells made of the same forms).
   Memory is what Python and NumPy allocate at most.
2. The encodings of all 15,625 cells of NAS-Bench-201.
3. The ranker at its published sizes: judging 64 architectures, and one step of training.

Runs on one thread. Prints one JSON object; exits 1 where the counts take more than 120 s or more
than 200 MB, or the encodings take more than 1 s.
"""

import argparse
import json
import sys
import time
import tracemalloc
from collections.abc import Iterator
from itertools import islice

import numpy as np
import torch

from ednag.cells.nasbench101 import counts_in_chunks
from ednag.ranker.encoding import encode_nasbench201
from ednag.ranker.fitting import rank_loss
from ednag.ranker.model import SIZES, TIERS, Ranker, new_ranker, rank
from ednag.spaces.nasbench101_cells import NASBench101Cell, enumerate_cells, whole_graphs

LONGEST_COUNTS, LONGEST_ENCODINGS, LARGEST_MB = 120.0, 1.0, 200.0
QUICK, JUDGED = 100_000, 64


def made_up_cells() -> Iterator[NASBench101Cell]:
    """Cells of seven vertices: every form with random operations, over and over."""
    generator = np.random.default_rng(0)
    graphs = whole_graphs(7).tolist()
    while True:
        for graph in graphs:
            yield NASBench101Cell(7, graph, tuple(generator.integers(3, size=5).tolist()))


def counting(quick: bool) -> dict[str, float]:
    """Time, and in a second pass most memory, of counting; the list of cells not included."""
    start = time.perf_counter()
    cells = list(islice(made_up_cells(), QUICK)) if quick else list(enumerate_cells().values())
    listed = time.perf_counter()
    count_all(cells)
    counted = time.perf_counter()
    tracemalloc.start()
    count_all(cells)
    _, highest = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return {
        "cells": len(cells),
        "listing_s": listed - start,
        "counting_s": counted - listed,
        "counting_mb": highest / 1e6,
    }


def count_all(cells: list[NASBench101Cell]) -> None:
    """Count, and keep nothing."""
    for _ in counts_in_chunks(cells):
        pass


def training_step(ranker: Ranker, patches: torch.Tensor, embeddings: torch.Tensor) -> None:
    """Forwards and backwards, both losses."""
    found = ranker(patches, embeddings)
    tiers = torch.arange(len(patches)) % TIERS
    tier_loss = torch.nn.functional.cross_entropy(found.tier_logits, tiers)
    (tier_loss + rank_loss(found.score, tiers)).backward()


def ranking() -> dict[str, float]:
    """Seconds per architecture of judging, and of a step of training."""
    seconds = {}
    for space, sizes in SIZES.items():
        ranker = new_ranker(sizes, 0)
        patches = torch.rand(JUDGED, sizes.patches, sizes.side, sizes.side)
        embeddings = torch.rand(TIERS, sizes.patches, sizes.model)
        rank(ranker, patches.numpy(), embeddings)
        start = time.perf_counter()
        rank(ranker, patches.numpy(), embeddings)
        judged = time.perf_counter()
        training_step(ranker, patches, embeddings)
        seconds[f"{space}_judging_ms"] = (judged - start) / JUDGED * 1e3
        seconds[f"{space}_training_ms"] = (time.perf_counter() - judged) / JUDGED * 1e3
    return seconds


def main() -> int:
    """Measure, print, judge."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--quick", action="store_true", help="count 100,000 made-up cells")
    quick = parser.parse_args().quick
    torch.set_num_threads(1)
    measured = counting(quick)
    start = time.perf_counter()
    encode_nasbench201("cifar10")
    measured["encoding_s"] = time.perf_counter() - start
    measured.update(ranking())
    print(json.dumps({name: round(value, 3) for name, value in measured.items()}))
    missed = (
        measured["counting_s"] > LONGEST_COUNTS
        or measured["counting_mb"] > LARGEST_MB
        or measured["encoding_s"] > LONGEST_ENCODINGS
    )
    return int(missed)


if __name__ == "__main__":
    sys.exit(main())
