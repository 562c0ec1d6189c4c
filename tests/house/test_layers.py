"""Knowledge flows one way: which part of the package may import which."""

import ast
from pathlib import Path

import pytest

PACKAGE = Path(__file__).resolve().parents[2] / "src" / "ednag"

#: part -> parts it may know, besides itself and the small modules at the package's root
MAY_KNOW = {
    "spaces": set(),
    "cells": {"spaces"},
    "training": {"spaces", "cells"},
    "predictor": {"spaces", "cells", "training"},
    "ranker": {"spaces", "cells", "training"},
    "tables": {"spaces", "training", "predictor"},
    "search": {"spaces", "tables"},
    "methods": {"spaces", "cells", "training", "ranker", "tables", "search"},
    "sources": set(),
    "study": {"spaces", "training", "tables", "search", "methods"},
    "evidence": {"spaces", "predictor", "tables", "search", "methods", "study"},
    "provenance": {"sources"},
    "doctor": {"tables", "training", "study", "sources"},
    "report": {"sources", "tables", "provenance"},
}
ROOT_MODULES = {"errors", "files", "naming", "registries", "stages", "validation", "yaml_files"}


def imported_parts(path: Path) -> set[str]:
    """Parts of the package that a module imports, anywhere in it."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        names = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module:
            names = [f"{node.module}.{alias.name}" for alias in node.names]
        for name in names:
            parts = name.split(".")
            if parts[0] == "ednag" and len(parts) > 1:
                found.add(parts[1])
    return found - {"__version__"}


@pytest.mark.parametrize("part", MAY_KNOW)
def test_a_part_knows_only_what_stands_below_it(part: str) -> None:
    allowed = MAY_KNOW[part] | ROOT_MODULES | {part}
    for path in sorted((PACKAGE / part).rglob("*.py")):
        unknown = imported_parts(path) - allowed
        assert not unknown, f"{path.relative_to(PACKAGE)} imports {sorted(unknown)}"


def test_every_part_is_in_the_plan() -> None:
    parts = {path.name for path in PACKAGE.iterdir() if (path / "__init__.py").exists()}
    assert parts - {"cli"} == set(MAY_KNOW)


def test_only_the_command_line_may_know_it() -> None:
    for path in PACKAGE.rglob("*.py"):
        if path.relative_to(PACKAGE).parts[0] != "cli" and path.name != "__main__.py":
            assert "cli" not in imported_parts(path), path
