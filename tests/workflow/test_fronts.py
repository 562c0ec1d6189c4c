"""A study that judges runs by a cost: tables and figure are made, audited, and the same again."""

import subprocess
import sys

import numpy as np
import pandas as pd
import pytest

from ednag.spaces import get_space

from .conftest import Workflow

PLACE = "nasbench201/cifar10-analog/paper"
TABLES = {
    f"results/evidence/{PLACE}/{name}.{suffix}"
    for name in ("fronts", "limits")
    for suffix in ("csv", "md", "tex")
}
FIGURE = {f"figures/{PLACE}/fronts.{suffix}" for suffix in ("csv", "pdf", "png")}
#: Costs of one's own, as a table beside the dataset.
CODE = """
import pandas as pd

from ednag.tables.interface import Metric, TableDefinition

TABLE = TableDefinition(
    space="nasbench201",
    dataset="cifar10-analog-hardware",
    title="Made-up costs",
    sources=("my-costs",),
    metrics=(Metric("delay", "ms", "made up", False), Metric("size", "M", "made up", False)),
    protocols={},
    read=lambda paths: pd.read_csv(paths["my-costs"]),
)
"""
STUDY = {
    "own_tables": {"nasbench201": {"cifar10-analog-hardware": "my_costs:TABLE"}},
    "methods": ["random", {"id": "nsga2", "hyperparameters": {"cost": "delay"}}],
    "budget": 20,
    "costs": {"names": ["delay", "size"]},
}


@pytest.fixture
def judged(workflow: Workflow) -> Workflow:
    """The study with its costs, which grow with the numbers of the operations."""
    space = get_space("nasbench201")
    numbers = 1.0 + space.values_of(np.arange(space.size))
    keys = space.keys(np.arange(space.size))
    costs = pd.DataFrame({"key": keys, "delay": numbers.sum(axis=1), "size": numbers.max(axis=1)})
    costs.to_csv(workflow.folder / "my-costs.csv", index=False)
    (workflow.folder / "my_costs.py").write_text(CODE, encoding="utf-8")
    command = [
        sys.executable,
        "-m",
        "ednag",
        "sources",
        "add",
        "my-costs",
        "--path",
        "my-costs.csv",
    ]
    subprocess.run(command, cwd=workflow.folder, check=True, capture_output=True)
    workflow.configure(**STUDY)
    return workflow


@pytest.mark.workflow
def test_a_study_with_costs(judged: Workflow) -> None:
    first = judged.run()
    assert first.returncode == 0, first.stdout
    assert set(judged.results()) >= TABLES | FIGURE
    assert "Nothing to be done" in judged.run().stdout
    page = (judged.folder / "results/report/tables.html").read_text(encoding="utf-8")
    assert "Metric against cost" in page
    assert "The best within limits of cost" in page

    # Another list of costs makes these tables again, and no run.
    judged.configure(**STUDY | {"costs": {"names": ["size"]}})
    again = judged.run("--dry-run").stdout
    assert "metric against cost on nasbench201/cifar10-analog" in again
    assert "random on nasbench201" not in again


@pytest.mark.workflow
def test_an_unknown_cost_is_refused_before_anything_runs(judged: Workflow) -> None:
    judged.configure(**STUDY | {"costs": {"names": ["dela"]}})
    refused = judged.run()
    assert refused.returncode != 0
    told = "costs.names[0]: unknown cost 'dela'; did you mean 'delay'"
    assert told in refused.stdout
