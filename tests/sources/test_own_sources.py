"""Files of the user's own: entered beside the study, found there, and refused when they change."""

import subprocess
from pathlib import Path

import pytest

from ednag.errors import EdnagError
from ednag.own_code import REGISTRY_NAME
from ednag.sources.addition import add_own_source
from ednag.sources.obtain import NotObtainedError, obtain
from ednag.sources.registry import load_registry
from ednag.sources.verification import digest


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of the user's code that is not the current one."""
    own = tmp_path / "study"
    (own / "data").mkdir(parents=True)
    monkeypatch.setenv("EDNAG_CODE", str(own))
    return own


def enter(folder: Path, id: str, file: str, text: str) -> None:
    """Write a file and enter it."""
    (folder / file).write_text(text)
    fields = {"id": id, "addresses": (), "file": None, "needed_for": ("tables",)}
    add_own_source(folder / REGISTRY_NAME, fields, folder / file)


def test_a_file_is_found_beside_its_registry_and_after_a_change_entered_again(folder: Path) -> None:
    enter(folder, "first", "first.csv", "key,a\n")
    enter(folder, "second", "data/second.csv", "key,b\n")
    enter(folder, "third", "third.csv", "key,c\n")
    registry = load_registry()
    assert registry["second"].folder == folder
    assert obtain(registry["second"]) == folder / "data/second.csv"
    others = [registry["first"], registry["third"]]
    (folder / "data/second.csv").write_text("key,other\n")
    with pytest.raises(NotObtainedError) as raised:
        obtain(registry["second"])
    _, _, command = str(raised.value).partition("enter the file that is there: ")
    subprocess.run(command, shell=True, check=True, capture_output=True)
    again = load_registry()
    assert again["second"].sha256 == digest(folder / "data/second.csv").sha256
    assert obtain(again["second"]) == folder / "data/second.csv"
    assert [again["first"], again["third"]] == others


def test_an_id_is_not_given_twice(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(EdnagError, match="'analog-nasbench' not added: it is the id of another"):
        enter(folder, "analog-nasbench", "mine.csv", "key,a\n")
    enter(folder, "mine", "mine.csv", "key,a\n")
    text = (folder / REGISTRY_NAME).read_text()
    (folder / REGISTRY_NAME).write_text(text.replace("mine:", "analog-nasbench:"))
    with pytest.raises(EdnagError, match=r"own-sources.yaml: 'analog-nasbench' is in another reg"):
        load_registry()


@pytest.mark.parametrize(
    ("entry", "message"),
    [
        ("mine:\n  file: ../mine.csv\n", "field 'file': Value error, must be a relative path"),
        ("mine:\n  folder: /\n", "field 'file': Field required"),
        ("mine:\n  file: a.csv\n  status: unpublished\n  folder: /\n", "folder': Extra inputs"),
        ("- mine\n", "holds no mapping from id to entry"),
    ],
)
def test_what_is_no_entry_is_one_line(entry: str, message: str, folder: Path) -> None:
    (folder / REGISTRY_NAME).write_text(entry)
    with pytest.raises(EdnagError) as raised:
        load_registry()
    assert f"{folder / REGISTRY_NAME}" in str(raised.value) and message in str(raised.value)


def test_a_file_outside_the_folder_is_not_entered(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "mine.csv").write_text("key\n")
    fields = {"id": "mine", "addresses": (), "file": None, "needed_for": ("tables",)}
    with pytest.raises(EdnagError, match=r"mine.csv is not in .*study, the folder of own-sources"):
        add_own_source(folder / REGISTRY_NAME, fields, tmp_path / "mine.csv")
    assert not (folder / REGISTRY_NAME).exists()
