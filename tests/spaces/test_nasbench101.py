"""NAS-Bench-101: pruning, module hash, enumeration, and the 6,399 cells EDNAG can reach."""

import gzip
import json
from itertools import pairwise
from pathlib import Path
from random import Random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ednag.spaces import get_space
from ednag.spaces.interface import digits_of
from ednag.spaces.nasbench101 import LABELS, NASBench101
from ednag.spaces.nasbench101_cells import (
    CELL_COUNT,
    INPUT,
    MAX_EDGES,
    OUTPUT,
    NASBench101Cell,
    edges_of,
    enumerate_cells,
    module_hash,
    prune,
    smallest_numbering,
    whole_graphs,
)
from ednag.tables import nasbench101_vis
from tests.conftest import Mirror

SPACE = get_space("nasbench101")
assert isinstance(SPACE, NASBench101)
graphs = st.integers(0, 2**21 - 1)


def paths(graph: int, vertices: int = 7) -> set[tuple[int, ...]]:
    """All paths from input to output, the slow way."""
    bits = f"{graph:0{len(edges_of(vertices))}b}"
    edges = {edge for edge, bit in zip(edges_of(vertices), bits, strict=True) if bit == "1"}
    open_paths, found = [(0,)], set()
    while open_paths:
        path = open_paths.pop()
        if path[-1] == vertices - 1:
            found.add(path)
        open_paths += [(*path, target) for source, target in edges if source == path[-1]]
    return found


@given(graphs)
def test_pruning_keeps_exactly_the_edges_of_paths(graph: int) -> None:
    pruned, is_cell = prune(np.array([graph]), 7)
    on_paths = {edge for path in paths(graph) for edge in pairwise(path)}
    expected = "".join("01"[edge in on_paths] for edge in edges_of(7))
    assert f"{pruned[0]:021b}" == expected
    assert is_cell[0] == (0 < len(on_paths) <= MAX_EDGES)
    assert prune(pruned, 7)[0] == pruned


@given(graphs, st.randoms(use_true_random=False))
def test_the_hash_does_not_see_the_numbering(graph: int, random: Random) -> None:
    pruned = int(prune(np.array([graph]), 7)[0][0])
    labels = [random.randrange(3) for _ in range(5)]
    order = [0, *random.sample(range(1, 6), 5), 6]
    bits = dict(zip(edges_of(7), f"{pruned:021b}", strict=True))
    moved = {(order[a], order[b]): bit for (a, b), bit in bits.items() if bit == "1"}
    if all(a < b for a, b in moved):
        renumbered = int("".join("01"[edge in moved] for edge in edges_of(7)), base=2)
        place = {order[vertex]: labels[vertex - 1] for vertex in range(1, 6)}
        renamed = [place[vertex] for vertex in range(1, 6)]
        assert module_hash(pruned, (INPUT, *labels, OUTPUT)) == module_hash(
            renumbered, (INPUT, *renamed, OUTPUT)
        )
        smallest = smallest_numbering(np.array([pruned, renumbered]), 7, range(1, 6))
        assert smallest[0] == smallest[1] <= min(pruned, renumbered)


def test_vertices_without_edges_do_not_count() -> None:
    # input -> 1 -> output, in 3 and in 7 vertices
    assert module_hash(0b101, (INPUT, 0, OUTPUT)) == module_hash(
        (1 << 20) | (1 << 10), (INPUT, 0, 1, 1, 2, 2, OUTPUT)
    )


def test_the_reachable_cells() -> None:
    assert len(SPACE.graphs) == SPACE.size == 6399
    assert (SPACE.code_of_raw >= 0).sum() == 1_538_083
    keys = {SPACE.key(code) for code in range(SPACE.size)}
    assert len(keys) == 6399, "two cells that are not the same network share a hash"
    assert SPACE.key(0) == module_hash(int(SPACE.graphs[0]), LABELS)
    genotypes = np.zeros((SPACE.size, 7 * 7), dtype=np.float32)
    genotypes[:, SPACE.reading.entries] = digits_of(SPACE.graphs, 2, 21)
    assert SPACE.decode(genotypes.reshape(-1, 7, 7)).tolist() == list(range(SPACE.size))


