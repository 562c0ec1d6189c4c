"""Files and folders that users name: read in one way, and passed over where they cannot be read."""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from ednag.errors import EdnagError
from ednag.files import user_path
from ednag.sources.lock import load_lock, lock_path
from ednag.sources.obtain import Surroundings, obtain
from ednag.sources.places import cache_folder, mirror_folders
from ednag.sources.registry import Source, registry_path
from tests.machines import without_home

SourceOf = Callable[..., Source]
#: Variable -> what reads it.
READERS: dict[str, Callable[[], Path]] = {
    "EDNAG_CACHE": cache_folder,
    "EDNAG_LOCK": lock_path,
    "EDNAG_REGISTRY": registry_path,
    "EDNAG_MIRROR": lambda: mirror_folders()[0],
}


@pytest.mark.parametrize("variable", READERS)
@pytest.mark.parametrize("named", ["~/named", "named", "whole"])
def test_every_variable_is_read_in_the_same_way(
    variable: str, named: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    here, home = tmp_path / "here", tmp_path / "home"
    here.mkdir()
    monkeypatch.chdir(here)
    monkeypatch.setenv("HOME", str(home))
    given = str(tmp_path / "whole") if named == "whole" else named
    monkeypatch.setenv(variable, given)
    expected = {"~/named": home / "named", "named": here / "named", "whole": tmp_path / "whole"}
    assert READERS[variable]() == expected[named]


def test_a_relative_path_can_be_relative_to_another_folder(tmp_path: Path) -> None:
    assert user_path("a/b", tmp_path) == tmp_path / "a/b"
    assert user_path(tmp_path, Path("/elsewhere")) == tmp_path


def no_folders(folder: Path) -> list[Path]:
    """Paths in which nothing can be looked for, whoever asks."""
    (folder / "file").write_text("")
    (folder / "loop").symlink_to(folder / "loop")
    return [folder / "typo", folder / "file", folder / "file" / "inside", folder / "loop"]


def test_mirrors_that_cannot_be_searched_are_named_and_passed_over(
    payload: bytes, source_of: SourceOf, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    wrong = no_folders(tmp_path)
    good = tmp_path / "mirror"
    good.mkdir()
    (good / "table.csv").write_bytes(payload)
    around = Surroundings.of_user([*wrong, good], offline=True)
    assert obtain(source_of(), around=around) == good / "table.csv"
    assert [str(good) in line for line in caplog.messages].count(True) == 0
    for folder in wrong:
        said = [line for line in caplog.messages if f"mirror {folder} cannot" in line]
        assert len(said) == 1

    (good / "table.csv").unlink()
    with pytest.raises(EdnagError) as caught:
        obtain(source_of(), around=around)
    for folder in wrong:
        assert f"mirror {folder} cannot be searched (" in str(caught.value)


def test_a_cache_that_cannot_be_there_is_named_once_it_is_needed(
    payload: bytes, source_of: SourceOf, tmp_path: Path
) -> None:
    mirror = tmp_path / "mirror"
    mirror.mkdir()
    for cache in no_folders(tmp_path)[1:]:
        (mirror / "table.csv").write_bytes(payload)
        around = Surroundings.of_user([mirror], cache)
        assert obtain(source_of(), around=around) == mirror / "table.csv"
        (mirror / "table.csv").unlink()
        with pytest.raises(EdnagError, match="name another folder with EDNAG_CACHE") as caught:
            obtain(source_of(), around=around)
        assert f"the cache {cache} cannot be written (" in str(caught.value)


def test_a_lock_file_that_cannot_be_read_is_no_empty_one(tmp_path: Path) -> None:
    for path in (*no_folders(tmp_path)[2:], tmp_path):
        with pytest.raises(EdnagError, match=r"cannot be read|is a folder, pipe") as caught:
            load_lock(path)
        assert str(path) in str(caught.value)
    assert load_lock(tmp_path / "not-yet") == {}


@pytest.fixture
def forbidden(tmp_path: Path) -> Iterator[tuple[Path, list[str]]]:
    """A folder that may not be entered, and the command before a program for which that holds."""
    blocked = tmp_path / "blocked"
    (blocked / "inside").mkdir(parents=True)
    blocked.chmod(0o000)
    before: list[str] = []
    if os.geteuid() == 0:  # who may enter any folder, unless told otherwise
        before = ["setpriv", "--bounding-set", "-dac_override,-dac_read_search"]
    try:
        seen = subprocess.run([*before, "ls", str(blocked)], capture_output=True, check=False)
        if b"Permission denied" not in seen.stderr:
            pytest.skip("needs a user who may not enter every folder")
        yield blocked, before
    except FileNotFoundError:
        pytest.skip("needs setpriv to give up the rights of root")
    finally:
        blocked.chmod(0o755)


@pytest.mark.parametrize("inside", ["", "inside"])
@pytest.mark.parametrize("variable", ["EDNAG_MIRROR", "EDNAG_CACHE"])
def test_a_folder_that_may_not_be_entered_stops_nothing(
    variable: str, inside: str, forbidden: tuple[Path, list[str]], tmp_path: Path
) -> None:
    folder, before = forbidden[0] / inside, forbidden[1]

    def ednag(*arguments: str) -> "subprocess.CompletedProcess[str]":
        command = [*before, sys.executable, "-m", "ednag", "sources", *arguments]
        around = {**os.environ, variable: str(folder)}
        return subprocess.run(command, env=around, cwd=tmp_path, capture_output=True, text=True)

    found = ednag("fetch", "analog-nasbench", "--offline")
    assert found.returncode == 0, found.stderr
    assert f"{folder} cannot be" in found.stderr
    assert ednag("list").returncode == 0
    lacking = ednag("fetch", "nats-bench-csv", "--offline")
    assert lacking.returncode == 1
    assert f"{folder} cannot be" in lacking.stderr.splitlines()[-1]
    assert "Permission denied" in lacking.stderr.splitlines()[-1]


def test_a_user_without_a_home_folder_needs_none(tmp_path: Path) -> None:
    environment = without_home(tmp_path)
    for name in ("EDNAG_CACHE", "XDG_CACHE_HOME", "XDG_CONFIG_HOME"):
        environment.pop(name, None)

    def ednag(*arguments: str, **more: str) -> "subprocess.CompletedProcess[str]":
        command = [sys.executable, "-m", "ednag", *arguments]
        around = {**environment, **more}
        return subprocess.run(command, env=around, cwd=tmp_path, capture_output=True, text=True)

    table, record = tmp_path / "table.parquet", tmp_path / "record.json"
    build = ["tables", "build", "--space", "nasbench201", "--dataset", "cifar10-analog"]
    study = "benchmarks: {nasbench201: [cifar10-analog]}\nmethods: [ednag, random]\nseeds: 0\n"
    (tmp_path / "study.yaml").write_text(study)
    small = '{"num_step": 5, "population_num": 10}'
    run = ["run", "--table", str(table), "--method", "ednag", "--seeds", "0"]
    for command in (
        ["sources", "fetch", "analog-nasbench", "--offline"],
        ["--record", str(record), *build, "--output", str(table)],
        ["--record", "run.json", *run, "--hyperparameters", small, "--output", "run.parquet"],
        ["doctor", "--json", "study.yaml"],
    ):
        done = ednag(*command)
        assert "Traceback" not in done.stderr, done.stderr
        # The doctor's status says whether the machine is fine.
        assert done.returncode == 0 or command[0] == "doctor", done.stderr
    assert not (tmp_path / "~").exists()
    needed = ednag("sources", "fetch", "nats-bench-csv", "--jobs", "1", HTTPS_PROXY="127.0.0.1:9")
    assert needed.returncode == 1
    assert "no-home-folder cannot be written (" in needed.stderr
    assert "name another folder with EDNAG_CACHE" in needed.stderr
    asked = ednag("sources", "list", EDNAG_MIRROR="~/mirror")
    assert asked.returncode == 1
    assert asked.stderr == ("ednag: ~/mirror: there is no home folder here; write the whole path\n")
