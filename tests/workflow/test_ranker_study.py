"""The study of ranking and the methods that learn a ranker, in the real workflow, tiny."""

import json

import pandas as pd
import pytest

from tests.conftest import Mirror

from .conftest import Workflow

pytestmark = pytest.mark.workflow

SETTINGS = {"epochs": 1, "model": 4, "rounds": 1}
STUDY = {
    "methods": [
        "random",
        {"id": "nar", "seeds": 1, "hyperparameters": SETTINGS},
        {"id": "ednag-ranked", "seeds": "0", "hyperparameters": SETTINGS},
    ],
    "ranker": {
        "sizes": [10, 20],
        "seeds": "0-1",
        "ranker_sizes": [10],
        "ranker_seeds": 0,
        "held_out": 30,
    },
}


def test_the_study_of_ranking_from_table_to_audit(workflow: Workflow) -> None:
    workflow.configure(**STUDY)
    done = workflow.run()
    assert done.returncode == 0, done.stdout
    folder = workflow.folder / "results"
    audit = json.loads((folder / "audit.json").read_text())
    assert audit["sound"], audit["verdict"]
    table = pd.read_csv(folder / "evidence/ranker-nasbench201-cifar10-analog.csv")
    seeds = table.groupby("predictor")["seeds"].max().to_dict()
    assert seeds["random_forest"] == 2 and seeds["ranker"] == 1
    # Two seeds of the plain predictors, one of the ranker: each job is audited.
    assert {stage["stage"]: stage["jobs"] for stage in audit["stages"]}["ranker"] == 3
    for table_name in ("ranker", "ranker-tiers", "ranker-search"):
        assert (folder / f"evidence/{table_name}-nasbench201-cifar10-analog.csv").is_file()
    for figure in ("learning", "tiers"):
        assert (
            workflow.folder / f"figures/nasbench201/cifar10-analog/ranker/{figure}.pdf"
        ).exists()

    runs = pd.read_parquet(folder / "summaries/nasbench201/cifar10-analog.parquet")
    by_method = runs.groupby("method")["seed"].apply(list).to_dict()
    assert by_method == {"random": [0, 1], "nar": [1], "ednag-ranked": [0]}
    assert (runs["distinct"] == 20).all()

    assert "Nothing to be done" in workflow.run().stdout


def planned(workflow: Workflow, **places: str) -> str:
    """What a dry run says."""
    done = workflow.run("--dry-run", environment=places)
    assert done.returncode == 0, done.stdout
    return done.stdout


def test_nasbench101_is_ranked_only_where_it_is_asked_for_and_here(
    workflow: Workflow, mirror: Mirror
) -> None:
    # Planned only: to enumerate its cells takes a minute and a half.
    for id in ("nasbench101-vis-20k", "nar-example-101"):
        mirror(id)
    jobs = ("ranker_cells", "ranker_study_without_search", "nar_records")
    asked = {**STUDY, "ranker": {**STUDY["ranker"], "if_present": True}}
    workflow.configure(**asked)
    told = planned(workflow)
    assert all(f"\n{job} " in told for job in jobs)
    assert "ranker-nasbench101-cifar10-20k.csv" in told
    assert "ranker-search-nasbench101" not in told
    told = planned(workflow, EDNAG_MIRROR="")
    assert not any(f"\n{job} " in told for job in jobs)
    workflow.configure(**STUDY)
    told = planned(workflow)
    assert not any(f"\n{job} " in told for job in jobs)
