"""The guide to an own search space, followed in a fresh copy: its files, lines and commands."""

from pathlib import Path

import pytest

from tests.copies import add_line, copy_of_the_tree, shell
from tests.docs.pages import DOCS, blocks

PAGE = DOCS / "own-search-space.md"


@pytest.mark.workflow
def test_the_guide_leads_to_a_table_of_a_space_of_ones_own(tmp_path: Path) -> None:
    copy_of_the_tree(tmp_path)
    package = tmp_path / "src" / "ednag"
    space, space_line, reader, table_line, latency, lines, further = blocks(PAGE, "python")
    (package / "spaces" / "chain.py").write_text(space, encoding="utf-8")
    (package / "tables" / "chain.py").write_text(reader, encoding="utf-8")
    add_line(package / "spaces" / "__init__.py", "SPACES", space_line)
    add_line(package / "tables" / "__init__.py", "TABLES", table_line)
    *first, second, last = blocks(PAGE, "sh")
    ran = shell("\n".join(first), tmp_path)
    assert ran.returncode == 0, ran.stdout[-6000:]
    table = (tmp_path / "results" / "evidence" / "chain-equal-budget.csv").read_text()
    methods = {line.split(",")[5] for line in table.splitlines()[1:]}
    assert methods == {"ednag", "random", "local-search-best"}
    assert "every number leads back to checksummed bytes" in ran.stdout

    (package / "tables" / "chain_latency.py").write_text(latency, encoding="utf-8")
    registry = package / "tables" / "__init__.py"
    text = registry.read_text(encoding="utf-8")
    assert table_line in text
    registry.write_text(text.replace(table_line, lines), encoding="utf-8")
    add_line(registry, "FURTHER", further)
    ran = shell(f"export EDNAG_MIRROR=$PWD/mirror\n{second}\n{last}", tmp_path)
    assert ran.returncode == 0, ran.stdout[-6000:]
    assert "chain/mine-latency: 81 architectures written" in ran.stdout
    assert "protocol paper: latency, optimum 1.000000" in ran.stdout
