"""The guide to an own search space, followed in a fresh copy: its files and commands."""

from pathlib import Path

import pytest

from ednag.tables.interface import Metric, Protocol
from tests.copies import copy_of_the_tree, shell
from tests.docs.pages import DOCS, blocks

PAGE = DOCS / "own-search-space.md"


@pytest.mark.workflow
def test_the_guide_leads_to_a_table_of_a_space_of_ones_own(tmp_path: Path) -> None:
    copy_of_the_tree(tmp_path)
    space, table, _, latency, *_ = blocks(PAGE, "python")
    files = {"chain.py": space, "my_chains.py": table, "my_latencies.py": latency}
    for name, text in files.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    *first, second = blocks(PAGE, "sh")
    ran = shell("\n".join(first), tmp_path)
    assert ran.returncode == 0, ran.stdout[-6000:]
    table = (tmp_path / "studies/my-study/results/evidence/chain-equal-budget.csv").read_text()
    methods = {line.split(",")[5] for line in table.splitlines()[1:]}
    assert methods == {"ednag", "random", "local-search-best"}
    assert "every number leads back to checksummed bytes" in ran.stdout
    assert "deselected" in ran.stdout and "0 selected" not in ran.stdout  # the tests of a space

    study = (tmp_path / "my-study.yaml").read_text(encoding="utf-8")
    (names,) = blocks(PAGE, "yaml")
    kept = [
        line for line in study.splitlines() if not line.startswith(("own_tables", "benchmarks"))
    ]
    (tmp_path / "my-study.yaml").write_text("\n".join([*kept, names]), encoding="utf-8")
    build = "ednag --benchmarks my-study.yaml tables build --space chain --dataset"
    commands = [f"{build} {name} --output {name}.parquet" for name in ("mine-latency", "mine-fast")]
    check = "ednag config check my-study.yaml"
    ran = shell("\n".join([second, check, *commands]), tmp_path)
    assert ran.returncode == 0, ran.stdout[-6000:]
    assert "chain/mine-latency: 81 architectures written" in ran.stdout
    assert "protocol paper: latency, optimum 1.000000" in ran.stdout


def test_the_protocol_of_several_trainings_draws_metrics_that_there_are() -> None:
    names = {"Metric": Metric, "Protocol": Protocol}
    exec(blocks(PAGE, "python")[2], names)
    known = {metric.name for metric in names["METRICS"]}
    drawn = names["DRAWN"]
    assert {drawn.fitness_metric, drawn.reported_metric, *drawn.drawn_metrics} <= known
