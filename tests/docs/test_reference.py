"""What is generated is up to date: reference pages, and the drawing of the workflow."""

import html
import importlib.util
import re
from types import ModuleType

import click
import pytest

from tests.docs.pages import DOCS


def script(name: str) -> ModuleType:
    """A script of docs/ as a module."""
    specification = importlib.util.spec_from_file_location(name, DOCS / f"{name}.py")
    assert specification is not None and specification.loader is not None
    module = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(module)
    return module


@pytest.mark.parametrize("file", ["configuration.md", "methods.md", "commands.md", "paths.md"])
def test_a_reference_page_is_what_the_code_says(file: str) -> None:
    made = script("generate_reference").PAGES[file]()
    kept = (DOCS / "reference" / file).read_text(encoding="utf-8")
    assert kept == made, "run: make reference"


def test_every_subcommand_and_key_is_in_the_reference() -> None:
    from ednag.cli import group
    from ednag.study.configuration import Study

    commands = (DOCS / "reference" / "commands.md").read_text(encoding="utf-8")
    assert all(
        f"\n## ednag {name}\n" in commands for name in group.list_commands(click.Context(group))
    )
    keys = (DOCS / "reference" / "configuration.md").read_text(encoding="utf-8")
    assert all(f"| `{name}` |" in keys for name in Study.model_fields)


@pytest.mark.workflow
def test_the_drawing_shows_exactly_the_rules_there_are() -> None:
    drawing = script("draw_workflow")
    kept = drawing.DRAWING.read_text(encoding="utf-8")
    named = [html.unescape(name) for name in re.findall(r"<text [^>]*>([^<]*)</text>", kept)]
    assert len(named) == len(set(named))
    assert set(named) == drawing.rule_names(), "run: make reference"
    assert kept == drawing.svg(*drawing.rule_graph()), "run: make reference"
