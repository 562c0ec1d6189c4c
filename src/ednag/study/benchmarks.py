"""Which benchmarks a study searches here, and which ones lack their data."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from ednag.study.configuration import Study, definition_of
from ednag.tables import get_definition, has_epochs
from ednag.tables.comparison import pairs
from ednag.tables.costs import cost_tables


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
    """(space, dataset) to search, and those of `if_present` without data.

    Both are in the study's order; those to search by space, with the datasets of `if_present` that
    are here behind the others of their space, as `results/study.json` lists them.

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
            needed = definition_of(study, space, name).sources
            absent = [source for source in needed if not is_here(source)]
            if absent:
                missing.append(Missing(space, name, tuple(absent)))
            else:
                chosen.append((space, name))
    spaces = list(dict.fromkeys(space for space, _ in chosen))
    return sorted(chosen, key=lambda place: spaces.index(place[0])), missing


@dataclass(frozen=True)
class Further:
    """A further table that is read beside that of a benchmark.

    Attributes:
        space, dataset: The benchmark.
        method: Id of the method that reads it; "" where its runs are judged by it.
        name: The table's own name, in place of a dataset's.
        absent: Ids of its source files that are not here: what reads it is then left out.
    """

    space: str
    dataset: str
    method: str
    name: str
    absent: tuple[str, ...]


def costs_on(study: Study, space: str, dataset: str) -> dict[str, str]:
    """Those of a study's costs that the runs on a dataset are judged by -> the table of each."""
    if not study.costs.names or has_epochs(space, dataset):
        return {}
    known = cost_tables(space, dataset)
    return {name: known[name] for name in study.costs.names if name in known}


def further_tables(
    study: Study, benchmarks: Iterable[tuple[str, str]], is_here: Callable[[str], bool]
) -> list[Further]:
    """The further tables that methods of a study read on benchmarks (space, dataset), and those
    of the costs that it judges runs by."""
    found = []
    for space, dataset in benchmarks:
        names = {
            entry.id: entry.further_on(space, dataset)
            for entry in study.methods
            if entry.is_run_on(space, dataset)
        }
        holders = set(costs_on(study, space, dataset).values()) - {dataset}
        names[""] = next(iter(holders), None)
        for method, name in names.items():
            if name:
                needed = get_definition(space, name).sources
                absent = tuple(source for source in needed if not is_here(source))
                found.append(Further(space, dataset, method, name, absent))
    return found


def sources_of(study: Study, benchmarks: Iterable[tuple[str, str]]) -> dict[str, None]:
    """Ids of the source files that benchmarks of a study are read from, each once, in order."""
    return dict.fromkeys(
        source for place in benchmarks for source in definition_of(study, *place).sources
    )


def compared_sources(
    study: Study, benchmarks: Sequence[tuple[str, str]], is_here: Callable[[str], bool]
) -> dict[str, list[str]]:
    """Search space -> source files of which two or more tell of the same table.

    They are the files the study reads, and those of the small tables that are here anyway: no
    comparison is worth a download of gigabytes.
    """
    small = dict.fromkeys(
        source
        for place in benchmarks
        for source in get_definition(*place).sources
        if is_here(source)
    )
    within = {**sources_of(study, benchmarks), **small}
    found: dict[str, dict[str, None]] = {}
    for space, dataset in benchmarks:
        for pair in pairs(space, dataset):
            if set(pair.sources) <= set(within):
                found.setdefault(space, {}).update(dict.fromkeys(pair.sources))
    return {space: list(sources) for space, sources in found.items()}
