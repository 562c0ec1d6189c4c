"""config/fidelity.yaml on made-up files of the layouts of the real ones: epochs and proxies."""

import hashlib
import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml

from ednag.methods.storage import read_runs
from ednag.sources.registry import dump_registry, load_registry
from ednag.spaces import get_space
from ednag.tables.naslib_nasbench301 import SMALL_PROXIES
from ednag.tables.zero_cost import NASBENCH201
from tests.copies import ROOT, copy_of_the_tree

from .conftest import EDNAG, Workflow

BUDGET = 8
WITH_EPOCHS = {"successive-halving", "hyperband", "asha"}
WITH_PROXIES = {"zero-cost-guided", "nwot-guided", "jacov-guided"}
WITH_COSTS = {"flops-guided", "parameters-guided"}
ALL = {"random", "ednag", "regularised-evolution-10-3"}


def cells_by_epochs(path: Path) -> None:
    space = get_space("nasbench101")
    keys = [space.key(code) for code in range(0, space.size, 40)]
    accuracies = np.random.default_rng(0).uniform(0.1, 0.9, (4, len(keys))).tolist()
    columns = {
        f"{number}_final_validation_accuracy": values
        for number, values in zip((4, 12, 36, 108), accuracies, strict=True)
    }
    sizes = {"final_training_time": [9.5] * len(keys), "trainable_parameters": [7] * len(keys)}
    path.write_text(json.dumps(columns | sizes | {"key": keys}))


def proxies_of_cells(path: Path) -> None:
    space, names = get_space("nasbench201"), [metric.name for metric in NASBENCH201.metrics]
    values = np.random.default_rng(1).uniform(-9, 9, (100, len(names)))
    frame = pd.DataFrame(values, columns=names)
    frame.insert(0, "net_str", space.keys(np.arange(100)))
    frame.to_csv(path, index=False)


def networks_with_proxies(path: Path) -> None:
    generator, networks = np.random.default_rng(2), {}
    for code in range(0, 9604, 300):
        pairs = get_space("nasbench301").key(code)[1:-1]
        record = {each.name: {"score": generator.uniform()} for each in SMALL_PROXIES.metrics}
        record["val_accuracy"] = generator.uniform(90, 94)
        networks[f"[[{pairs}, (0, 1), (3, 1), (0, 2), (4, 2)], []]"] = record
    path.write_text(json.dumps({"cifar10": networks}))


@pytest.mark.workflow
def test_each_method_runs_where_its_data_are(tmp_path: Path) -> None:
    project, mirror, folder = (tmp_path / name for name in ("project", "mirror", "study"))
    copy_of_the_tree(project, without=("src/", "tests/", "docs/"))
    mirror.mkdir()
    folder.mkdir()
    registry = load_registry(project / "sources.yaml")
    for source, write in (
        ("nasbench101-vis-20k", cells_by_epochs),
        ("nasbench201-zero-cost", proxies_of_cells),
        ("naslib-zc-nasbench301-725", networks_with_proxies),
    ):
        path = mirror / registry[source].file
        write(path)
        content = path.read_bytes()
        made_up = {"size": len(content), "sha256": hashlib.sha256(content).hexdigest()}
        registry[source] = registry[source].model_copy(update={**made_up, "git_blob_sha1": None})
    (project / "sources.yaml").write_text(dump_registry(registry))

    study = yaml.safe_load((ROOT / "config" / "fidelity.yaml").read_text())
    study["methods"] = [EDNAG if name == "ednag" else name for name in study["methods"]]
    workflow = Workflow(folder, project)
    smaller = {
        "benchmarks": {"nasbench201": ["cifar10-analog"]},
        "seeds": "0-1",
        "block": 100,
        "budget": BUDGET,
        "statistics": {"checkpoints": [2, BUDGET], "resamples": 100},
    }
    workflow.configure(**study | smaller)
    tables = [f"results/evidence/nasbench{number}-equal-budget.csv" for number in (101, 201, 301)]
    ran = workflow.run(*tables, environment={"EDNAG_MIRROR": str(mirror)})
    assert ran.returncode == 0, ran.stdout[-6000:]
    methods = [set(pd.read_csv(folder / table)["method"]) for table in tables]
    expected = [WITH_EPOCHS | WITH_COSTS, WITH_PROXIES | WITH_COSTS, WITH_PROXIES]
    assert methods == [ALL | each for each in expected]

    runs = folder / "results/runs/nasbench101/cifar10-epochs/paper"
    for name in WITH_EPOCHS:
        for run in read_runs(runs / name / "seeds-0-1.parquet").runs:
            assert 108 * (BUDGET - 1) < run.epochs.sum() <= 108 * BUDGET
    equal = pd.read_csv(folder / tables[0]).query("counted == 'distinct evaluations'")
    assert equal["mean"].between(10, 90).all()
    assert set(equal["mark"].dropna()) == {"still random search"}  # EDNAG's first population
