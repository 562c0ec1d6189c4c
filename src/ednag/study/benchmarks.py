"""Which benchmarks a study searches here, and which ones lack their data."""

from collections.abc import Callable
from dataclasses import dataclass

from ednag.study.configuration import Study
from ednag.tables import get_definition


@dataclass(frozen=True)
class Missing:
    """A benchmark of `if_present` that is not searched.

    Attributes:
        space, dataset: Names.
        sources: Ids of the source files that are not here.
    """

    space: str
    dataset: str
    sources: tuple[str, ...]


def split_benchmarks(
    study: Study, is_here: Callable[[str], bool]
) -> tuple[list[tuple[str, str]], list[Missing]]:
    """(space, dataset) to search, in the study's order, and those of `if_present` without data.

    Args:
        study: The study.
        is_here: Whether a source file, by its id, can be had without any download.
    """
    chosen = [(space, name) for space, names in study.benchmarks.items() for name in names]
    missing = []
    for space, names in study.if_present.items():
        for name in names:
            if (space, name) in chosen:
                continue
            absent = [
                source for source in get_definition(space, name).sources if not is_here(source)
            ]
            if absent:
                missing.append(Missing(space, name, tuple(absent)))
            else:
                chosen.append((space, name))
    return chosen, missing
