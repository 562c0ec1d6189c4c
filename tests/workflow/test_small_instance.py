"""The instance whose networks are really trained: the whole chain, and how its database grows."""

import json

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from .conftest import Workflow

pytestmark = pytest.mark.workflow

STUDY = {
    "benchmarks": {"nasbench201": ["digits-unseen"]},
    "small_instance": {
        "tasks": "0-1",
        "held_out_tasks": "0-2",
        "reference_tasks": 0,
        "cells": 4,
        "held_out_cells": 4,
        "block": 1,
    },
    "top_k": {"runs": "0-1", "k": 2, "random": 3, "seeds": 0},
}
DATABASES = "results/databases/small"


def jobs_wanted(workflow: Workflow) -> list[str]:
    """Outputs of small_database jobs that a run would make."""
    told = workflow.run("--dry-run", "--quiet", "--detailed-summary")
    assert told.returncode == 0, told.stdout
    rows = [line.split("\t") for line in told.stdout.splitlines() if "\t" in line]
    plan = rows[0].index("plan")
    changed = {row[0] for row in rows[1:] if row[plan] != "no update"}
    return sorted(path for path in changed if path.startswith(DATABASES))


def test_the_chain_from_images_to_trained_architectures(workflow: Workflow) -> None:
    workflow.configure(**STUDY)
    done = workflow.run()
    assert done.returncode == 0, done.stdout
    folder = workflow.folder / "results"
    audit = json.loads((folder / "audit.json").read_text())
    assert audit["sound"], audit["verdict"]
    judged = pd.read_parquet(folder / "predictors" / "small.judged.parquet")
    assert len(judged) == 12 and judged["measured"].between(0, 100).all()
    assert judged["predicted"].between(0, 100).all()
    predictions = pd.read_parquet(folder / "tables/nasbench201/digits-unseen.parquet")
    assert predictions["predicted_accuracy"].between(0, 100).all()
    summary = pd.read_parquet(folder / "summaries/nasbench201/digits-unseen.parquet")
    assert summary["optimum"].isna().all() and not summary["found_optimum"].any()
    findings = (folder / "findings.md").read_text()
    assert "beat FLOPs alone" in findings or "beats FLOPs alone" in findings
    chosen = pd.read_parquet(folder / "top-k/nasbench201/digits-unseen.parquet")
    ours = chosen[chosen["method"] == "ednag"]
    assert set(ours["run"]) == {0, 1} and set(ours["rule"]) == {"paper", "honest"}
    trained = pd.read_parquet(folder / "trained/nasbench201/digits-unseen/seed-0.parquet")
    assert set(trained["key"]) == set(chosen["key"])
    assert (trained["status"] == "complete").all()
    table = pd.read_csv(folder / "evidence/top-k-nasbench201-digits-unseen.csv")
    assert {"ednag", "random", "predictor", "chance"} == set(table["method"])
    assert (table["paper"] >= table["validation"]).all()

    assert "Nothing to be done" in workflow.run().stdout

    # One more task adds its own block; what was trained is kept.
    grown = {**STUDY["small_instance"], "tasks": "0-2"}  # type: ignore[dict-item]
    workflow.configure(**{**STUDY, "small_instance": grown})
    assert jobs_wanted(workflow) == [f"{DATABASES}/training/seeds-2-2.parquet"]


@pytest.mark.slow
def test_own_images_are_searched_without_a_network(workflow: Workflow) -> None:
    random = np.random.default_rng(0)
    for name in ("cats", "dogs"):
        (workflow.folder / "photos" / name).mkdir(parents=True)
        for number in range(20):
            pixels = random.integers(0, 256, (12, 9, 3), dtype=np.uint8)
            Image.fromarray(pixels).save(workflow.folder / "photos" / name / f"{number}.png")
    small = {"tasks": "0-1", "held_out_tasks": 0, "reference_tasks": "0-9", "cells": 4}
    workflow.configure(
        benchmarks={"nasbench201": ["own-images-small"]},
        own_images=str(workflow.folder / "photos"),
        small_instance={**small, "held_out_cells": 4},
    )
    nothing = str(workflow.folder / "empty")
    done = workflow.run(environment={"EDNAG_MIRROR": "", "EDNAG_CACHE": nothing})
    assert done.returncode == 0, done.stdout
    results = workflow.folder / "results"
    assert json.loads((results / "audit.json").read_text())["sound"]
    table = pd.read_parquet(results / "tables/nasbench201/own-images-small.parquet")
    assert table["predicted_accuracy"].between(0, 100).all()
    assert table["predicted_accuracy"].nunique() > 1
    # Nothing is judged, claimed or fetched.
    assert not (results / "verdicts.md").exists()
    assert not (results / "databases/small/reference").exists()
    assert "claim" not in (results / "findings.md").read_text()
    # Other images than those that were read are a fault.
    (workflow.folder / "photos/cats/0.png").write_bytes(b"another")
    audited = workflow.ednag("audit")
    assert audited.returncode == 1
    assert "photos/cats/0.png (elsewhere): changed input" in audited.stdout
