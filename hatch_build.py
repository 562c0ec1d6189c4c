"""What `pip install .` asks for: the direct dependencies that envs/requirements.in names."""

import re
from pathlib import Path
from typing import Any

from hatchling.metadata.plugin.interface import MetadataHookInterface

#: The heading below which stands what only developers need.
DEVELOPMENT = "# -- development "


def dependencies(text: str) -> list[str]:
    """The requirements of a file with one a line and its reason behind it, developers' left out."""
    needed = text.partition(DEVELOPMENT)[0]
    lines = (line.partition("#")[0].strip() for line in needed.splitlines())
    return [re.sub(r"\s+", " ", line) for line in lines if line]


class Dependencies(MetadataHookInterface):
    """Fills `dependencies`, which pyproject.toml declares as dynamic."""

    def update(self, metadata: dict[str, Any]) -> None:
        """Add the dependencies to the package's metadata."""
        path = Path(self.root, "envs", "requirements.in")
        metadata["dependencies"] = dependencies(path.read_text(encoding="utf-8"))
