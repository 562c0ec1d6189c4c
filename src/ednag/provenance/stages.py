"""The stages of a study, told from the names of its files: the path grammar of the Snakefile."""

from ednag.provenance.records import PROJECT

#: In the order in which data flows.
STAGES = ("sources", "tables", "runs", "summaries", "evidence", "figures")
#: Files of the repository that jobs may read, as they stand there.
PUBLISHED = "published/"
#: Verified bytes, by the id of their source.
RESOURCES = "resources/"


def is_published(name: str) -> bool:
    """Whether a record's `name` is a registered input of the repository."""
    return plain_name(name).startswith(PUBLISHED)


def plain_name(name: str) -> str:
    """The name without the mark that tells the project's folder from that of the results.

    Where both are one folder, records call a published file `published/x`, otherwise
    `project:published/x`; it is the same file.
    """
    return name.removeprefix(PROJECT)


def stage_of(name: str) -> str:
    """The stage a file belongs to; a folder of `results` that STAGES lacks is a stage of its own.

    Pages directly under `results` are evidence; published numbers are sources. What lies outside
    the grammar is `elsewhere`.
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
    """Where a stage stands in the flow; one that STAGES lacks stands just before the evidence."""
    if stage in STAGES:
        return float(STAGES.index(stage))
    return STAGES.index("evidence") - 0.5


def source_of(name: str) -> tuple[str, str] | None:
    """(source id, file) of a file under `resources`, else None."""
    parts = name.removeprefix(RESOURCES).split("/", 1)
    if not name.startswith(RESOURCES) or len(parts) != 2:
        return None
    return parts[0], parts[1]
