"""Every source file that a study reads, whatever stage reads it."""

from collections.abc import Callable, Sequence

from ednag.study.benchmarks import compared_sources, further_tables, sources_of
from ednag.study.configuration import Study, definition_of
from ednag.study.ranking import may_be_read, ranking_sources
from ednag.tables.meta_predictor import GENERATED_FROM
from ednag.training.places import IMAGE_SOURCES


def generated_files(study: Study, searched: Sequence[tuple[str, str]]) -> tuple[str, ...]:
    """Files below `results` that a stage makes and a benchmark table is built from, each once."""
    named = [name for place in searched for name in definition_of(study, *place).generated]
    return tuple(dict.fromkeys(named))


def optional_sources(study: Study) -> tuple[str, ...]:
    """Ids of the source files that decide by being here what a study searches and ranks."""
    places = [(space, name) for space, names in study.if_present.items() for name in names]
    everywhere = [(space, name) for space, names in study.benchmarks.items() for name in names]
    further = further_tables(study, [*everywhere, *places], lambda source: False)
    beside = [source for each in further for source in each.absent]
    return tuple(dict.fromkeys([*sources_of(study, places), *beside, *may_be_read(study)]))


def sources_read(
    study: Study, searched: Sequence[tuple[str, str]], is_here: Callable[[str], bool]
) -> tuple[str, ...]:
    """Ids of the source files that any job of a study reads, each once.

    Args:
        study: The study.
        searched: (space, dataset) that are really searched.
        is_here: Whether a source file, by its id, can be had without any download.
    """
    compared = compared_sources(study, searched, is_here)
    further = [each for each in further_tables(study, searched, is_here) if not each.absent]
    sources = [
        *sources_of(study, searched),
        *sources_of(study, ((each.space, each.name) for each in further)),
        *(source for sources in compared.values() for source in sources),
        *(
            source
            for generated in generated_files(study, searched)
            for source in GENERATED_FROM.get(generated, ())
        ),
        *(source for place in searched for source in IMAGE_SOURCES.get(place, ())),
        *ranking_sources(study, is_here),
    ]
    return tuple(dict.fromkeys(sources))
