"""The examples of the guides, in a fresh copy: they pass `make lint`, and the method improves."""

from pathlib import Path

import numpy as np
import pytest

from ednag.methods.storage import read_runs
from tests.copies import copy_of_the_tree, shell
from tests.docs.pages import DOCS, blocks
from tests.docs.test_commands import given

#: (page, place among its blocks of Python) -> the file that the page says it is.
EXAMPLES = {
    ("own-method.md", 0): "greedy_mutation.py",
    ("own-method.md", 1): "ridge_search.py",
    ("own-dataset.md", 0): "my_cells.py",
    ("own-search-space.md", 0): "chain.py",
    ("own-search-space.md", 1): "my_chains.py",
    ("own-search-space.md", 3): "my_latencies.py",
}
TABLE = "results/tables/nasbench201/cifar10-valid.parquet"


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the tree with the files of the examples."""
    folder = tmp_path_factory.mktemp("copy")
    copy_of_the_tree(folder)
    for (page, place), name in EXAMPLES.items():
        text = blocks(DOCS / page, "python")[place]
        assert name in (DOCS / page).read_text(encoding="utf-8")
        (folder / name).write_text(text, encoding="utf-8")
    return folder


def test_the_examples_pass_make_lint(copy: Path) -> None:
    files = " ".join(EXAMPLES.values())
    tools = ("ruff check", "ruff format --check", "mypy")
    ran = shell("\n".join(f"{tool} {files}" for tool in tools), copy)
    assert ran.returncode == 0, ran.stdout[-3000:]


def test_the_example_of_a_method_spends_its_budget_and_improves(copy: Path) -> None:
    build = f"ednag tables build --space nasbench201 --dataset cifar10-valid --output {TABLE}"
    commands = [line for line in given(DOCS / "own-method.md") if line.startswith("ednag ")]
    ran = shell("\n".join([build, *commands]), copy)
    assert ran.returncode == 0, ran.stdout[-3000:]
    runs = read_runs(copy / "runs.parquet").runs
    assert [run.seed for run in runs] == list(range(10))
    for run in runs:
        assert (run.status, run.distinct, run.total) == ("completed", 512, 512)
        assert run.outcome_metric == run.metrics.max() > run.metrics[:10].max()
        assert len(np.unique(run.codes)) == 512
