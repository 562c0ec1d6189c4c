"""Where a study ranks cells by NAR's ranker, and the source files that this takes."""

from collections.abc import Callable, Sequence

from ednag.study.configuration import Study
from ednag.tables import get_reported_metric, is_predicted

#: Cells of NAS-Bench-101 that are ranked where their validation accuracies are here, and the file
#: that holds those. They have no test accuracy: rankers are judged on them, and search nothing.
LISTED_CELLS = ("nasbench101", "cifar10-20k")
LISTED_SOURCE = "nasbench101-vis-20k"
#: Space -> NAR's example of a record of its cells, which is compared with ours.
EXAMPLE_RECORDS = {"nasbench101": "nar-example-101", "nasbench201": "nar-example-201"}
#: All records of NAR, which are compared in place of the example where they are here.
ALL_RECORDS = {"nasbench101": "nar-nasbench101", "nasbench201": "nar-nasbench201"}
#: Ids of all files that a study with `ranker.if_present` takes up where they are here.
TAKEN_UP = (LISTED_SOURCE, *EXAMPLE_RECORDS.values())


def searched_by_rankers(study: Study, searched: Sequence[tuple[str, str]]) -> list[tuple[str, str]]:
    """Those of the searched (space, dataset) where rankers are judged and search.

    Rankers are judged on measured cells by a metric where higher is better.
    """
    if not study.ranker.seeds:
        return []
    return [
        (space, dataset)
        for space, dataset in searched
        if space == "nasbench201"
        and (not study.ranker.datasets or dataset in study.ranker.datasets)
        and not is_predicted(space, dataset)
        and get_reported_metric(space, dataset, "paper").higher_is_better
    ]


def ranking_sources(study: Study, is_here: Callable[[str], bool]) -> list[str]:
    """Ids of the files that are here and that the ranking reads besides benchmark tables."""
    return [source for source in may_be_read(study) if is_here(source)]


def records_of(space: str, sources: Sequence[str]) -> str | None:
    """Of the files that are here, the one with most of NAR's records of a space; None without."""
    ids = (ALL_RECORDS[space], EXAMPLE_RECORDS[space])
    return next((id for id in ids if id in sources), None)


def ranking_lacks(study: Study, is_here: Callable[[str], bool]) -> list[str]:
    """Ids of the files that the ranking would take up if they were here."""
    return [source for source in taken_up(study) if not is_here(source)]


def taken_up(study: Study) -> tuple[str, ...]:
    """Ids of the files that the ranking takes up where they are here."""
    return TAKEN_UP if study.ranker.seeds and study.ranker.if_present else ()


def may_be_read(study: Study) -> tuple[str, ...]:
    """Those, and the large files of all records, which nothing asks for where they are not here."""
    known = taken_up(study)
    return (*known, *ALL_RECORDS.values()) if known else ()
