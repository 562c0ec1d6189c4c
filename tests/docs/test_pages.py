"""The pages tell the truth: commands and links are real, examples run, the site needs no server."""

import re
import subprocess
import sys
from pathlib import Path

import click
import numpy as np
import pytest
import yaml

from ednag.cli import group
from ednag.search.objective import Objective
from ednag.spaces import get_space
from tests.docs.pages import DOCS, PAGES, ROOT, blocks, commands, prose

OWN_METHOD, OWN_DATASET = DOCS / "own-method.md", DOCS / "own-dataset.md"
page_by_page = pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))


def called(arguments: list[str]) -> tuple[click.Command, list[click.Parameter], list[str]]:
    """The subcommand that arguments lead to, parameters on the way, and the arguments left."""
    command: click.Command = group
    parameters = list(group.params)
    arguments = list(arguments)
    while isinstance(command, click.Group) and arguments:
        if arguments[0] in ("--record", "--benchmarks"):
            del arguments[:2]
            continue
        if arguments[0].startswith("-") or not re.fullmatch(r"[a-z][a-z-]*", arguments[0]):
            break
        found = command.get_command(click.Context(command), arguments[0])
        assert found is not None, f"no subcommand {arguments[0]!r}"
        command, arguments = found, arguments[1:]
        parameters += command.params
    return command, parameters, arguments


@page_by_page
def test_every_ednag_command_and_option_exists(page: Path) -> None:
    for arguments in commands(page, "ednag"):
        _, parameters, left = called(arguments)
        known = {option for each in parameters for option in each.opts} | {"--help", "-h"}
        for word in left:
            if word.startswith("-") and word != "-":
                assert word.split("=")[0] in known, f"ednag {' '.join(arguments)}: {word}"


@page_by_page
def test_every_snakemake_option_and_make_target_exists(page: Path) -> None:
    from snakemake.cli import get_argument_parser

    options = get_argument_parser()._option_string_actions
    targets = re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.M)
    for arguments in commands(page, "snakemake"):
        for word in arguments:
            if word.startswith("--") and word != "--":
                assert word.split("=")[0] in options, f"snakemake {' '.join(arguments)}"
            if re.fullmatch(r"config/[\w.-]+\.yaml", word):
                assert (ROOT / word).is_file(), word
    for arguments in commands(page, "make"):
        if arguments and not arguments[0].startswith("-") and "=" not in arguments[0]:
            assert arguments[0] in targets, f"make {arguments[0]}"


@page_by_page
def test_every_internal_link_leads_somewhere(page: Path) -> None:
    for link in re.findall(r"\]\(([^)\s]+)\)", prose(page)):
        if "://" in link or link.startswith("#"):
            continue
        path, _, place = link.partition("#")
        target = page.parent / path
        assert target.exists(), link
        if place:
            headings = re.findall(r"^#+ (.*)$", target.read_text(encoding="utf-8"), re.M)
            assert place in {
                re.sub(r"[^\w-]", "", name.lower().replace(" ", "-")) for name in headings
            }


def test_every_page_has_its_place_in_the_navigation() -> None:
    text = (ROOT / "mkdocs.yml").read_text(encoding="utf-8")
    named = re.findall(r": ([\w/-]+\.md)$", text, re.M)
    pages = {str(page.relative_to(DOCS)) for page in DOCS.rglob("*.md")}
    assert sorted(named) == sorted(pages), "name it under nav in mkdocs.yml"
    assert yaml.safe_load(text)["strict"] is True


def test_the_site_builds_and_asks_no_other_server(tmp_path: Path) -> None:
    site = tmp_path / "site"
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", str(site)]
    built = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert built.returncode == 0, built.stderr
    pages = list(site.rglob("*.html"))
    assert len(pages) >= len(list(DOCS.rglob("*.md")))
    for page in pages:
        text = page.read_text(encoding="utf-8")
        tags = re.findall(r"<(?:script|link|img|iframe|source|video)\b[^>]*>", text)
        asked = [
            tag for tag in tags if re.search(r"""(?:src|srcset|href)=["']?(https?:)?//""", tag)
        ]
        # `canonical` only names an address; nothing loads it.
        assert not [tag for tag in asked if 'rel="canonical"' not in tag], page
    for sheet in site.rglob("*.css"):
        text = sheet.read_text(encoding="utf-8")
        assert not re.search(r"url\([\"']?(https?:)?//|@import [^;]*//", text), sheet


def defined(page: Path) -> dict[str, object]:
    """The names that the first block of Python of a page defines."""
    names: dict[str, object] = {"__name__": "of_the_page"}
    exec(compile(blocks(page, "python")[0], str(page), "exec"), names)
    return names


def test_the_table_of_the_guide_can_be_built_and_the_method_searches_it(tmp_path: Path) -> None:
    space = get_space("nasbench201")
    keys = [space.key(code) for code in range(0, space.size, 40)]
    values = np.random.default_rng(0).uniform(10, 94, len(keys))
    measured = tmp_path / "my-cells.csv"
    rows = [f'"{key}",{value}' for key, value in zip(keys, values, strict=True)]
    measured.write_text("\n".join(["key,test_accuracy", *rows]) + "\n")
    definition = defined(OWN_DATASET)["TABLE"]
    table = definition.build({"my-cells": measured}, {})
    objective = Objective(table, definition.protocols["paper"], space)
    method = defined(OWN_METHOD)["METHOD"]
    runs = [method.run(objective, 3, 60, method.hyperparameters(start=20)) for _ in range(2)]
    assert runs[0].distinct == 60
    assert runs[0].codes.tolist() == runs[1].codes.tolist()
    assert runs[0].outcome_metric == runs[0].metrics.max()
