"""What users name, relative to the folder in which snakemake was called."""

import os
from pathlib import Path

import pytest

from ednag.errors import EdnagError
from ednag.study.environment import (
    as_input,
    export_environment,
    folder_of_the_call,
    refuse_another,
    study_folder,
)


@pytest.fixture
def study(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A study's folder, as snakemake changes into it, below the folder of the call."""
    folder = tmp_path / "call" / "study"
    folder.mkdir(parents=True)
    monkeypatch.chdir(folder)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("PWD", str(tmp_path / "call"))
    return folder


def test_the_folder_of_the_call_is_the_shells(study: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert folder_of_the_call("study") == study.parent
    assert folder_of_the_call(study) == study.parent
    assert folder_of_the_call(None) == study
    # A program that calls snakemake in another folder may leave PWD as it was.
    monkeypatch.setenv("PWD", str(study.parents[1]))
    assert folder_of_the_call("study") == study
    monkeypatch.delenv("PWD")
    assert folder_of_the_call("study") == study


def test_jobs_are_given_whole_paths(study: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    home = study.parents[1] / "home"
    named = {"EDNAG_CACHE": "cache", "EDNAG_LOCK": "~/lock", "NUMBA_CACHE_DIR": "/code"}
    for variable, value in {**named, "EDNAG_MIRROR": "~/a:b:", "EDNAG_REGISTRY": ""}.items():
        monkeypatch.setenv(variable, value)
    export_environment(Path("/project"), ["b", "/c"], study.parent)
    assert os.environ["EDNAG_REGISTRY"] == "/project/sources.yaml"
    assert os.environ["EDNAG_CACHE"] == str(study.parent / "cache")
    assert os.environ["EDNAG_LOCK"] == str(home / "lock")
    assert os.environ["NUMBA_CACHE_DIR"] == "/code"
    assert os.environ["EDNAG_MIRROR"] == f"{study.parent / 'b'}:/c:{home / 'a'}"


def test_a_relative_folder_of_images_stays_relative(study: Path) -> None:
    assert as_input("photos", study.parent) == Path("../photos")
    assert as_input("photos", study) == Path("photos")
    assert as_input("~/photos", study) == study.parents[1] / "home" / "photos"
    assert as_input("/photos", study) == Path("/photos")


def test_two_files_of_one_name_do_not_share_a_folder(tmp_path: Path) -> None:
    file = tmp_path / "mine" / "mini.yaml"
    refuse_another(file, (), tmp_path)
    refuse_another(file, ("mine/mini.yaml", "overlay.yaml"), tmp_path)
    refuse_another(file, ("../mini.yaml",), tmp_path / "mine" / "deeper")
    with pytest.raises(EdnagError, match=r"studies/mini holds the results of config/mini\.yaml"):
        refuse_another(file, ("config/mini.yaml",), tmp_path)


def test_each_study_but_the_default_one_has_a_folder(tmp_path: Path) -> None:
    assert study_folder(tmp_path / "config.yaml", tmp_path) == Path()
    assert study_folder(tmp_path / "config" / "mini.yaml", tmp_path) == Path("studies/mini")
    assert study_folder(tmp_path / "other" / "config.yaml", tmp_path) == Path("studies/config")
