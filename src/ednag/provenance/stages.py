"""The stages of a study, derived from the names of its files (path grammar of the Snakefile)."""

from ednag.provenance.records import PROJECT

#: In the order of the data flow.
STAGES = ("sources", "tables", "runs", "summaries", "evidence", "figures")
#: Files of the repository that jobs may read.
PUBLISHED = "published/"
#: Verified source files, by the id of their source.
RESOURCES = "resources/"


def is_published(name: str) -> bool:
    """Whether a name in a record is a registered input of the repository."""
    return plain_name(name).startswith(PUBLISHED)


def plain_name(name: str) -> str:
    """The name without the prefix of the project's folder.

    A published file is called `published/x` if the results are in the project's folder, and
    `project:published/x` otherwise.
    """
    return name.removeprefix(PROJECT)


def stage_of(name: str) -> str:
    """The stage of a file.

    A folder of `results` that is not in STAGES is a stage of its own. Pages directly in `results`
    are evidence, published numbers are sources, and files outside the grammar are `elsewhere`.
    """
    folder, *inside = plain_name(name).split("/")
    if folder in ("resources", "published"):
        return "sources"
    if folder == "figures":
        return "figures"
    if folder != "results" or not inside:
        return "elsewhere"
    return inside[0] if len(inside) > 1 else "evidence"


def stage_rank(stage: str) -> float:
    """The position of a stage in the data flow; other stages come just before the evidence."""
    if stage in STAGES:
        return float(STAGES.index(stage))
    return STAGES.index("evidence") - 0.5


def in_flow(name: str) -> tuple[float, str]:
    """Sort key that orders files by the data flow, then by name."""
    return stage_rank(stage_of(name)), name


def source_of(name: str) -> tuple[str, str] | None:
    """(source id, file) of a file in `resources`, else None."""
    id, slash, file = name.removeprefix(RESOURCES).partition("/")
    return (id, file) if name.startswith(RESOURCES) and slash else None
