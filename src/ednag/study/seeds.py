"""Seeds: ranges and lists in the configuration, blocks in the workflow.

A block is the contiguous seeds one job runs. The result of a seed does not depend on its block:
run files that exist are kept, and only the seeds they lack are cut into new blocks.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

from ednag.errors import EdnagError, shown

#: Run files that one job may read. They stand on its command line, of which Linux takes 128 KiB: a
#: thousand of the longest paths are 117. It also keeps every folder small.
MOST_RUN_FILES = 1000
#: torch.manual_seed and the Mersenne twister take 32 bits.
LARGEST_SEED = 2**32 - 1

#: Plain decimals: YAML and other languages read 010 as 8.
_RANGE = re.compile(r"(0|[1-9][0-9]{,9})(?:\s*-\s*(0|[1-9][0-9]{,9}))?")
#: Seeds of one key: as many numbers are half a gigabyte.
MOST_SEEDS = 10_000_000
_FILE = re.compile(r"seeds-(\d+)-(\d+)\.parquet")


@dataclass(frozen=True, order=True)
class Block:
    """Seeds first .. last, both included."""

    first: int
    last: int

    @property
    def seeds(self) -> range:
        """The seeds of the block."""
        return range(self.first, self.last + 1)

    @property
    def name(self) -> str:
        """As in file names and on the command line: `first-last`."""
        return f"{self.first}-{self.last}"


def parse_seeds(given: object, place: str = "seeds") -> tuple[int, ...]:
    """Ascending seeds from `"0-99"`, `7`, or a list of such; EdnagError names what is no seed."""
    entries: Sequence[object] = given if isinstance(given, list | tuple) else [given]
    if not entries:
        raise EdnagError(f"{place}: no seeds; write a range such as 0-99 or a list such as [0, 7]")
    seeds: list[int] = []
    for position, entry in enumerate(entries):
        where = f"{place}[{position}]" if entries is given else place
        span = _parse_entry(entry, where)
        if len(seeds) + len(span) > MOST_SEEDS:
            raise EdnagError(
                f"{where}: the range {entry} makes {len(seeds) + len(span)} seeds; at most 10 "
                "million"
            )
        seeds.extend(span)
    seeds.sort()
    for seed, following in pairwise(seeds):
        if seed == following:
            raise EdnagError(f"{place}: seed {seed} is repeated; name each seed once")
    return tuple(seeds)


def _parse_entry(entry: object, where: str) -> range:
    match = _RANGE.fullmatch(str(entry).strip()) if not isinstance(entry, bool) else None
    if match is None:
        raise EdnagError(
            f"{where}: {shown(entry)} is not a seed; allowed: whole numbers from 0 to "
            f"{LARGEST_SEED} and ranges such as 0-99"
        )
    first, last = int(match[1]), int(match[2] or match[1])
    if last < first:
        raise EdnagError(f"{where}: the range {entry} runs backwards; write {last}-{first}")
    if last > LARGEST_SEED:
        raise EdnagError(f"{where}: seed {last} is too large; allowed: 0 to {LARGEST_SEED}")
    return range(first, last + 1)


def plan_blocks(seeds: Iterable[int], present: Iterable[Block], size: int) -> list[Block]:
    """Blocks that cover `seeds`: those present first, new ones for the seeds they lack.

    New blocks end at multiples of `size` and span the missing seeds between two such multiples,
    so the plan is the same while its own jobs are being done. Blocks ascend without overlap.

    Args:
        seeds: The seeds to cover.
        present: Blocks whose run files exist.
        size: Largest number of seeds in a new block.
    """
    missing = set(seeds)
    plan: list[Block] = []
    covered: set[int] = set()
    for block in sorted(present, key=lambda block: (block.first, -block.last)):
        if missing.intersection(block.seeds) and not covered.intersection(block.seeds):
            plan.append(block)
            covered.update(block.seeds)
    new: list[Block] = []
    for seed in sorted(missing - covered):
        same_cell = bool(new) and new[-1].first // size == seed // size
        if same_cell and not covered.intersection(range(new[-1].last, seed)):
            new[-1] = Block(new[-1].first, seed)
        else:
            new.append(Block(seed, seed))
    return sorted(plan + new)


def check_run_files(count: int, size: int, place: str) -> None:
    """Raise EdnagError if blocks of `size` make more run files of a place than one job can read."""
    if count > MOST_RUN_FILES:
        raise EdnagError(
            f"block: {size} makes {count} run files of {place}, and one job reads at most "
            f"{MOST_RUN_FILES}; raise block to {-(-size * count // MOST_RUN_FILES)} or more (run "
            f"files that exist are kept as they are: make the study anew, or delete the small ones)"
        )


def blocks_in(folder: Path) -> list[Block]:
    """The blocks whose run files stand in a folder, ascending."""
    if not folder.is_dir():
        return []
    matches = (_FILE.fullmatch(entry.name) for entry in folder.iterdir())
    return sorted(Block(int(match[1]), int(match[2])) for match in matches if match)


def format_seeds(seeds: Iterable[int]) -> str:
    """The shortest text `parse_seeds` reads back, split at commas: `0-99,150`."""
    spans: list[Block] = []
    for seed in sorted(seeds):
        if spans and spans[-1].last == seed - 1:
            spans[-1] = Block(spans[-1].first, seed)
        else:
            spans.append(Block(seed, seed))
    return ",".join(span.name if span.first < span.last else str(span.first) for span in spans)
