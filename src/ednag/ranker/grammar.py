"""Structures of NAS-Bench-101's cells as NAR draws them: by a grammar of vertices and edges.

Source: specification nar.md, section "Sampling and search, exactly", Cells.
"""

import random

#: Edges of a drawn structure, counting the same edge as often as it is drawn.
EDGES = 9
OPERATIONS = {2: "conv1x1-bn-relu", 3: "conv3x3-bn-relu", 4: "maxpool3x3"}


def draw_sequence(vertices: int, generator: random.Random) -> list[int | None]:
    """The draws of one structure.

    Args:
        vertices: 2 to 7, input and output included.

    Returns:
        The number of vertices; for each vertex but the input its predecessor, and its operation
        unless it is the output; then begin and end of each further edge, None where there is none.
    """
    sequence: list[int | None] = [vertices]
    operations = list(OPERATIONS)
    for vertex in range(1, vertices):
        sequence.append(generator.choice(range(vertex)))
        if vertex < vertices - 1:
            sequence.append(generator.choice(operations))
    for _ in range(EDGES - (vertices - 1)):
        begin = generator.choice(range(vertices))
        # An edge from the output is none, and its end is not drawn.
        end = begin if begin == vertices - 1 else generator.choice(range(begin, vertices))
        sequence += [None, None] if begin == end else [begin, end]
    return sequence


def structure_of(sequence: list[int | None]) -> tuple[list[list[int]], list[str]]:
    """Adjacency matrix (vertices x vertices, 0 or 1, not pruned) and operations of a sequence."""
    numbers = iter(sequence)
    vertices = next(numbers) or 0
    matrix = [[0] * vertices for _ in range(vertices)]
    operations = ["input"]
    for vertex in range(1, vertices):
        matrix[next(numbers) or 0][vertex] = 1
        if vertex < vertices - 1:
            operations.append(OPERATIONS[next(numbers) or 0])
    for begin, end in zip(numbers, numbers, strict=True):
        if begin is not None and end is not None:
            matrix[begin][end] = 1
    return matrix, [*operations, "output"]
