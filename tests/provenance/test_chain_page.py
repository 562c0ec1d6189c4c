"""The page on which every number of a table leads to its chain."""

import csv
import re
from pathlib import Path

import pytest

from ednag.errors import EdnagError
from ednag.provenance.chain_page import chain_page

from .conftest import EVIDENCE, METHODS, SOURCE, Tree, run_file

TABLES = (f"{EVIDENCE}.csv", f"{EVIDENCE}-equal.csv", f"{EVIDENCE}-compared.csv")


def page_of(tree: Tree) -> str:
    return chain_page(tree.setting(), [tree.root / name for name in TABLES], "Tables <here>")


def test_every_number_leads_to_a_chain_of_the_page(built: Tree) -> None:
    page = page_of(built)
    anchors = set(re.findall(r'id="(chain-\d+)"', page))
    links = re.findall(r'href="#(chain-\d+)"', page)
    assert set(links) == anchors
    with (built.root / TABLES[0]).open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))
    assert len(rows) == len(METHODS)
    for row in rows:
        assert f'title="{row["mean"]}"' in page
    assert "<title>Tables &lt;here&gt;</title>" in page
    # Nothing is fetched when it is opened.
    assert not re.search(r'(src|href)="(?!#)', page)
    assert page == page_of(built)


def test_a_chain_holds_its_methods_runs_and_no_others(built: Tree) -> None:
    page = page_of(built)
    first, second = METHODS
    sections = re.findall(r'<section class="chain".*?</section>', page, re.DOTALL)
    own = [part for part in sections if f"{EVIDENCE}.csv<" in part]
    assert len(own) == len(METHODS)
    for part, mine, other in zip(own, METHODS, (second, first), strict=True):
        made = "".join(re.findall(r"<dd><code>.*?</code>", part))
        assert run_file(mine, "0-1") in made
        assert run_file(mine, "2-3") in made
        assert run_file(other, "0-1") not in made
        assert SOURCE in made
        assert "package:analog-nasbench" in part


def test_a_table_without_a_record_is_refused(built: Tree, tmp_path: Path) -> None:
    foreign = tmp_path / "foreign.csv"
    foreign.write_text("method,mean\nednag,1.0\n")
    with pytest.raises(EdnagError, match="no record of the job that made it"):
        chain_page(built.setting(), [foreign], "title")
