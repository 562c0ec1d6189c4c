"""What every job of a workflow finds in its environment."""

import os
from collections.abc import Sequence
from pathlib import Path


def export_environment(root: Path, mirrors: Sequence[str]) -> None:
    """Tell the jobs which registry to use and which mirrors to search.

    By environment and not by rule parameters: a file's checksum decides what it is, so another
    mirror is no reason to run a rule again.

    Args:
        root: The folder of the Snakefile.
        mirrors: Folders from the configuration; they come before those in EDNAG_MIRROR.
    """
    os.environ["EDNAG_REGISTRY"] = str(root / "sources.yaml")
    given = [folder for folder in os.environ.get("EDNAG_MIRROR", "").split(os.pathsep) if folder]
    folders = [*mirrors, *(folder for folder in given if folder not in mirrors)]
    if folders:
        os.environ["EDNAG_MIRROR"] = os.pathsep.join(folders)
