"""The best by prediction, trained on images: the real workflow on made-up files of the pets.

The files have the layout of the published ones and random content. A copy of the project's wiring
has a registry that knows no checksum of them, so that they are trusted when first used.
"""

import json
import os
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch
import yaml

from ednag.predictor.configuration import NASBENCH201
from ednag.predictor.features import write_features
from ednag.predictor.model import new_model

from .conftest import ROOT, Workflow

pytestmark = pytest.mark.workflow

PLACE = "nasbench201/pets"
CLASSES = 37
#: Ids of all files that the study reads.
SOURCES = ("meta-predictor-checkpoint", "pets-by-label", "pets-test", "pets-train")
#: What a registry may know of a file's bytes.
CHECKSUMS = ("git_blob_sha1", "md5", "md5_suffix", "sha256", "size")
WIRING = (
    "Snakefile", "config", "config.yaml", "envs", "profiles", "published", "pyproject.toml",
    "rules", "sources.yaml",
)  # fmt: skip

#: One search whose best are trained: two rules, the best of the space, two random cells.
TOP_K = {"methods": ["ednag"], "runs": 0, "k": 1, "random": 2, "seeds": 0}
SLOTS = 5
STUDY = {
    "benchmarks": {"nasbench201": ["pets"]},
    "methods": ["ednag", "random"],
    "seeds": 0,
    "top_k": TOP_K,
    "training": {"scale": 0.005, "images": 2, "cpu_hours": 1000},
}


def make_files(folder: Path) -> None:
    """A predictor with random weights, and images of 37 classes, each brighter than the last."""
    generator = np.random.default_rng(0)
    torch.save(new_model(NASBENCH201, 1).state_dict(), folder / "unnoised_checkpoint.pth.tar")
    features = {c: generator.random((20, 512), np.float32) + c / 30 for c in range(CLASSES)}
    write_features(features, folder / "petsbylabel.pt")
    for file, count in (("train85.pth", 3), ("test15.pth", 2)):
        pairs = [
            (torch.from_numpy(generator.random((3, 20, 24), np.float32) * (c + 1) / CLASSES), c)
            for c in range(CLASSES)
            for _ in range(count)
        ]
        torch.save(pairs, folder / file)


def copy_wiring(folder: Path) -> None:
    """Copy what the workflow is made of besides the package, which is the installed one."""
    folder.mkdir()
    for name in WIRING:
        copy = shutil.copytree if (ROOT / name).is_dir() else shutil.copy2
        copy(ROOT / name, folder / name)
    registry = yaml.safe_load((folder / "sources.yaml").read_text())
    for source in SOURCES:
        known = {k: v for k, v in registry[source].items() if k not in CHECKSUMS}
        registry[source] = {**known, "kind": "torch", "least_size": 1000}
    (folder / "sources.yaml").write_text(yaml.safe_dump(registry))


@pytest.fixture
def pets(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Workflow:
    """A folder with the study, nothing run yet; files, lock and cache of its own; no GPU."""
    files = tmp_path / "files"
    files.mkdir()
    make_files(files)
    copy_wiring(tmp_path / "project")
    monkeypatch.setenv("EDNAG_MIRROR", str(files))
    monkeypatch.setenv("EDNAG_LOCK", str(tmp_path / "sources.lock"))
    monkeypatch.setenv("EDNAG_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "")
    return study_in(tmp_path / "study", tmp_path / "project")


def study_in(folder: Path, project: Path) -> Workflow:
    """The study in a folder of its own."""
    made = Workflow(folder, project)
    folder.mkdir()
    made.configure(**STUDY)
    return made


def records_of(workflow: Workflow) -> list[dict[str, Any]]:
    """What the training of each slot wrote down, in the order of slots."""
    folder = workflow.folder / "results/trained" / PLACE
    return [json.loads((folder / f"{slot}/seed-0.json").read_text()) for slot in range(SLOTS)]


def training_logs(workflow: Workflow) -> list[str]:
    """The log of each slot's training, in the order of slots."""
    folder = workflow.folder / "logs/trained" / PLACE
    return [(folder / f"{slot}/seed-0.log").read_text() for slot in range(SLOTS)]


def test_from_image_files_to_the_audit_and_no_network_trained_twice(pets: Workflow) -> None:
    done = pets.run()
    assert done.returncode == 0, done.stdout
    results = pets.folder / "results"
    audit = json.loads((results / "audit.json").read_text())
    assert audit["sound"], audit["verdict"]
    check_trained(pets)
    check_table(pd.read_csv(results / "evidence/top-k-nasbench201-pets.csv"))
    locked = yaml.safe_load(Path(os.environ["EDNAG_LOCK"]).read_text())
    assert set(locked) == set(SOURCES)
    assert "Nothing to be done" in pets.run().stdout

    # Another folder asks for the same networks.
    other = study_in(pets.folder.with_name("other"), pets.project)
    done = other.run(f"results/trained/{PLACE}/networks.parquet")
    assert done.returncode == 0, done.stdout
    assert records_of(other) == records_of(pets)
    for log in training_logs(other):
        assert "from the cache" in log or "is empty" in log


def check_trained(workflow: Workflow) -> None:
    """Each architecture that was chosen is trained, once, and slots beyond are empty."""
    chosen = pd.read_parquet(workflow.folder / f"results/top-k/{PLACE}.parquet")
    keys = list(dict.fromkeys(chosen["key"]))
    assert 3 <= len(keys) <= SLOTS
    records = records_of(workflow)
    assert [record["status"] for record in records[len(keys) :]] == ["empty"] * (SLOTS - len(keys))
    for slot, (key, record) in enumerate(zip(keys, records, strict=False)):
        assert record["slot"] == slot and record["status"] == "complete"
        assert record["made_of"]["architecture"] == key and record["flops"] > 0
    for log in training_logs(workflow):
        assert "from the cache" not in log
    cached = Path(os.environ["EDNAG_CACHE"], "trained")
    assert len(list(cached.rglob("*.json"))) == len(keys)
    assert not list(cached.rglob("*.checkpoint"))

    networks = pd.read_parquet(workflow.folder / f"results/trained/{PLACE}/networks.parquet")
    assert list(networks["key"]) == keys and (networks["status"] == "complete").all()
    for column in ("validation_accuracy", "test_accuracy", "paper_accuracy"):
        assert networks[column].between(0, 100).all()


def check_table(table: pd.DataFrame) -> None:
    """Both rules of the search, the best of the space and chance, with both protocols."""
    assert set(table["method"]) == {"ednag", "predictor", "chance"}
    assert set(table.loc[table["method"] == "ednag", "rule"]) == {"paper", "honest"}
    assert table[["paper", "validation"]].notna().all(axis=None)


def test_a_study_that_would_train_too_long_is_not_begun(pets: Workflow) -> None:
    pets.configure(**STUDY | {"training": {"cpu_hours": 0.1}})
    refused = pets.run()
    assert refused.returncode != 0
    (line,) = [line for line in refused.stdout.splitlines() if "not started" in line]
    assert "no GPU" in line and "0.1 (training.cpu_hours)" in line
    for remedy in ("training.scale", "training.images", "top_k.random"):
        assert remedy in line
    left = [path.name for path in pets.folder.iterdir() if path.name != ".snakemake"]
    assert left == ["study.yaml"]
    assert not Path(os.environ["EDNAG_CACHE"]).exists()
    # The folder is free again.
    assert "not started" in pets.run().stdout
