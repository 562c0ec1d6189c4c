"""What another workflow must say that uses this one as a Snakemake module."""

from pathlib import Path
from typing import Any

from ednag.errors import EdnagError


def check_module(modifier: Any, project: Path) -> None:
    """Refuse a `module` statement with which the workflow would run, but not rightly.

    Args:
        modifier: Snakemake's WorkflowModifier of the module.
        project: The folder of this workflow's Snakefile.

    Raises:
        EdnagError: Only the Snakefile is here, paths would get a prefix, or there is no `config`.
    """
    place = f"module {modifier.namespace}"
    if not (project / "sources.yaml").is_file():
        raise EdnagError(
            f"{place}: {project} is no clone of ednag, whose other files it needs as well; "
            'write `snakefile: "path/to/clone/Snakefile"`'
        )
    paths = modifier.path_modifier
    if paths.prefix or paths._prefix_replacements:
        raise EdnagError(
            f"{place}: run records name results by their paths, so leave out `prefix` and "
            "`replace_prefix`; another folder has --directory"
        )
    if not modifier.skip_configfile:
        raise EdnagError(
            f'{place}: names no study; write `config: config["ednag"]`, with the keys of '
            "config/schema.json"
        )
