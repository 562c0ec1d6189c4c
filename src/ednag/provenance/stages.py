"""The stage of a file, from its name in records."""

from collections.abc import Iterable
from functools import cache

from ednag.provenance.records import PROJECT
from ednag.stages import EVIDENCE, FEATURES, PAGES, RECORDS, SOURCES, STAGES

#: Files of the repository that jobs may read; they count as sources.
PUBLISHED = "published/"
#: Folder of the static pages.
REPORT = f"{PAGES.folder}/report/"
_RANKS = {stage.name: float(rank) for rank, stage in enumerate(STAGES)}


def is_published(name: str) -> bool:
    """Whether a name in a record is a registered input of the repository."""
    return plain_name(name).startswith(PUBLISHED)


def is_of_own_images(outputs: Iterable[str]) -> bool:
    """Whether a job with these outputs reads the user's images, which nobody registers."""
    return any(name.startswith(f"{FEATURES.folder}/own-images") for name in outputs)


def plain_name(name: str) -> str:
    """The name without the prefix of the project's folder.

    A published file is called `published/x` if the results are in the project's folder, and
    `project:published/x` otherwise.
    """
    return name.removeprefix(PROJECT)


@cache
def stage_of(name: str) -> str:
    """The name of a file's stage; `elsewhere` for a file that is in no stage's folder."""
    folder, _, _ = plain_name(name).rpartition("/")
    if is_published(name):
        return SOURCES.name
    if folder == PAGES.folder or f"{folder}/".startswith(REPORT):
        return PAGES.name
    names = (s.name for s in (*STAGES, RECORDS) if f"{folder}/".startswith(f"{s.folder}/"))
    return next(names, "elsewhere")


def stage_rank(stage: str) -> float:
    """The position of a stage in the data flow; an undeclared one comes just before evidence."""
    return _RANKS.get(stage, _RANKS[EVIDENCE.name] - 0.5)


def in_flow(name: str) -> tuple[float, str]:
    """Sort key that orders files by the data flow, then by name."""
    return stage_rank(stage_of(name)), name


def source_of(name: str) -> tuple[str, str] | None:
    """(source id, file) of a file in the folder of sources, else None."""
    id, slash, file = name.removeprefix(f"{SOURCES.folder}/").partition("/")
    return (id, file) if name.startswith(f"{SOURCES.folder}/") and slash else None
