"""Counts, encodings and the ranker of NAR: time and memory.

    python benchmarks/ranker.py [--quick]
    python benchmarks/ranker.py --base ed3a8fd

1. FLOPs and parameters of every vertex of all 423,624 cells of NAS-Bench-101, in chunks; with their
   enumeration, which takes about a minute (--quick: of 100,000 cells made of the same forms).
   Memory is what Python and NumPy allocate at most.
2. The encodings of all 15,625 cells of NAS-Bench-201.
3. The ranker at its published sizes: judging 64 architectures, and one step of training.

Runs on one thread. With --base none of this, but steps of training at the published size for
NAS-Bench-201 (epochs of one batch of 128, and 5 architectures judged) by the code of a commit of
before RankerRecipe had `precision`, by this code, and by this code in bfloat16: in turn, in
processes of their own, on one thread and on two. Of each the shortest counts, by clock and by
processor. `2_jobs` are two processes of one thread at the same time, as a study on two cores trains
two rankers: their clock is the mean of both, divided by the two steps that are done in it.

Prints one JSON object; exits 1 where the counts take more than 120 s or more
than 200 MB, or the encodings take more than 1 s.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
import tracemalloc
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

import numpy as np
import torch

from ednag.cells.nasbench101 import counts_in_chunks
from ednag.ranker.encoding import encode_nasbench201
from ednag.ranker.fitting import rank_loss
from ednag.ranker.model import SIZES, TIERS, Ranker, new_ranker, rank
from ednag.spaces.nasbench101_cells import NASBench101Cell, enumerate_cells, whole_graphs

LONGEST_COUNTS, LONGEST_ENCODINGS, LARGEST_MB = 120.0, 1.0, 200.0
QUICK, JUDGED = 100_000, 64
ROOT = Path(__file__).resolve().parents[1]
#: Of every version: how often a process measures it, and steps of each process.
REPEATS, STEPS = 5, 6
#: Processes at the same time, and threads of each.
WAYS = {"1_thread": (1, 1), "2_threads": (1, 2), "2_jobs": (2, 1)}
#: Prints the shortest step, by clock and by processor; arguments: threads, steps, precision.
STEP = """
import sys, time
from dataclasses import replace
import numpy as np, torch
from ednag.ranker.fitting import RECIPES, Sample, _RankerTraining
from ednag.ranker.model import SIZES
torch.set_num_threads(int(sys.argv[1]))
sizes, recipe = SIZES["nasbench201"], RECIPES["nasbench201"]
if sys.argv[3] != "float32":
    recipe = replace(recipe, precision=sys.argv[3])
generator = np.random.default_rng(0)
patches = generator.random((recipe.batch, sizes.patches, sizes.side, sizes.side), np.float32)
accuracies = generator.random(recipe.batch)
samples = Sample(patches, accuracies), Sample(patches[:5], accuracies[:5])
training = _RankerTraining(sizes, recipe, *samples, 0)
shortest = [float("inf")] * 2
for _ in range(int(sys.argv[2])):
    before = time.perf_counter(), time.process_time()
    training.train_epoch()
    after = time.perf_counter(), time.process_time()
    shortest = [min(s, (b - a) * 1e3 / recipe.batch) for s, a, b in zip(shortest, before, after)]
print(*shortest)
"""


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


def one_step(source: Path, precision: str, processes: int, threads: int) -> np.ndarray:
    """Milliseconds per architecture of the shortest step of processes, by clock and processor."""
    # Two threads that wait for one another while others compute must not spin.
    environment = {**os.environ, "PYTHONPATH": str(source), "OMP_WAIT_POLICY": "passive"}
    call = [sys.executable, "-c", STEP, str(threads), str(STEPS), precision]
    started = [
        subprocess.Popen(call, env=environment, stdout=subprocess.PIPE, text=True)
        for _ in range(processes)
    ]
    printed = [process.communicate()[0].split() for process in started]
    if any(process.returncode for process in started):
        raise SystemExit(f"benchmarks/ranker.py: a step of {source} failed; its error is above")
    clock, processor = np.array(printed, dtype=np.float64).mean(axis=0)
    return np.array([clock / processes, processor])


def against(base: str) -> dict[str, float]:
    """Milliseconds per architecture of steps of a commit and of this code, and their ratios."""
    with tempfile.TemporaryDirectory() as folder:
        git = ["git", "-C", str(ROOT), "worktree"]
        there = Path(folder) / "base"
        subprocess.run([*git, "add", "--detach", str(there), base], check=True, capture_output=True)
        try:
            versions = {
                "base": (there / "src", "float32"),
                "float32": (ROOT / "src", "float32"),
                "bfloat16": (ROOT / "src", "bfloat16"),
            }
            found = {(way, name): np.full(2, np.inf) for way in WAYS for name in versions}
            for _ in range(REPEATS):
                for way, name in found:
                    taken = one_step(*versions[name], *WAYS[way])
                    found[way, name] = np.minimum(found[way, name], taken)
        finally:
            subprocess.run([*git, "remove", "--force", str(there)], check=True)
    measured = {}
    for (way, name), taken in found.items():
        for what, value, base_value in zip(
            ("clock", "processor"), taken, found[way, "base"], strict=True
        ):
            measured[f"{name}_{way}_{what}_ms"] = float(value)
            measured[f"{name}_{way}_{what}_times_as_fast"] = float(base_value / value)
    return measured


def main() -> int:
    """Measure, print, judge."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--base", help="compare steps of training with those of this commit")
    parser.add_argument("--quick", action="store_true", help="count 100,000 made-up cells")
    given = parser.parse_args()
    if given.base is not None:
        print(
            json.dumps({n: round(value, 2) for n, value in against(given.base).items()}, indent=1)
        )
        return 0
    quick = given.quick
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
