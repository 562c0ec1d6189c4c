"""The real upstream files at hand are what the registry says they are."""

import dataclasses
import hashlib
from pathlib import Path

import pytest

from ednag.sources.obtain import Surroundings, find, obtain
from ednag.sources.registry import load_registry
from ednag.sources.verification import digest
from tests.conftest import MIRRORS, Mirror

ROOT = Path(__file__).resolve().parents[2]
REGISTRY = load_registry(ROOT / "sources.yaml")
CHECKED = [each for each in REGISTRY.values() if (each.evidence or "").startswith("bytes checked")]
PACKAGED = [each.id for each in CHECKED if each.addresses[0].startswith("package:")]
MIRRORED = [each.id for each in CHECKED if each.id not in PACKAGED]


@pytest.mark.parametrize("id", MIRRORED)
def test_mirrored_file_verifies(id: str, mirror: Mirror, around: Surroundings) -> None:
    here = dataclasses.replace(around, mirrors=MIRRORS, offline=True)
    held = mirror(id)
    path, measured = find(REGISTRY[id], here)
    assert path == held
    assert measured.sha256 == REGISTRY[id].sha256
    assert not here.lock.exists()


@pytest.mark.parametrize("id", PACKAGED)
def test_packaged_file_verifies(id: str, around: Surroundings) -> None:
    path = obtain(REGISTRY[id], around=dataclasses.replace(around, offline=True))
    assert digest(path).sha256 == REGISTRY[id].sha256


def test_git_s_name_of_a_real_file(mirror: Mirror) -> None:
    source = REGISTRY["nar-example-101"].model_copy(update={"git_blob_sha1": "0" * 40})
    path = mirror(source.id)
    content = path.read_bytes()
    named = hashlib.sha1(b"blob %d\0" % len(content) + content).hexdigest()
    assert digest(path, source).git_blob_sha1 == named
