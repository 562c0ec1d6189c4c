"""`ednag estimate`: what would be trained on this machine, and what is refused."""

import hashlib
import os
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
#: The table of pets needs these -> the git_blob_sha1 of each in the registry.
PETS = {
    "unnoised_checkpoint.pth.tar": "5c6802216adc462ee7a7699a5f41a3546ee3ff6a",
    "petsbylabel.pt": "0f9353752a8015b32e8bb4b0d9395da50eca1e0c",
}
BYTES = b"any"
STUDY = {
    "benchmarks": {"nasbench201": ["cifar10-analog"]},
    "if_present": {"nasbench201": ["pets"]},
    "training": {"cpu_hours": 0.1},
}


def registry() -> str:
    """The registry, in which the files of pets are BYTES."""
    text = (ROOT / "sources.yaml").read_text(encoding="utf-8")
    blob = hashlib.sha1(b"blob %d\0" % len(BYTES) + BYTES).hexdigest()
    for sha1 in PETS.values():
        assert sha1 in text
        text = text.replace(sha1, blob)
    return text


def estimate(folder: Path, **study: object) -> subprocess.CompletedProcess[str]:
    """`ednag estimate` of STUDY with changes; cache and lock of its own, no mirror, no GPU."""
    path = folder / "study.yaml"
    path.write_text(yaml.safe_dump({**STUDY, **study}))
    (folder / "empty").mkdir(exist_ok=True)
    places = {
        "EDNAG_CACHE": "cache",
        "EDNAG_LOCK": "sources.lock",
        "EDNAG_MIRROR": "empty",
        "EDNAG_REGISTRY": "registry.yaml",
    }
    (folder / "registry.yaml").write_text(registry())
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
        (folder / name).write_bytes(BYTES)
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
    (mirror / "petsbylabel.pt").unlink()
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
