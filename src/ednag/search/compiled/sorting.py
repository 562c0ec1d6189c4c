"""torch.argsort(values, descending=True), with equal values in the same order.

torch sorts (value, index) pairs by value with `std::sort`, which is not stable. Populations have
many equal values, and the algorithm of libstdc++ decides their order: quicksort on medians of three
down to 16 elements, heap sort where the recursion is too deep, then insertion sort (introsort;
Musser, 1997).
Source: ednag-search specification, Arithmetic that decides ties and last bits.
"""

# Compiled functions take the types that numba infers.
# mypy: allow-untyped-defs

import numpy as np

from ednag.search.compiled.cache import inlined, kernel
from ednag.search.compiled.vectors import LANES, bits_of, lane, load

_THRESHOLD = 16
#: Most pending parts: one for each level of depth.
STACK = 64
_INDEX_BITS = np.uint64(32)
_INDEX = np.uint64(0xFFFFFFFF)


@kernel
def argsort_descending(values, count, pairs, order, stack):
    """Positions of float32 values[:count], largest value first, into order[:count].

    Args:
        values, count: The values, 0 or above.
        pairs: uint64[>= count, padded], working space.
        order: int64[>= count], to be filled.
        stack: int64[STACK, 3], working space.
    """
    for start in range(0, count, LANES):
        # The bits of numbers >= 0 have the order of the numbers; inverted, the largest is first.
        bits = bits_of(load(values, start)) ^ -1
        for position in range(LANES):
            inverted = np.uint64(np.uint32(lane(bits, position)))
            pairs[start + position] = (inverted << _INDEX_BITS) | np.uint64(start + position)
    _sort(pairs, count, stack)
    for position in range(count):
        order[position] = np.int64(pairs[position] & _INDEX)


@inlined
def _before(one, other):
    """Whether a pair must precede another: by value only."""
    return (one >> _INDEX_BITS) < (other >> _INDEX_BITS)


@kernel
def _sort(pairs, count, stack):
    """std::sort."""
    depth = 0
    while (count >> (depth + 1)) > 0:
        depth += 1
    _quicksort(pairs, count, 2 * depth, stack)
    for position in range(1, count):
        _insert(pairs, position)


@kernel
def _quicksort(pairs, last, depth, waiting):
    """Partition until no part has more than 16 elements.

    A stack holds the pending parts: numba loses recursive functions when it loads machine code from
    its cache. The parts do not overlap, so their order does not matter.
    """
    waiting[0, 0], waiting[0, 1], waiting[0, 2] = 0, last, depth
    parts = 1
    while parts > 0:
        parts -= 1
        first, last, depth = waiting[parts, 0], waiting[parts, 1], waiting[parts, 2]
        while last - first > _THRESHOLD:
            if depth == 0:
                _heap_sort(pairs, first, last)
                break
            depth -= 1
            cut = _partition(pairs, first, last)
            waiting[parts, 0], waiting[parts, 1], waiting[parts, 2] = cut, last, depth
            parts += 1
            last = cut


@inlined
def _swap(pairs, one, other):
    pairs[one], pairs[other] = pairs[other], pairs[one]


@kernel
def _partition(pairs, first, last):
    """Split about the median of three, which moves to `first`; the start of the second part."""
    _swap(pairs, first, _median(pairs, first + 1, first + (last - first) // 2, last - 1))
    pivot = pairs[first]
    left, right = first + 1, last
    while True:
        while _before(pairs[left], pivot):
            left += 1
        right -= 1
        while _before(pivot, pairs[right]):
            right -= 1
        if left >= right:
            return left
        _swap(pairs, left, right)
        left += 1


@inlined
def _median(pairs, a, b, c):
    """The position of the median of three."""
    if _before(pairs[a], pairs[b]):
        if _before(pairs[b], pairs[c]):
            return b
        return c if _before(pairs[a], pairs[c]) else a
    if _before(pairs[a], pairs[c]):
        return a
    return c if _before(pairs[b], pairs[c]) else b


@inlined
def _insert(pairs, position):
    """Move an element to the left to its place."""
    moved = pairs[position]
    while position > 0 and _before(moved, pairs[position - 1]):
        pairs[position] = pairs[position - 1]
        position -= 1
    pairs[position] = moved


@kernel
def _heap_sort(pairs, first, last):
    """std::partial_sort of a whole range: build a heap, then take its top repeatedly."""
    count = last - first
    for hole in range((count - 2) // 2, -1, -1):
        _sift(pairs, first, hole, count, pairs[first + hole])
    for end in range(count - 1, 0, -1):
        moved = pairs[first + end]
        pairs[first + end] = pairs[first]
        _sift(pairs, first, np.int64(0), end, moved)


@kernel
def _sift(pairs, first, hole, count, moved):
    """Move the hole to the bottom of the heap, then `moved` up to its place."""
    top = hole
    while hole < (count - 1) // 2:
        child = 2 * hole + 2
        if _before(pairs[first + child], pairs[first + child - 1]):
            child -= 1
        pairs[first + hole] = pairs[first + child]
        hole = child
    if count % 2 == 0 and hole == (count - 2) // 2:
        child = 2 * hole + 1
        pairs[first + hole] = pairs[first + child]
        hole = child
    while hole > top and _before(pairs[first + (hole - 1) // 2], moved):
        pairs[first + hole] = pairs[first + (hole - 1) // 2]
        hole = (hole - 1) // 2
    pairs[first + hole] = moved
