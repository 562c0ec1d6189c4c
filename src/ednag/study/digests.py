"""What registries name for the benchmarks and methods of a study: see `ednag.code`."""

from collections.abc import Iterable

from ednag.methods import METHODS
from ednag.spaces import space_reference
from ednag.study.configuration import Study, method_of
from ednag.tables import OFFICIAL, reference_to


def registered(
    study: Study,
    benchmarks: Iterable[tuple[str, str]],
    methods: Iterable[str] = (),
    spaces: bool = False,
) -> tuple[str, ...]:
    """The `module:attribute` of benchmarks and methods in the registries, for `modules_of`.

    Args:
        study: The study, which names the official files that are read.
        benchmarks: (space, dataset).
        methods: Names of methods.
        spaces: Whether to add the search spaces of the benchmarks.
    """
    references: dict[str, None] = {}
    for space, dataset in benchmarks:
        official = study.official_files.get(space, {}).get(dataset)
        references[reference_to(space, dataset)] = None
        if spaces:
            references[space_reference(space)] = None
        if official is not None:
            references[OFFICIAL[official]] = None
    ran = (method_of(study, name).of or name for name in methods)
    return (*references, *(METHODS.get(name, name) for name in ran))