@pytest.mark.parametrize("seed", [4, 7])
def test_the_reference_asked_for_reachable_cells_only(golden: Path, seed: int) -> None:
    packed = (golden / f"nasbench101-synthetic-seed{seed}.json.gz").read_bytes()
    for key in json.loads(gzip.decompress(packed))["keys"]:
        assert key == "invalid" or SPACE.key(SPACE.code(key)) == key


def test_an_edge_starts_at_one_half_and_only_above_the_diagonal() -> None:
    genotype = np.zeros((1, 7, 7), dtype=np.float32)
    genotype[0, 0, 6] = 0.5
    direct = SPACE.decode(genotype)[0]
    assert direct == 0, "input -> output is the smallest graph"
    genotype += np.tril(np.ones((7, 7), dtype=np.float32))
    assert SPACE.decode(genotype)[0] == direct
    genotype[0, 0, 6] = np.nextafter(np.float32(0.5), np.float32(0))
    assert SPACE.raw_key(int(SPACE.decode_raw(genotype)[0])) == "invalid"


def test_neighbours_are_what_one_entry_of_a_genotype_can_change() -> None:
    code = SPACE.code("d0a5ff67e269a1ac4f305c618a88ac85")
    raws = np.flatnonzero(SPACE.code_of_raw == code)
    flipped = np.unique(SPACE.code_of_raw[raws[:, None] ^ (1 << np.arange(21))])
    expected = flipped[(flipped >= 0) & (flipped != code)]
    assert SPACE.neighbours(code).tolist() == expected.tolist()
    counts = [len(SPACE.neighbours(other)) for other in range(SPACE.size)]
    assert (min(counts), max(counts), sum(counts)) == (2, 738, 79_022)


def test_unlabelled_forms() -> None:
    assert [len(whole_graphs(vertices)) for vertices in range(2, 8)] == [1, 2, 10, 97, 810, 1574]


def test_a_cell_as_the_benchmark_writes_it() -> None:
    cell = NASBench101Cell(4, 0b110011, (0, 2))
    assert cell.adjacency == "0110000100010000"
    assert cell.operations == "input,conv3x3-bn-relu,maxpool3x3,output"


def test_the_reachable_cells_with_low_hashes_are_among_the_20001_lowest(mirror: Mirror) -> None:
    lowest = set(nasbench101_vis.read(mirror(nasbench101_vis.SOURCE))["key"])
    highest = max(lowest)
    low = {key for key in map(SPACE.key, range(SPACE.size)) if key <= highest}
    assert len(low) == 315
    assert low <= lowest


@pytest.mark.slow
def test_all_cells_are_found_and_the_20001_lowest_hashes_resolve(mirror: Mirror) -> None:
    cells = list(enumerate_cells())
    assert len(cells) == CELL_COUNT == 423_624
    assert {SPACE.key(code) for code in range(SPACE.size)} <= set(cells)
    lowest = nasbench101_vis.read(mirror(nasbench101_vis.SOURCE))["key"]
    assert cells[:20_001] == sorted(lowest)


def test_the_path_encoding_has_each_sequence_of_operations_on_a_path() -> None:
    codes = np.random.default_rng(0).integers(SPACE.size, size=300)
    sequences = sorted(
        {tuple(LABELS[v] for v in path[1:-1]) for path in paths(2**21 - 1)},
        key=lambda sequence: (len(sequence), [LABELS.index(label) for label in sequence]),
    )
    for code, encoded in zip(codes.tolist(), SPACE.paths(codes), strict=True):
        found = {tuple(LABELS[v] for v in path[1:-1]) for path in paths(int(SPACE.graphs[code]))}
        assert {s for s, has in zip(sequences, encoded, strict=True) if has} == found
