"""`ednag estimate`: what would be trained on this machine, and what is refused."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

#: The table of pets needs these; nobody publishes their size, so that any bytes count as here.
PETS = ("unnoised_checkpoint.pth.tar", "petsbylabel.pt")
STUDY = {
    "benchmarks": {"nasbench201": ["cifar10-analog"]},
    "if_present": {"nasbench201": ["pets"]},
    "training": {"cpu_hours": 0.1},
}


def estimate(folder: Path, **study: object) -> subprocess.CompletedProcess[str]:
    """`ednag estimate` of STUDY with changes; cache and lock of its own, no mirror, no GPU."""
    path = folder / "study.yaml"
    path.write_text(yaml.safe_dump({**STUDY, **study}))
    (folder / "empty").mkdir(exist_ok=True)
    places = {"EDNAG_CACHE": "cache", "EDNAG_LOCK": "sources.lock", "EDNAG_MIRROR": "empty"}
    return subprocess.run(
        [sys.executable, "-m", "ednag", "estimate", str(path), "--device", "cpu"],
        env={**os.environ, **{name: str(folder / place) for name, place in places.items()}},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture
def mirror(tmp_path: Path) -> Path:
    """A folder with files of the names that pets needs."""
    folder = tmp_path / "mirror"
    folder.mkdir()
    for name in PETS:
        (folder / name).write_bytes(b"any")
    return folder


def test_what_is_searched_only_where_its_data_is_counts_where_it_is(
    tmp_path: Path, mirror: Path
) -> None:
    without = estimate(tmp_path)
    assert without.returncode == 0, without.stderr
    assert "nothing of this study is trained" in without.stderr
    refused = estimate(tmp_path, mirrors=[str(mirror)])
    assert refused.returncode == 1
    assert "nasbench201/pets: at most " in refused.stderr
    last = refused.stderr.splitlines()[-1]
    assert "no GPU is here" in last and "the limit is 0.1 (training.cpu_hours)" in last
    for remedy in ("training.scale below 1", "training.images", "top_k.random"):
        assert remedy in last
    # One file is gone: its benchmark is not searched, so nothing is trained.
    (mirror / PETS[0]).unlink()
    assert "nothing of this study" in estimate(tmp_path, mirrors=[str(mirror)]).stderr


def test_a_study_within_its_hours_is_told_and_not_refused(tmp_path: Path) -> None:
    told = estimate(
        tmp_path,
        benchmarks={"nasbench201": ["pets", "aircraft"]},
        training={"cpu_hours": 1000, "scale": 0.01, "images": 20},
    )
    assert told.returncode == 0, told.stderr
    pets, aircraft, whole = told.stderr.splitlines()
    assert pets.startswith("nasbench201/pets: at most ")
    assert aircraft.startswith("nasbench201/aircraft: at most ")
    assert "hours on one core" in whole
